// The one file that includes CLI11: it costs seconds to compile.
#include "cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli_judge.hpp"
#include "cli_kernels.hpp"
#include "cli_words.hpp"
#include "headroom/core/error.hpp"
#include "version.hpp"

namespace headroom::tools {
namespace {

constexpr const char* kFooter = R"(Examples:
  headroom run scenarios/small-image-shop.json
  headroom run scenarios/small-image-shop.json --set fleet.pools.a100.gpus=34 -o out
  headroom plan scenarios/small-image-shop.json
  headroom explain scenarios/small-image-shop.json fleet
  headroom kernels evaluate gemm.csv --gpu A100-SXM-80GB
  headroom gpus A100-SXM-80GB

'headroom help VERB' says more.
Exit codes: 0 answered, 1 internal error, 2 usage error, 3 invalid input,
4 no answer, 5 sweep: some points failed, 10 plan --detailed-exitcode: change
needed, 98 regression, 99 target missed (check), 130/143 interrupted.)";

constexpr const char* kRunFooter = R"(Examples:
  headroom run scenarios/small-image-shop.json
  headroom run scenarios/small-image-shop.json -n 20 --seed 7 -j 2
  headroom run scenarios/small-image-shop.json --set fleet.pools.a100.gpus=34 -o out
  headroom run scenarios/small-image-shop.json --json | jq .answer
  headroom run scenarios/replay-trace.json --set classes.0.trace.path=my.csv.gz \
      --requests rows.csv.gz

Paths of --set name list items by name or index. A run that misses its
targets exits 0 as well: the answer was given.)";

constexpr const char* kPlanFooter = R"(Examples:
  headroom plan scenarios/small-image-shop.json
  headroom plan scenarios/small-image-shop.json --max 100 -o out
  headroom plan scenarios/small-image-shop.json -n auto --json | jq .answer
  headroom plan scenarios/small-image-shop.json --solve demand

Today's fleet is the scenario's. GPUs are added or removed in whole replicas.
Exits 4 when no fleet within --max holds every target, or -n auto does not
reach the --precision asked for; with --solve, when that has no answer.)";

constexpr const char* kValidateFooter = R"(Examples:
  headroom validate scenarios/erlang-c.json scenarios/small-fleet.json
  headroom validate scenarios/replay-trace.json --set classes.0.trace.path=my.csv.gz
  headroom validate --format github scenarios/small-fleet.json   annotations for a workflow)";

constexpr const char* kReportFooter = R"(Examples:
  headroom report out/report.json --format html -o out/report.html
  headroom report before/report.json after/report.json -o both.html   side by side
  headroom report out/report.json --format md >> "$GITHUB_STEP_SUMMARY"

Nothing is simulated again: what is shown stands in the files.)";

constexpr const char* kInitFooter = R"(Examples:
  headroom init                        lists the templates
  headroom init spike -o my.json       then: headroom validate my.json; headroom run my.json)";

constexpr const char* kExplainFooter = R"(Examples:
  headroom explain scenarios/erlang-c.json
  headroom explain scenarios/erlang-c.json fleet.pools)";

constexpr const char* kCatalogueFooter = R"(Examples:
  headroom gpus
  headroom gpus H100-SXM-80GB
  headroom models Llama-3.1-70B --json)";

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

/// What every verb understands that simulates a scenario.
void add_simulation(CLI::App& verb, RunOptions& options) {
  verb.add_option("scenario", options.scenario, "Scenario file; - is standard input")
      ->required()
      ->type_name("SCENARIO");
  add_replications(verb, options);
  verb.add_option(
          "-o,--out", options.out,
          "Write the report: a directory gets report.json and report.html, a file is named by its "
          "ending; - "
          "is standard output")
      ->check(kFileName)
      ->type_name("DIR|FILE")
      ->envname("HEADROOM_OUT");
  verb.add_option(
          "--format", options.formats,
          "Form of the report: text, json, csv, md, html or junit; with -o DIR may be repeated")
      ->check(CLI::IsMember({"text", "json", "csv", "md", "html", "junit"}))
      ->type_name("FORM")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  verb.add_flag("--json", options.json, "One JSON document on standard output");
}

void add_run(CLI::App& app, CommandLine& line) {
  CLI::App* run = app.add_subcommand("run", "Simulate a scenario and print each target's verdict");
  RunOptions& options = line.run;
  add_simulation(*run, options);
  run->add_option("--requests", options.requests, "Write one row per request (.csv or .csv.gz)")
      ->check(kFileName)
      ->type_name("FILE");
  run->add_option("--timeline", options.timeline, "Width of a timeline bin, e.g. 10s")
      ->type_name("DURATION")
      ->envname("HEADROOM_TIMELINE");
  run->add_option("--until", options.until, "Stop early: 12h, or a UTC time")
      ->type_name("TIME")
      ->envname("HEADROOM_UNTIL");
  run->footer(kRunFooter);
}

