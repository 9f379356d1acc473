#include "run_report.hpp"

#include <utility>

#include "headroom/report/report.hpp"
#include "interrupt.hpp"
#include "messages.hpp"
#include "progress_line.hpp"
#include "replication_rule.hpp"
#include "version.hpp"

namespace headroom::tools {

ToolInfo tool_info() { return {kVersion, kCommit, kCompiler}; }

ScenarioRun run_for_report(const std::string& scenario, const RunOptions& options,
                           const CommonOptions& common, const Terminal& terminal) {
  check_replication_rule(options);
  ScenarioInput input = read_scenario(scenario, options.overrides, &options);
  print_warnings(input.warnings, common, terminal);
  const ResolvedScenario resolved = resolve(input.loaded);
  print_warnings(resolved.warnings, common, terminal);
  ProgressLine progress(common, terminal, true);
  catch_interrupts();
  ExecOptions exec;
  exec.threads = static_cast<unsigned>(options.jobs);
  exec.cancel = &interrupted();
  exec.progress = [&progress](const Progress& p) { progress.show(p); };
  const RunResult result =
      options.auto_replications
          ? run_until_precise(resolved, precision_of(options),
                              auto_looks(resolved.scenario.confidence), exec, {})
          : run(resolved, exec);
  progress.clear();
  if (!result.complete) throw Interrupted();
  const ReportInput report{input.loaded, resolved,    result,
                           tool_info(),  run_block(), input.override_sources};
  nlohmann::ordered_json made = make_report(report);
  return {std::move(input), std::move(made)};
}

}  // namespace headroom::tools
