#include <algorithm>
#include <memory>
#include <utility>

#include "cells.hpp"
#include "demand.hpp"
#include "fleet_changes.hpp"
#include "fleet_events.hpp"
#include "gateway.hpp"
#include "headroom/core/check.hpp"
#include "headroom/scenario/load.hpp"
#include "headroom/scenario/resolved.hpp"
#include "pools.hpp"
#include "problems.hpp"
#include "timing.hpp"
#include "warnings.hpp"

namespace headroom {
namespace {

/// Throws when there are problems, completed with their places in the document.
void raise(Problems& problems, const json::Document& document) {
  if (problems.empty()) return;
  for (Issue& issue : problems.issues) {
    if (issue.line == 0 && issue.file.empty()) document.locate(issue);
  }
  throw InputError(std::move(problems.issues));
}

/// Every cell needs a replica of every pool; names the smallest pool.
void check_cells(const Scenario& scenario, std::span<const ResolvedPool> pools,
                 Problems& problems) {
  const auto smallest = std::min_element(pools.begin(), pools.end(),
                                         [](const ResolvedPool& a, const ResolvedPool& b) {
                                           return a.config.replicas < b.config.replicas;
                                         });
  if (smallest->config.replicas >= scenario.cells.count) return;
  problems.add("E113", "/fleet/cells/count",
               "pool \"" + smallest->config.name + "\" has " +
                   std::to_string(smallest->config.replicas) +
                   " replicas, too few for one in each of " + std::to_string(scenario.cells.count) +
                   " cells");
}

std::vector<std::int64_t> replicas_of(std::span<const ResolvedPool> pools) {
  std::vector<std::int64_t> replicas;
  for (const ResolvedPool& pool : pools) replicas.push_back(pool.config.replicas);
  return replicas;
}

void lay_out(ResolvedScenario& resolved) {
  const CellsConfig& cells = resolved.scenario.cells;
  CellLayout layout = lay_out_cells(replicas_of(resolved.pools), cells.count, cells.simulate,
                                    numbers_to_deal(resolved));
  resolved.sizes = std::move(layout.sizes);
  resolved.cells = std::move(layout.cells);
}

/// A latency whose targets or limits are judged by the minute.
bool judged(const Scenario& scenario, const std::string& metric) {
  return std::any_of(scenario.targets.begin(), scenario.targets.end(),
                     [&metric](const ScenarioTarget& t) { return t.metric == metric; });
}

double expected_requests(const ResolvedScenario& resolved) {
  double whole = 0;
  for (std::size_t c = 0; c < resolved.classes.size(); ++c) {
    whole += resolved.demand().rate(ClassId{static_cast<std::uint32_t>(c)}).total();
  }
  double share = 0;
  for (const SimulatedCell& cell : resolved.cells) share += cell.demand_share;
  double periods = 0;
  for (const ResolvedPeriod& period : resolved.periods) periods += period.rate_multiplier;
  return whole * share * periods;
}

/// Extra catalogue entries are the scenario's; relative paths begin at its directory.
std::vector<ResolvedPool> resolve_pools(const Scenario& scenario, const PoolContext& context) {
  std::vector<ResolvedPool> pools;
  for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
    pools.push_back(resolve_pool(scenario.pools[p], at_item("/fleet/pools", p), context));
  }
  return pools;
}

}  // namespace