void add_plan(CLI::App& app, CommandLine& line) {
  CLI::App* plan = app.add_subcommand("plan", "Smallest fleet that holds every target");
  add_simulation(*plan, line.plan.run);
  PlanFlags& flags = line.plan;
  plan->add_option("--free", flags.free,
                   "Pool that may change; may be repeated (default: those that targets depend on)")
      ->type_name("POOL")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  plan->add_option("--gpu", flags.gpus, "GPU type to choose from; may be repeated")
      ->type_name("TYPE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  plan->add_option("--max", flags.max_gpus, "Most GPUs of the pools that may change")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->type_name("GPUS")
      ->envname("HEADROOM_MAX");
  plan->add_option("--minimize", flags.minimize,
                   "What decides between GPU types, and between pools")
      ->check(CLI::IsMember({"gpus", "cost", "power"}))
      ->type_name("WHAT")
      ->envname("HEADROOM_MINIMIZE");
  plan->add_option("--solve", flags.solve,
                   "Another way out beside the fleet: demand, rate-limit, delivery or degrade")
      ->check(CLI::IsMember({"demand", "rate-limit", "delivery", "degrade"}))
      ->type_name("WHAT");
  plan->add_option("--class", flags.request_class, "Class that --solve rate-limit caps")
      ->type_name("CLASS");
  plan->add_option("--from", flags.from,
                   "Date from which --solve delivery must hold the targets: 12h, or a UTC time")
      ->type_name("TIME");
  plan->add_option("--confidence", flags.confidence, "Level of intervals and verdicts, e.g. 0.95")
      ->check(CLI::Range(0.5, 0.9999))
      ->type_name("SHARE")
      ->envname("HEADROOM_CONFIDENCE");
  plan->add_option("--worlds", flags.worlds,
                   "Worlds to draw from the uncertain inputs (default: none)")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->envname("HEADROOM_WORLDS");
  plan->add_option("--assurance", flags.assurance,
                   "Share of the worlds in which every target must hold (default: 0.9)")
      ->check(CLI::Range(0.01, 1.0))
      ->type_name("SHARE")
      ->envname("HEADROOM_ASSURANCE");
  plan->add_flag("--tornado", flags.tornado, "Which uncertain input moves the answer most");
  plan->add_flag("--detailed-exitcode", flags.detailed_exit_code,
                 "Exit 10 when today's fleet does not suffice");
  plan->footer(kPlanFooter);
}

void add_report(CLI::App& app, CommandLine& line) {
  CLI::App* report = app.add_subcommand("report", "Render saved reports without simulating again");
  report->add_option("reports", line.report.files, "Report files; - is standard input")
      ->required()
      ->type_name("REPORT.json...");
  report
      ->add_option("--format", line.report.format,
                   "text, md, csv, html or junit (default: by the ending of -o, else text)")
      ->check(CLI::IsMember({"text", "csv", "md", "html", "junit"}))
      ->type_name("FORM")
      ->expected(1)
      ->allow_extra_args(false);
  report
      ->add_option("-o,--out", line.report.out,
                   "File or directory to write to; - is standard output")
      ->check(kFileName)
      ->type_name("DIR|FILE");
  report->footer(kReportFooter);
}

void add_static_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* validate =
      app.add_subcommand("validate", "Check scenarios without running them: every error at once");
  validate->add_option("files", line.validate.files, "Scenario files")
      ->required()
      ->type_name("FILE...");
  add_overrides(*validate, line.validate.overrides);
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
  schema->add_option("what", line.topic, "scenario, report, plan, baseline or kernel-model")
      ->check(CLI::IsMember({"scenario", "report", "plan", "baseline", "kernel-model"}))
      ->type_name("WHAT");
}

