// The one file that includes CLI11: it costs seconds to compile.
#include "cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "headroom/core/error.hpp"
#include "version.hpp"

namespace headroom::tools {
namespace {

constexpr const char* kFooter = R"(Examples:
  headroom run scenarios/small-image-shop.json
  headroom run scenarios/small-image-shop.json --set fleet.pools.a100.gpus=34 -o out
  headroom explain scenarios/small-image-shop.json fleet
  headroom kernels evaluate gemm.csv --gpu A100-SXM-80GB
  headroom gpus A100-SXM-80GB

'headroom help VERB' says more. Exit codes: 0 answered, 1 internal error, 2 usage error,
3 invalid input, 130/143 interrupted.)";

constexpr const char* kRunFooter = R"(Examples:
  headroom run scenarios/small-image-shop.json
  headroom run scenarios/small-image-shop.json -n 20 --seed 7 -j 2
  headroom run scenarios/small-image-shop.json --set fleet.pools.a100.gpus=34 -o out
  headroom run scenarios/small-image-shop.json --json | jq .answer
  headroom run scenarios/replay-trace.json --set classes.0.trace.path=my.csv.gz \
      --requests rows.csv.gz

Paths of --set name list items by name or index. A run that misses its targets exits 0 as well:
the answer was given.)";

constexpr const char* kValidateFooter = R"(Examples:
  headroom validate scenarios/erlang-c.json scenarios/small-fleet.json
  headroom validate --format github scenarios/small-fleet.json   annotations for a workflow)";

constexpr const char* kExplainFooter = R"(Examples:
  headroom explain scenarios/erlang-c.json
  headroom explain scenarios/erlang-c.json fleet.pools)";

constexpr const char* kCatalogueFooter = R"(Examples:
  headroom gpus
  headroom gpus H100-SXM-80GB
  headroom models Llama-3.1-70B --json)";

constexpr const char* kFitFooter =
    R"(Layouts, told by their columns: gemm, attention_prefill, attention_decode, attention_encoder, moe,
custom_allreduce, collectives, elementwise; and of one layer of a model (with --model and --tp)
dense, attention, per_sequence. Times are latency_ms or time_us. docs/model-latency.md lists them.

Examples:
  headroom fit measured/ --gpu H100-SXM-80GB -o h100.json
  headroom fit measured/ --gpu my-gpu.json --family table -o my-gpu-kernels.json
  headroom fit layer/ --gpu RTX-4090 --model Llama-3.1-8B --tp 1)";

constexpr const char* kKernelsFooter =
    R"(predict adds predicted_ms, error and outside to every row; evaluate prints MAPE, median and 90th
percentile by kernel and number format. outside is the factor beyond the fitted range, 1 inside.

Examples:
  headroom kernels evaluate gemm.csv --gpu A100-SXM-80GB
  headroom kernels predict shapes.csv --gpu my-gpu.json -o rows.csv
  headroom kernels evaluate gemm.csv --gpu H100-SXM-80GB --kernel-model h100.json --family table)";

/// "PATH=VALUE" to its parts.
Override parse_override(const std::string& text, bool is_json) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw CLI::ValidationError(is_json ? "--set-json" : "--set",
                               "'" + text + "' should read PATH=VALUE");
  }
  return {text.substr(0, equals), text.substr(equals + 1), is_json};
}

void add_overrides(CLI::App& verb, std::vector<Override>& overrides) {
  verb.add_option_function<std::vector<std::string>>(
          "--set",
          [&overrides](const std::vector<std::string>& given) {
            for (const auto& text : given) overrides.push_back(parse_override(text, false));
          },
          "Set a scenario field: PATH=VALUE, dotted path; may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  verb.add_option_function<std::vector<std::string>>(
          "--set-json",
          [&overrides](const std::vector<std::string>& given) {
            for (const auto& text : given) overrides.push_back(parse_override(text, true));
          },
          "The same with a JSON value; applied after every --set")
      ->type_name("PATH=JSON")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

void add_common(CLI::App& app, CommonOptions& common) {
  app.add_option("--color", common.color, "Colours: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->envname("HEADROOM_COLOR");
  app.add_flag_callback(
      "-q,--quiet", [&common] { common.verbosity = -1; },
      "Answer only: no progress, no warnings on stderr");
  app.add_flag_function(
      "-v,--verbose", [&common](std::int64_t times) { common.verbosity = static_cast<int>(times); },
      "Say more on stderr; may be repeated");
  app.add_flag_callback(
      "--no-progress", [&common] { common.progress = false; }, "No progress line");
  app.add_option("--log-format", common.log_format, "Form of messages on stderr: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORM")
      ->envname("HEADROOM_LOG_FORMAT");
}

void add_run(CLI::App& app, CommandLine& line) {
  CLI::App* run = app.add_subcommand("run", "Simulate a scenario and print each target's verdict");
  RunOptions& options = line.run;
  run->add_option("scenario", options.scenario, "Scenario file; - is standard input")
      ->required()
      ->type_name("SCENARIO");
  add_overrides(*run, options.overrides);
  run->add_option("-n,--replications", options.replications, "Number of replications")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100000}))
      ->type_name("N")
      ->envname("HEADROOM_REPLICATIONS");
  run->add_option("--seed", options.seed, "Seed of every random stream")
      ->type_name("N")
      ->envname("HEADROOM_SEED");
  run->add_option("-j,--jobs", options.jobs,
                  "Threads; results do not depend on it (default: cores)")
      ->check(CLI::Range(1, 4096))
      ->type_name("N")
      ->envname("HEADROOM_JOBS");
  run->add_option(
         "-o,--out", options.out,
         "Write the report: a directory gets report.json, a file is named by its ending; - "
         "is standard output")
      ->type_name("DIR|FILE")
      ->envname("HEADROOM_OUT");
  run->add_option("--format", options.formats,
                  "Form of the report: text, json, csv or md; with -o DIR may be repeated")
      ->check(CLI::IsMember({"text", "json", "csv", "md"}))
      ->type_name("FORM")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  run->add_flag("--json", options.json, "One JSON document on standard output");
  run->add_option("--requests", options.requests, "Write one row per request (.csv or .csv.gz)")
      ->type_name("FILE");
  run->add_option("--timeline", options.timeline, "Width of a timeline bin, e.g. 10s")
      ->type_name("DURATION")
      ->envname("HEADROOM_TIMELINE");
  run->add_option("--until", options.until, "Stop early: 12h, or a UTC time")
      ->type_name("TIME")
      ->envname("HEADROOM_UNTIL");
  run->footer(kRunFooter);
}

