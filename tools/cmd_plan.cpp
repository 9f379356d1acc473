#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/plan/capacity.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/scenario/load.hpp"
#include "interrupt.hpp"
#include "messages.hpp"
#include "plan_ways.hpp"
#include "plan_worlds.hpp"
#include "progress_line.hpp"
#include "replication_rule.hpp"
#include "run_outputs.hpp"
#include "scenario_input.hpp"
#include "version.hpp"

namespace headroom::tools {
namespace {

using Clock = std::chrono::steady_clock;

Minimize minimize_of(const std::string& word) {
  if (word == "cost") return Minimize::kCost;
  return word == "power" ? Minimize::kPower : Minimize::kGpus;
}

/// What the command line says about the search.
PlanOptions plan_options(const CommandLine& line, const ResolvedScenario& scenario) {
  const Scenario& declared = scenario.scenario;
  const std::size_t replications = line.run.replications
                                       ? static_cast<std::size_t>(declared.replications)
                                       : verdict_replications(scenario);
  PlanOptions options = plan_options_for(
      scenario, line.run.auto_replications ? auto_looks(declared.confidence)
                                           : fixed_look(replications, declared.confidence));
  options.free = line.plan.free;
  options.max_gpus = line.plan.max_gpus;
  options.minimize = minimize_of(line.plan.minimize);
  options.precision = line.run.precision;
  return options;
}

/// A plan needs something to hold, pools that are there, and nothing that it does not know.
void check_plan(const CommandLine& line, const LoadedScenario& loaded) {
  const Scenario& scenario = loaded.scenario;
  if (scenario.targets.empty()) {
    Issue issue;
    issue.code = "E113";
    issue.pointer = "/targets";
    issue.message = "a plan needs at least one target to hold";
    loaded.document.locate(issue);
    throw InputError({issue});
  }
  std::vector<std::string> pools;
  for (const ScenarioPool& pool : scenario.pools) pools.push_back(pool.name);
  for (const std::string& name : line.plan.free) {
    if (std::find(pools.begin(), pools.end(), name) != pools.end()) continue;
    const std::string near = nearest_word(name, pools);
    throw UsageError("--free: the scenario has no pool '" + name + "'" +
                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  if (!line.plan.gpus.empty() && line.run.scenario == "-") {
    throw UsageError("--gpu reads the scenario once for each type: give a file, not -");
  }
}

/// The scenario with every free pool on another type of GPU.
PlanAlternative alternative_of(const CommandLine& line, const ResolvedScenario& declared,
                               const std::vector<Override>& overrides, const std::string& gpu) {
  std::vector<Override> with_type = overrides;
  for (const std::size_t p : free_pools(declared, line.plan.free)) {
    const ResolvedPool& pool = declared.pools[p];
    if (!pool.deployment) {
      throw UsageError("--gpu: pool '" + pool.config.name +
                       "' has a service time, which says nothing of another GPU");
    }
    with_type.push_back({"fleet.pools." + pool.config.name + ".gpu", gpu, false});
  }
  PlanAlternative made;
  made.gpu = gpu;
  try {
    const ScenarioInput input = read_scenario(line.run.scenario, with_type, &line.run);
    made.scenario = resolve(input.loaded);
    made.gpu = made.scenario->pools[free_pools(declared, line.plan.free).front()].gpu;
  } catch (const InputError& error) {
    const Issue& first = error.issues().front();
    if (first.code == "E112") throw;  // there is no such type
    made.problem = first.message;
  }
  return made;
}

/// Why there is no answer, for those who see only the exit code.
void say_no_answer(const CommandLine& line, const nlohmann::ordered_json& report) {
  if (line.common.verbosity < 0) return;
  const std::string status = report["answer"]["status"];
  std::string why = report["answer"]["headline"];
  if (status == "found") why = "the precision asked for is not reached";
  if (!line.plan.solve.empty() && status != "infeasible") why = "of --solve " + line.plan.solve;
  for (const auto& way : report["ways_out"]) {
    if (!line.plan.solve.empty()) why = way["text"];
  }
  if (report["delivery"].is_object()) why = report["delivery"]["headline"];
  if (status == "found" && report.contains("worlds") && report["worlds"]["status"] != "found") {
    why = report["worlds"]["headline"];
  }
  fmt::print(stderr, "headroom: no answer: {}\n", why);
}

int exit_code(const CommandLine& line, const PlanReportInput& input, const WaysOut& ways) {
  const FleetPlan& plan = input.result.plan;
  if (plan.status == PlanStatus::kStopped || ways.stopped) return interrupt_exit_code();
  if (!line.plan.solve.empty()) return has_answer(line, ways) ? kOk : kNoAnswer;
  if (plan.status != PlanStatus::kFound || !plan.precise) return kNoAnswer;
  if (!line.plan.detailed_exit_code) return kOk;
  // Today's fleet suffices when nothing needs to be added to any of its pools.
  const bool suffices = std::all_of(plan.free.begin(), plan.free.end(), [&](std::size_t p) {
    return input.planned.pools[p].gpu == input.resolved.pools[p].gpu &&
           plan.needed[p] <= input.resolved.pools[p].config.replicas;
  });
  return suffices ? kOk : kChangeNeeded;
}

}  // namespace

int plan_command(const CommandLine& line, const Terminal& terminal) {
  check_replication_rule(line.run);
  const std::vector<Output> outputs = plan_outputs(line.run);
  std::vector<Override> overrides = line.run.overrides;
  if (line.plan.confidence) {
    overrides.push_back({"confidence", std::to_string(*line.plan.confidence), false});
  }
  const ScenarioInput input = read_scenario(line.run.scenario, overrides, &line.run);
  refuse_overlaps(files_of(input.loaded), files_written(line.run, outputs));
  print_warnings(input.warnings, line.common, terminal);
  check_plan(line, input.loaded);
  check_worlds(line, input.loaded);
  const ResolvedScenario declared = resolve(input.loaded);
  const SolveOptions asked = solve_options(line, input.loaded, declared);
  const ResolvedScenario scenario = plan_base(line, declared);
  const PlanOptions options = plan_options(line, scenario);
  std::vector<PlanAlternative> alternatives;
  for (const std::string& gpu : line.plan.gpus) {
    alternatives.push_back(alternative_of(line, scenario, overrides, gpu));
  }

  const bool on_screen = outputs.back().format == "text";
  ProgressLine progress(line.common, terminal, !on_screen);
  catch_interrupts();
  ExecOptions exec;
  exec.threads = static_cast<unsigned>(line.run.jobs);
  exec.cancel = &interrupted();
  exec.progress = [&progress](const Progress& p) { progress.show(p); };
  const auto started = Clock::now();
  const RunBlock block = run_block();
  Evaluator evaluator(exec);
  PlanResult result = alternatives.empty() ? plan(scenario, options, evaluator)
                                           : plan_types(scenario, alternatives, options, exec);
  WaysOut ways;
  if (alternatives.empty()) {
    ways = find_ways_out(scenario, asked, result.plan,
                         line.plan.solve.empty() ? coarse_options(options) : options, evaluator);
    result.counts = evaluator.counts();
  }
  const PlanWorlds worlds = find_worlds(line, input.loaded, scenario, result, options, exec);
  progress.clear();

  const auto best = cheapest(alternatives, options.minimize);
  const ResolvedScenario& planned = best ? *alternatives[*best].scenario : scenario;
  const PlanReportInput report{input.loaded,
                               scenario,
                               planned,
                               result,
                               options,
                               alternatives,
                               {kVersion, kCommit, kCompiler},
                               block,
                               std::chrono::duration<double>(Clock::now() - started).count(),
                               input.override_sources,
                               &ways,
                               worlds.options,
                               worlds.worlds ? &*worlds.worlds : nullptr,
                               worlds.tornado ? &*worlds.tornado : nullptr};
  const nlohmann::ordered_json made = make_plan_report(report);
  write_outputs(outputs, made, terminal, {});
  int code = exit_code(line, report, ways);
  if (worlds.stopped()) code = interrupt_exit_code();
  if (worlds.without_answer() && (code == kOk || code == kChangeNeeded)) code = kNoAnswer;
  if (code == kNoAnswer) say_no_answer(line, made);
  return code;
}

}  // namespace headroom::tools
