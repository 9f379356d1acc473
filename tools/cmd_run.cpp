#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "headroom/report/report.hpp"
#include "headroom/scenario/load.hpp"
#include "interrupt.hpp"
#include "messages.hpp"
#include "progress_line.hpp"
#include "replication_rule.hpp"
#include "request_rows.hpp"
#include "run_outputs.hpp"
#include "scenario_input.hpp"
#include "version.hpp"

namespace headroom::tools {
namespace {

bool text_on_screen(const std::vector<Output>& outputs) { return outputs.back().format == "text"; }

}  // namespace

int run_command(const CommandLine& line, const Terminal& terminal) {
  const RunOptions& options = line.run;
  check_replication_rule(options);
  if (options.requests == "-") throw UsageError("--requests writes a file of its own, not to -");
  const std::vector<Output> outputs = plan_outputs(options);
  const ScenarioInput input = read_scenario(options.scenario, options.overrides, &options);
  refuse_overlaps(files_of(input.loaded), files_written(options, outputs));
  print_warnings(input.warnings, line.common, terminal);
  const ResolvedScenario scenario = resolve(input.loaded);
  if (!text_on_screen(outputs)) print_warnings(scenario.warnings, line.common, terminal);

  std::optional<RequestRows> rows;
  if (!options.requests.empty()) rows.emplace(options.requests, scenario);
  ProgressLine progress(line.common, terminal, !text_on_screen(outputs));
  catch_interrupts();
  ExecOptions exec;
  exec.threads = static_cast<unsigned>(options.jobs);
  exec.cancel = &interrupted();
  exec.progress = [&progress](const Progress& p) { progress.show(p); };
  if (rows) exec.records = [&rows](const JobIndex& job) { return rows->sink(job); };
  const OnReplication on_replication = [&rows](std::size_t replication, std::size_t period) {
    if (rows) rows->append(replication, period);
  };
  const RunResult result =
      options.auto_replications
          ? run_until_precise(scenario, precision_of(options),
                              auto_looks(scenario.scenario.confidence), exec, on_replication)
          : run(scenario, exec, on_replication);
  progress.clear();

  const ReportInput report{input.loaded, scenario,
                           result,       {kVersion, kCommit, kCompiler},
                           run_block(),  input.override_sources};
  std::vector<std::string> also_written;
  if (rows) also_written.push_back(options.requests);
  write_outputs(outputs, make_report(report), terminal, also_written);
  if (!result.complete) return interrupt_exit_code();
  return result.sequential && !result.sequential->reached ? kNoAnswer : kOk;
}

}  // namespace headroom::tools