void add_static_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* validate =
      app.add_subcommand("validate", "Check scenarios without running them: every error at once");
  validate->add_option("files", line.validate.files, "Scenario files")
      ->required()
      ->type_name("FILE...");
  validate->add_option("--format", line.validate.format, "text, json or github")
      ->check(CLI::IsMember({"text", "json", "github"}))
      ->type_name("FORM");
  validate->footer(kValidateFooter);

  CLI::App* explain = app.add_subcommand(
      "explain", "Effective value, unit, default and source of each scenario field");
  explain->add_option("scenario", line.explain.scenario, "Scenario file")
      ->required()
      ->type_name("SCENARIO");
  explain->add_option("path", line.explain.path, "Only fields under this dotted path")
      ->type_name("PATH");
  add_overrides(*explain, line.explain.overrides);
  explain->add_flag("--json", line.explain.json, "Rows as JSON");
  explain->footer(kExplainFooter);

  CLI::App* schema = app.add_subcommand("schema", "Print a JSON Schema");
  schema->add_option("what", line.topic, "scenario, report or kernel-model")
      ->check(CLI::IsMember({"scenario", "report", "kernel-model"}))
      ->type_name("WHAT");
}

void add_layer(CLI::App& verb, std::string& model, std::int64_t& tensor_parallel) {
  verb.add_option("--model", model,
                  "Model whose layer was measured: dense, attention, per_sequence")
      ->type_name("NAME");
  verb.add_option(
          "--tp", tensor_parallel,
          "Tensor parallelism it was measured under (default: as its folder says, tp2; else 1)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1024}))
      ->type_name("N");
}

void add_kernel_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* fit = app.add_subcommand("fit", "Fit a kernel model to measured kernel times");
  fit->add_option("files", line.fit.files, "CSV files (also .gz), or folders of them")
      ->required()
      ->type_name("FILE|DIR...");
  fit->add_option("--gpu", line.fit.gpu, "GPU by name, or the JSON file of its data sheet")
      ->required()
      ->type_name("GPU");
  add_layer(*fit, line.fit.model, line.fit.tensor_parallel);
  fit->add_option("--family", line.fit.family, "fitted, or table: the measured grid as well")
      ->check(CLI::IsMember({"fitted", "table"}))
      ->type_name("FAMILY");
  fit->add_option("--source", line.fit.source, "Where the times come from, for the file")
      ->type_name("TEXT");
  fit->add_option("-o,--out", line.fit.out, "Write the kernel model")->type_name("FILE.json");
  fit->add_flag("--json", line.fit.json, "The answer as JSON");
  fit->footer(kFitFooter);

  CLI::App* kernels =
      app.add_subcommand("kernels", "Predict kernel times, or compare them with measured ones");
  kernels->add_option("action", line.kernels.action, "predict or evaluate")
      ->check(CLI::IsMember({"predict", "evaluate"}))
      ->required()
      ->type_name("ACTION");
  kernels->add_option("data", line.kernels.data, "CSV file of shapes, measured or not")
      ->required()
      ->type_name("DATA.csv");
  kernels->add_option("--gpu", line.kernels.gpu, "GPU by name, or the JSON file of its data sheet")
      ->required()
      ->type_name("GPU");
  kernels->add_option("--kernel-model", line.kernels.kernel_model, "File of 'headroom fit'")
      ->type_name("FILE.json");
  kernels
      ->add_option("--family", line.kernels.family,
                   "bound, fitted or table (default: table where the kernel model has one)")
      ->check(CLI::IsMember({"bound", "fitted", "table"}))
      ->type_name("FAMILY");
  add_layer(*kernels, line.kernels.model, line.kernels.tensor_parallel);
  kernels->add_option("-o,--out", line.kernels.out, "Write every row with its prediction")
      ->type_name("ROWS.csv");
  kernels->add_flag("--json", line.kernels.json, "The answer as JSON");
  kernels->footer(kKernelsFooter);
}