ResolvedScenario resolve(const LoadedScenario& loaded) {
  Problems problems, warnings;
  ResolvedScenario resolved;
  resolved.scenario = loaded.scenario;
  const Scenario& scenario = resolved.scenario;
  resolved.seed = static_cast<std::uint64_t>(scenario.seed);

  const PoolContext context{scenario.catalogue, loaded.base_directory, problems, warnings};
  resolved.pools = resolve_pools(scenario, context);
  raise(problems, loaded.document);
  check_cells(scenario, resolved.pools, problems);
  resolved.horizon = scenario.time.horizon();
  resolve_fleet_changes(scenario, resolved, problems, warnings);
  check_gateways(scenario, resolved.pools, problems);

  resolved.classes = resolve_classes(scenario);
  auto workload = std::make_shared<WorkloadConfig>(
      resolve_demand(scenario, resolved.pools, loaded.base_directory, problems));
  raise(problems, loaded.document);
  try {
    prepare(*workload);
  } catch (const InputError& error) {
    problems.issues.assign(error.issues().begin(), error.issues().end());
    raise(problems, loaded.document);
  }
  resolved.workload = std::move(workload);

  resolve_timing(scenario, resolved, warnings);
  resolved.collect.minute_ttft = judged(scenario, "ttft");
  resolved.collect.minute_tpot = judged(scenario, "tpot");
  resolved.collect.minute_e2e = judged(scenario, "e2e");
  resolved.periods = resolve_periods(scenario);
  check_periods(resolved.periods, scenario, problems);
  lay_out(resolved);
  resolved.expected_requests = expected_requests(resolved);

  check_size(resolved, problems, warnings);
  raise(problems, loaded.document);
  add_warnings(resolved, warnings);
  resolved.warnings = std::move(warnings.issues);
  for (Issue& issue : resolved.warnings) {
    if (issue.line == 0 && issue.file.empty()) loaded.document.locate(issue);
  }
  return resolved;
}

std::size_t ResolvedScenario::window_index(const std::string& name) const {
  if (name == "every_minute") return 0;
  const auto found = std::find_if(windows.begin(), windows.end(),
                                  [&name](const ResolvedWindow& w) { return w.name == name; });
  HEADROOM_CHECK(found != windows.end(), "targets name windows that exist");
  return static_cast<std::size_t>(found - windows.begin());
}

std::size_t ResolvedScenario::class_index(const std::string& name) const {
  if (name.empty()) return classes.size();
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&name](const ClassConfig& c) { return c.name == name; });
  HEADROOM_CHECK(found != classes.end(), "targets name classes that exist");
  return static_cast<std::size_t>(found - classes.begin());
}

std::vector<PoolConfig> ResolvedScenario::pool_configs() const {
  std::vector<PoolConfig> configs;
  for (const ResolvedPool& pool : pools) configs.push_back(pool.config);
  return configs;
}

double ResolvedScenario::largest_weight() const {
  double largest = 0;
  for (const SimulatedCell& cell : cells) largest = std::max(largest, cell.weight);
  return largest;
}

CellJob ResolvedScenario::job(std::size_t replication, std::size_t period, std::size_t cell) const {
  const SimulatedCell& simulated = cells.at(cell);
  CellJob job;
  job.config.pools = pool_configs();
  job.config.classes = classes_in_cell(*this, simulated);
  job.config.horizon = horizon;
  // Every busy period has random numbers of its own.
  const auto first =
      static_cast<std::uint32_t>(period) * static_cast<std::uint32_t>(scenario.cells.count);
  job.config.key = {seed, static_cast<std::uint32_t>(replication), first + simulated.number, first};
  job.config.fleet_events = fleet_events(*this, simulated, job.config.key, job.config.pools);
  job.config.collect = collect;
  job.workload = workload;
  job.demand_share = simulated.demand_share;
  job.demand_offset = simulated.demand_offset;
  job.rate_multiplier = periods.at(period).rate_multiplier;
  job.arrival_spacing = arrival_spacing;
  job.arrivals_from = arrivals_from;
  job.arrivals_to = arrivals_to;
  job.weight = simulated.weight;
  return job;
}

ResolvedScenario ResolvedScenario::with_replicas(std::size_t pool, std::int64_t replicas) const {
  ResolvedScenario other = *this;
  other.pools.at(pool).config.replicas = replicas;
  other.scenario.pools.at(pool).gpus = other.pools[pool].gpus();
  lay_out(other);
  other.expected_requests = headroom::expected_requests(other);
  return other;
}

}  // namespace headroom