/// What helps a newcomer and a shell.
void add_shell_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* init = app.add_subcommand("init", "A commented scenario to start from");
  init->add_option("template", line.init.name,
                   "spike, diurnal, trace, multi-class or image-pipeline; none lists them")
      ->type_name("TEMPLATE");
  init->add_option("-o,--out", line.init.out, "File to write; default is standard output")
      ->check(kFileName)
      ->type_name("FILE");
  init->add_flag("--force", line.init.force, "Write over a file that is there");
  init->footer(kInitFooter);
  CLI::App* completion =
      app.add_subcommand("completion", "Script that teaches a shell to complete headroom's words");
  completion->add_option("shell", line.topic, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->required()
      ->type_name("SHELL");
  completion->footer("Examples:\n  eval \"$(headroom completion bash)\"");
  // Asked by those scripts; the empty group keeps it out of --help.
  CLI::App* complete = app.add_subcommand("complete", "Words that may stand next")->group("");
  complete->add_option("words", line.words, "The words so far");
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

/// A file where a verb should stand is named with the verb it was meant for.
Parsed unknown_first_word(const std::string& word, const std::vector<std::string>& verbs) {
  if (word.ends_with(".json")) {
    return usage_error("'" + word + "' is no verb; did you mean 'headroom run " + word + "'?", "");
  }
  Parsed error = unknown_word("verb", word, verbs, "");
  if (!nearest_word(word, verbs).empty()) return error;
  std::string all;
  for (const std::string& verb : verbs) {
    if (verb != "complete") all += (all.empty() ? "" : ", ") + verb;
  }
  return usage_error("unknown verb '" + word + "'; there are " + all, "");
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
    const std::string flag = word.substr(0, word.find('='));
    if (std::find(known.begin(), known.end(), flag) != known.end()) {
      return usage_error(
          "flag '" + flag + "' stands after the verb: headroom " + verb + " ... " + flag, verb);
    }
    return unknown_word("flag", flag, known, verb);
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

constexpr std::size_t kHelpColumns = 80;
constexpr std::size_t kHelpIndent = 30;  ///< where CLI11 puts what a flag does

/// CLI11 breaks no lines: those that say what the program, a verb or a flag does end at 80 columns.
std::string fit_to_screen(const std::string& help) {
  std::string out;
  for (const std::string& line : CLI::detail::split(help, '\n')) {
    const bool prose = !line.empty() && line.front() != ' ' && !line.starts_with("Usage:");
    const bool described = line.size() > kHelpIndent && line[kHelpIndent] != ' ' &&
                           line.compare(kHelpIndent - 2, 2, "  ") == 0;
    std::string rest = line;
    while ((prose || described) && rest.size() > kHelpColumns) {
      const std::size_t blank = rest.rfind(' ', kHelpColumns);
      if (blank == std::string::npos || blank <= kHelpIndent) break;
      out += rest.substr(0, blank) + "\n";
      rest = (described ? std::string(kHelpIndent, ' ') : "") + rest.substr(blank + 1);
    }
    out += rest + "\n";
  }
  return out;
}

Parsed read(CLI::App& app, const std::shared_ptr<CommandLine>& line,
            std::vector<std::string> arguments) {
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them last first
    app.parse(arguments);
  } catch (const CLI::CallForVersion&) {
    return {std::nullopt, kOk, version_line() + "\n", false};
  } catch (const CLI::CallForHelp&) {
    return {std::nullopt, kOk, fit_to_screen(app.help()), false};
  } catch (const CLI::ExtrasError& error) {
    return unexpected_arguments(app, error.what());
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    return usage_error(error.what(), chosen.empty() ? "" : chosen.front()->get_name());
  }
  line->verb = app.get_subcommands().front()->get_name();
  if (line->verb == "plan") line->run = line->plan.run;
  return {*line, kOk, "", false};
}

/// Everything the program understands, read into `line`.
std::unique_ptr<CLI::App> make_app(CommandLine& line) {
  auto app = std::make_unique<CLI::App>(
      "headroom simulates GPU inference fleets under demand surges: how long requests "
      "queue, when it breaks, and how many GPUs hold the latency targets.",
      "headroom");
  app->set_help_flag("-h,--help", "This text");
  app->set_version_flag("--version", version_line(), "Version");
  app->require_subcommand(1);
  app->fallthrough();
  app->footer(kFooter);
  add_common(*app, line.common);
  add_run(*app, line);
  add_plan(*app, line);
  add_report(*app, line);
  add_compare(*app, line);
  add_check(*app, line);
  add_sweep(*app, line);
  add_static_verbs(*app, line);
  add_catalogue_verbs(*app, line);
  add_kernel_verbs(*app, line);
  add_shell_verbs(*app, line);
  app->add_subcommand("help", "What a verb does")->footer("usage: headroom help [VERB]");
  return app;
}

}  // namespace

std::vector<ShellWord> complete(const std::vector<std::string>& words) {
  CommandLine line;
  return words_for(*make_app(line), words);
}

Parsed parse_command_line(std::vector<std::string> arguments) {
  const auto line = std::make_shared<CommandLine>();
  const auto app = make_app(*line);

  rewrite_help(arguments);
  if (arguments.empty()) return {std::nullopt, kUsageError, fit_to_screen(app->help()), true};
  const std::vector<std::string> verbs = verbs_of(*app);
  if (const auto word = unknown_verb(arguments, verbs)) {
    return unknown_first_word(*word, verbs);
  }
  return read(*app, line, std::move(arguments));
}

}  // namespace headroom::tools
