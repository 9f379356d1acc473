#include "plan_worlds.hpp"

#include <algorithm>

#include "commands.hpp"
#include "headroom/core/error.hpp"

namespace headroom::tools {
namespace {

constexpr std::size_t kMostReplications = 2;

bool asks(const CommandLine& line) { return line.plan.worlds || line.plan.tornado; }

}  // namespace

bool PlanWorlds::stopped() const {
  return (worlds && worlds->status == PlanStatus::kStopped) ||
         (tornado && tornado->status == PlanStatus::kStopped);
}

bool PlanWorlds::without_answer() const {
  return worlds && worlds->status == PlanStatus::kOutOfBounds;
}

void check_worlds(const CommandLine& line, const LoadedScenario& loaded) {
  if (line.plan.assurance && !line.plan.worlds) {
    throw UsageError("--assurance is the share of the worlds that --worlds N draws");
  }
  if (!asks(line)) return;
  if (!line.plan.gpus.empty()) {
    throw UsageError("--worlds and --tornado plan one type of GPU: leave out --gpu");
  }
  if (!line.plan.solve.empty()) {
    throw UsageError("--worlds and --tornado are about the fleet: leave out --solve");
  }
  if (!loaded.scenario.uncertain.empty()) return;
  Issue issue;
  issue.code = "E113";
  issue.pointer = "/uncertain";
  issue.message = "the scenario calls no input uncertain, so all worlds are the same";
  issue.notes = {
      R"(such as "uncertain": [{"paths": ["classes.chat.rate.base"], "factor": [0.5, 2]}])"};
  loaded.document.locate(issue);
  throw InputError({issue});
}

PlanWorlds find_worlds(const CommandLine& line, const LoadedScenario& loaded,
                       const ResolvedScenario& scenario, const PlanResult& result,
                       const PlanOptions& options, const ExecOptions& exec) {
  PlanWorlds found;
  const PlanStatus status = result.plan.status;
  if (!asks(line) || status == PlanStatus::kStopped || status == PlanStatus::kInfeasible) {
    return found;
  }
  WorldsOptions& worlds = found.options;
  worlds.worlds = static_cast<std::size_t>(line.plan.worlds.value_or(0));
  worlds.assurance = line.plan.assurance.value_or(worlds.assurance);
  worlds.tornado = line.plan.tornado;
  worlds.replications = std::min(options.probe_replications, kMostReplications);
  worlds.confidence = scenario.scenario.confidence;
  worlds.max_gpus = options.max_gpus;
  worlds.in_busiest_hours = options.whole_replications != Effort::kAll;
  if (line.plan.tornado) {
    found.tornado = find_tornado(loaded, scenario, result.plan, worlds, exec);
    if (found.stopped()) return found;
  }
  if (worlds.worlds > 0) {
    found.worlds = plan_worlds(loaded, scenario, result.plan, worlds, exec);
  }
  return found;
}

}  // namespace headroom::tools
