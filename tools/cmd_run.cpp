#include <fmt/chrono.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "headroom/report/report.hpp"
#include "headroom/scenario/load.hpp"
#include "interrupt.hpp"
#include "messages.hpp"
#include "progress_line.hpp"
#include "request_rows.hpp"
#include "run_outputs.hpp"
#include "scenario_input.hpp"
#include "version.hpp"

namespace headroom::tools {
namespace {

RunBlock run_block() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return {fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)), host.data()};
}

bool text_on_screen(const std::vector<Output>& outputs) { return outputs.back().format == "text"; }

}  // namespace

int run_command(const CommandLine& line, const Terminal& terminal) {
  const RunOptions& options = line.run;
  const std::vector<Output> outputs = plan_outputs(options);
  const ScenarioInput input = read_scenario(options.scenario, options.overrides, &options);
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
  const RunResult result =
      run(scenario, exec, [&rows](std::size_t replication, std::size_t period) {
        if (rows) rows->append(replication, period);
      });
  progress.clear();

  const ReportInput report{input.loaded, scenario,
                           result,       {kVersion, kCommit, kCompiler},
                           run_block(),  input.override_sources};
  std::vector<std::string> also_written;
  if (rows) also_written.push_back(options.requests);
  write_outputs(outputs, make_report(report), terminal, also_written);
  return result.complete ? kOk : interrupt_exit_code();
}

}  // namespace headroom::tools
