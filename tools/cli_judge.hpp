#pragma once

// Part of cli.cpp, the one file that includes CLI11: the verbs that judge and tabulate several
// results (compare, check, sweep).
#include <string>

#include "cli_parts.hpp"
#include "headroom/report/compare.hpp"

namespace headroom::tools {

inline constexpr const char* kCompareFooter = R"(Examples:
  headroom compare before/report.json after/report.json
  headroom compare before.json after.json --metric e2e.mean --metric queue_delay.p95@spike:5%
  headroom compare base.json scenarios/small-image-shop.json --fail-on regression

A metric is METRIC[.STATISTIC][@WINDOW][/CLASS][:lower|higher][:THRESHOLD] or
target=ID. Exits 0 unless --fail-on asks for a judgement: 98 then.)";

inline constexpr const char* kCheckFooter = R"(Examples:
  headroom check scenarios/erlang-c.json
  headroom check scenarios/*.json --baseline baselines --junit check.xml --github
  headroom check scenarios/erlang-c.json --baseline erlang-c-baseline.json --update-baseline

Exit codes: 0 targets met and nothing worse than the baseline, 98 worse than
the baseline beyond noise, 99 a target is missed (also when both).)";

inline constexpr const char* kSweepFooter = R"(Examples:
  headroom sweep scenarios/erlang-c.json --axis fleet.pools.servers.gpus=4..10
  headroom sweep scenarios/small-image-shop.json --axis fleet.pools.a100.gpus=20..48:4 \
      --axis seed=1,2,3 --dry-run
  headroom sweep scenarios/small-image-shop.json --axis fleet.pools.a100.gpus=20..48:2 -o out

An axis is PATH=FIRST..LAST[:STEP] or PATH=A,B,C; several make a grid. One
row a point.)";

inline void add_comparison(CLI::App& verb, ComparisonOptions& options) {
  verb.add_option("--alpha", options.alpha,
                  "Chance of any false call over all metrics together (Holm)")
      ->check(CLI::Range(1e-9, 0.5))
      ->type_name("P")
      ->capture_default_str();
  verb.add_option_function<std::string>(
          "--noise",
          [&options](const std::string& text) {
            std::string problem;
            const auto share = parse_share(text, problem);
            if (!share) throw CLI::ValidationError("--noise", problem);
            options.noise = *share;
          },
          "Relative change that is never called (default 2%)")
      ->type_name("SHARE");
  verb.add_option("--metric", options.metrics,
                  "Judge this metric instead of the usual ones; may be repeated")
      ->type_name("METRIC")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

inline void add_compare(CLI::App& app, CommandLine& line) {
  CLI::App* compare =
      app.add_subcommand("compare", "Whether results differ beyond noise, metric by metric");
  CompareCommandOptions& options = line.compare;
  compare
      ->add_option("files", options.files,
                   "Reports or scenarios, the base first; scenarios are run")
      ->required()
      ->expected(2, -1)
      ->type_name("BASE NEW...");
  add_comparison(*compare, options.comparison);
  compare
      ->add_option("--fail-on", options.fail_on,
                   "Exit 98 on a regression, on any change, or never (default)")
      ->check(CLI::IsMember({"regression", "change", "never"}))
      ->type_name("WHAT");
  compare->add_option("--format", options.format, "text, json or md")
      ->check(CLI::IsMember({"text", "json", "md"}))
      ->type_name("FORM");
  compare->add_flag_callback(
      "--json", [&options] { options.format = "json"; }, "One JSON document on standard output");
  add_replications(*compare, options.run);
  compare->footer(kCompareFooter);
}

inline void add_check(CLI::App& app, CommandLine& line) {
  CLI::App* check = app.add_subcommand(
      "check", "Gate for CI: exit 99 when a target is missed, 98 when worse than the baseline");
  CheckOptions& options = line.check;
  check->add_option("scenarios", options.scenarios, "Scenario files")
      ->required()
      ->type_name("SCENARIO...");
  check
      ->add_option("--baseline", options.baseline,
                   "Report or baseline to compare with; a directory holds one per scenario, "
                   "named like its file")
      ->check(kFileName)
      ->type_name("FILE|DIR")
      ->envname("HEADROOM_BASELINE");
  check->add_flag("--update-baseline", options.update_baseline,
                  "Write the baseline instead of comparing with it");
  check->add_option("--junit", options.junit, "Write JUnit XML")
      ->check(kFileName)
      ->type_name("FILE");
  check->add_flag("--github", options.github,
                  "Annotations for GitHub Actions, and its step summary");
  check->add_option("--format", options.format, "text, json or md")
      ->check(CLI::IsMember({"text", "json", "md"}))
      ->type_name("FORM");
  check->add_flag_callback(
      "--json", [&options] { options.format = "json"; }, "One JSON document on standard output");
  add_comparison(*check, options.comparison);
  add_replications(*check, options.run);
  check->footer(kCheckFooter);
}

inline void add_sweep(CLI::App& app, CommandLine& line) {
  CLI::App* sweep =
      app.add_subcommand("sweep", "Run a scenario over a grid of values: one table, a row a point");
  SweepOptions& options = line.sweep;
  sweep->add_option("scenario", options.scenario, "Scenario file")
      ->required()
      ->type_name("SCENARIO");
  sweep->add_option("--axis", options.axes, "Field and its values; may be repeated")
      ->required()
      ->type_name("PATH=VALUES")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  sweep->add_flag("--dry-run", options.dry_run, "Print the points and the estimated time only");
  sweep->add_option("-o,--out", options.out, "Write the table: a directory gets both forms")
      ->check(kFileName)
      ->type_name("DIR|FILE");
  sweep->add_option("--format", options.format, "text, csv or json")
      ->check(CLI::IsMember({"text", "csv", "json"}))
      ->type_name("FORM");
  sweep->add_flag_callback(
      "--json", [&options] { options.format = "json"; }, "The table as JSON on standard output");
  add_replications(*sweep, options.run);
  sweep->footer(kSweepFooter);
}

}  // namespace headroom::tools