void add_catalogue_verbs(CLI::App& app, CommandLine& line) {
  for (const auto& [verb, text] :
       {std::pair{"gpus", "GPU catalogue, with the source of every number"},
        std::pair{"models", "Model catalogue, with the source of every number"}}) {
    CLI::App* catalogue = app.add_subcommand(verb, text);
    catalogue->add_option("name", line.catalogue.name, "One entry, by name or alias")
        ->type_name("NAME");
    catalogue->add_flag("--json", line.catalogue.json, "Entries as JSON");
    catalogue->footer(kCatalogueFooter);
  }
  CLI::App* list = app.add_subcommand("list", "Names that scenarios may use");
  list->add_option("what", line.topic, "routers, batching, distributions, surges or metrics")
      ->check(CLI::IsMember({"routers", "batching", "distributions", "surges", "metrics"}))
      ->required()
      ->type_name("WHAT");
  CLI::App* version = app.add_subcommand("version", "Version, commit and compiler");
  version->add_flag("--json", line.json, "As JSON");
}

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Parsed usage_error(const std::string& message, const std::string& verb) {
  return {std::nullopt, kUsageError,
          "headroom: " + message + "\n" + "'headroom help" + (verb.empty() ? "" : " " + verb) +
              "' shows what is understood.\n",
          true};
}

Parsed unknown_word(const std::string& kind, const std::string& word,
                    const std::vector<std::string>& known, const std::string& verb) {
  const std::string near = nearest_word(word, known);
  return usage_error("unknown " + kind + " '" + word + "'" +
                         (near.empty() ? "" : "; did you mean '" + near + "'?"),
                     verb);
}

/// The first flag nobody knows gets a suggestion; CLI11 itself only names it.
Parsed unexpected_arguments(CLI::App& app, const std::string& message) {
  const auto chosen = app.get_subcommands();
  const std::string verb = chosen.empty() ? "" : chosen.front()->get_name();
  for (const std::string& word : app.remaining(true)) {
    if (word.size() < 2 || word.front() != '-') continue;
    std::vector<std::string> known = flags_of(app);
    if (!chosen.empty()) {
      for (const std::string& flag : flags_of(*chosen.front())) known.push_back(flag);
    }
    return unknown_word("flag", word.substr(0, word.find('=')), known, verb);
  }
  return usage_error(message, verb);
}

/// "help VERB" is "VERB --help"; "help" alone is "--help".
void rewrite_help(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front() != "help") return;
  arguments.erase(arguments.begin());
  if (arguments.empty()) {
    arguments.emplace_back("--help");
  } else {
    arguments.resize(1);
    arguments.emplace_back("--help");
  }
}

/// The verb, if the first word that is no flag is not one.
std::optional<std::string> unknown_verb(const std::vector<std::string>& arguments,
                                        const std::vector<std::string>& verbs) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--color" || word == "--log-format") {
      ++i;  // its value
    } else if (!word.empty() && word.front() != '-') {
      if (std::find(verbs.begin(), verbs.end(), word) == verbs.end()) return word;
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Parsed read(CLI::App& app, const std::shared_ptr<CommandLine>& line,
            std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    app.parse(arguments);
  } catch (const CLI::CallForVersion&) {
    return {std::nullopt, kOk, version_line() + "\n", false};
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, kOk, app.help(), false};
  } catch (const CLI::ExtrasError& error) {
    return unexpected_arguments(app, error.what());
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    return usage_error(error.what(), chosen.empty() ? "" : chosen.front()->get_name());
  }
  line->verb = app.get_subcommands().front()->get_name();
  return {*line, kOk, "", false};
}

}  // namespace

Parsed parse_command_line(std::vector<std::string> arguments) {
  const auto line = std::make_shared<CommandLine>();
  CLI::App app{
      "headroom simulates GPU inference fleets under demand surges: how long requests "
      "queue, when it breaks, and whether the latency targets hold.",
      "headroom"};
  app.set_help_flag("-h,--help", "This text");
  app.set_version_flag("--version", version_line(), "Version");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  add_common(app, line->common);
  add_run(app, *line);
  add_static_verbs(app, *line);
  add_kernel_verbs(app, *line);
  add_catalogue_verbs(app, *line);
  app.add_subcommand("help", "What a verb does")->footer("usage: headroom help [VERB]");

  rewrite_help(arguments);
  if (arguments.empty()) return {std::nullopt, kUsageError, app.help(), true};
  const std::vector<std::string> verbs = verbs_of(app);
  if (const auto word = unknown_verb(arguments, verbs)) {
    return unknown_word("verb", *word, verbs, "");
  }
  return read(app, line, std::move(arguments));
}

}  // namespace headroom::tools
