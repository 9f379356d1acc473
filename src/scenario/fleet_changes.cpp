#include "fleet_changes.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "headroom/json/document.hpp"

namespace headroom {
namespace {

/// More outages than this would be drawn for one cell at most.
constexpr double kMostOutages = 1e6;

std::string duration_text(double s) { return json::format_quantity(s, json::Dimension::kDuration); }

/// What a pool's changes are resolved with.
struct Context {
  const Scenario& scenario;
  Ticks horizon;
  Problems& problems;
  Problems& warnings;
};

/// Time of a point of the run, after `delay`. One before the run is an error; one after its end is
/// warned about, and nothing comes of it.
std::optional<Ticks> time_in_run(const Context& context, const json::TimePoint& at, Ticks delay,
                                 const std::string& pointer, const std::string& what) {
  const double at_s = seconds_since_start(context.scenario.time, at);
  if (at_s < 0) {
    context.problems.add("E113", pointer, "lies before the run's start");
    return std::nullopt;
  }
  const double then_s = at_s + seconds(delay);
  if (then_s < seconds(context.horizon)) return ticks_from_seconds(at_s) + delay;
  context.warnings.add("W213", pointer,
                       what + " at " + duration_text(then_s) + ", after the run's end");
  return std::nullopt;
}

/// Replicas of so many GPUs; reports a number that is not whole.
std::int64_t whole_replicas(std::int64_t gpus, std::int64_t gpus_per_replica,
                            const std::string& pointer, Problems& problems) {
  const std::int64_t rest = gpus % gpus_per_replica;
  if (rest != 0) {
    const std::int64_t below = gpus - rest;
    const std::string above = std::to_string(below + gpus_per_replica);
    problems.add("E113", pointer,
                 std::to_string(gpus) + " GPUs are no whole number of replicas of " +
                     std::to_string(gpus_per_replica),
                 {"nearest: " + (below > 0 ? std::to_string(below) + " or " + above : above)});
  }
  return gpus / gpus_per_replica;
}

void resolve_deliveries(const Context& context, std::size_t p, ResolvedPool& pool) {
  const std::vector<ScenarioDelivery>& deliveries = context.scenario.pools[p].deliveries;
  const std::string list = at_item("/fleet/pools", p, "/deliveries");
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    const ScenarioDelivery& delivery = deliveries[i];
    const std::int64_t replicas = whole_replicas(delivery.gpus, pool.config.gpus_per_replica,
                                                 at_item(list, i, "/gpus"), context.problems);
    const auto start = time_in_run(
        context, delivery.at, delivery.provisioning_delay + delivery.model_load,
        at_item(list, i, "/at"), std::to_string(delivery.gpus) + " GPUs would begin to serve");
    if (start) pool.changes.push_back({*start, replicas});
  }
}

void resolve_removals(const Context& context, std::size_t p, ResolvedPool& pool) {
  const std::vector<ScenarioRemoval>& removals = context.scenario.pools[p].removals;
  const std::string list = at_item("/fleet/pools", p, "/removals");
  for (std::size_t i = 0; i < removals.size(); ++i) {
    const std::int64_t replicas = whole_replicas(removals[i].gpus, pool.config.gpus_per_replica,
                                                 at_item(list, i, "/gpus"), context.problems);
    const auto at = time_in_run(context, removals[i].at, Ticks{0}, at_item(list, i, "/at"),
                                std::to_string(removals[i].gpus) + " GPUs would be removed");
    if (at) pool.changes.push_back({*at, -replicas});
  }
}

/// Every cell keeps a replica of every pool.
void check_left(const Scenario& scenario, std::size_t p, const ResolvedPool& pool,
                Problems& problems) {
  std::int64_t left = pool.config.replicas;
  for (const ResolvedChange& change : pool.changes) {
    left += change.replicas;
    if (left >= scenario.cells.count) continue;
    problems.add(
        "E113", at_item("/fleet/pools", p, "/removals"),
        "leave " + std::to_string(std::max<std::int64_t>(0, left)) + " replicas of pool \"" +
            pool.config.name + "\" after " + duration_text(seconds(change.at)) +
            (scenario.cells.count == 1 ? ", and one must stay"
                                       : ", too few for one in each of " +
                                             std::to_string(scenario.cells.count) + " cells"));
    return;
  }
}

std::int64_t most_replicas(const ResolvedPool& pool) {
  std::int64_t replicas = pool.config.replicas, most = replicas;
  for (const ResolvedChange& change : pool.changes) {
    replicas += change.replicas;
    most = std::max(most, replicas);
  }
  return most;
}

std::int64_t nodes_of(const ResolvedPool& pool, std::int64_t replicas) {
  const std::int64_t on_one = pool.replicas_per_node();
  return pool.nodes_per_replica() * ((replicas + on_one - 1) / on_one);
}

void resolve_nodes(const Scenario& scenario, std::size_t p, ResolvedPool& pool, Ticks horizon,
                   Problems& problems) {
  const ScenarioPool& declared = scenario.pools[p];
  const std::string pointer = at_item("/fleet/pools", p);
  if (declared.gpus_per_node > 0) pool.gpus_per_node = declared.gpus_per_node;
  const std::int64_t one = pool.config.gpus_per_replica;
  const std::int64_t node = pool.gpus_per_node;
  const bool used = declared.gpus_per_node > 0 || declared.failures || !declared.zones.empty();
  if (used && node % one != 0 && one % node != 0) {
    problems.add("E113", pointer + "/gpus_per_node",
                 "a replica of " + std::to_string(one) + " GPUs and a node of " +
                     std::to_string(node) + " do not divide each other");
  }
  std::set<std::string> names;
  std::int64_t zoned = 0;
  for (std::size_t z = 0; z < declared.zones.size(); ++z) {
    const ScenarioZone& zone = declared.zones[z];
    if (!names.insert(zone.name).second) {
      problems.add("E108", at_item(pointer + "/zones", z, "/name"),
                   "two zones are called \"" + zone.name + "\"");
    }
    pool.zones.push_back(zone.nodes);
    zoned += zone.nodes;
  }
  const std::int64_t nodes = nodes_of(pool, most_replicas(pool));
  if (zoned > nodes) {
    problems.add("E113", pointer + "/zones",
                 "hold " + std::to_string(zoned) + " nodes, and pool \"" + declared.name +
                     "\" never has more than " + std::to_string(nodes));
  }
  pool.failures = declared.failures;
  if (!pool.failures) return;
  const double cycle_s = pool.failures->mean_time_between_s + mean_of(pool.failures->repair_time_s);
  const double outages = static_cast<double>(nodes) * seconds(horizon) / cycle_s;
  if (outages > kMostOutages) {
    problems.add("E143", pointer + "/failures/mean_time_between",
                 "about " + std::to_string(std::llround(outages)) + " failures in one run");
  }
}

/// Pools that a fault hits: the one it names, or those that have its zone.
std::vector<std::size_t> pools_of(const Scenario& scenario, const ScenarioFault& fault) {
  std::vector<std::size_t> pools;
  for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
    const ScenarioPool& pool = scenario.pools[p];
    if (!fault.pool.empty() && pool.name != fault.pool) continue;
    const bool has = std::any_of(pool.zones.begin(), pool.zones.end(),
                                 [&](const ScenarioZone& z) { return z.name == fault.zone; });
    if (fault.zone.empty() || has) pools.push_back(p);
  }
  return pools;
}

void check_fault_names(const Scenario& scenario, const ScenarioFault& fault,
                       const std::string& pointer, Problems& problems) {
  std::vector<std::string> pools, zones;
  for (const ScenarioPool& pool : scenario.pools) {
    pools.push_back(pool.name);
    if (!fault.pool.empty() && pool.name != fault.pool) continue;
    for (const ScenarioZone& zone : pool.zones) zones.push_back(zone.name);
  }
  if (!fault.pool.empty() && std::find(pools.begin(), pools.end(), fault.pool) == pools.end()) {
    problems.add_unknown(pointer + "/pool", "pool", fault.pool, pools);
  } else if (!fault.zone.empty() &&
             std::find(zones.begin(), zones.end(), fault.zone) == zones.end()) {
    problems.add_unknown(pointer + "/zone", "zone", fault.zone, zones);
  }
}

void resolve_faults(const Context& context, ResolvedScenario& resolved) {
  const Scenario& scenario = context.scenario;
  Problems& problems = context.problems;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const ScenarioFault& fault = scenario.faults[i];
    const std::string pointer = at_item("/fleet/faults", i);
    check_fault_names(scenario, fault, pointer, problems);
    const auto at = time_in_run(context, fault.at, Ticks{0}, pointer + "/at", "nodes would fail");
    if (!at) continue;
    for (const std::size_t p : pools_of(scenario, fault)) {
      const ScenarioPool& pool = scenario.pools[p];
      ResolvedFault one;
      one.from = *at;
      one.to = later(*at, fault.lasts);
      one.pool = p;
      one.nodes = fault.nodes;
      std::int64_t nodes = nodes_of(resolved.pools[p], most_replicas(resolved.pools[p]));
      for (std::size_t z = 0; z < pool.zones.size(); ++z) {
        if (pool.zones[z].name != fault.zone) continue;
        one.zone = z;
        nodes = pool.zones[z].nodes;
      }
      if (fault.nodes > nodes) {
        problems.add("E113", pointer + "/nodes",
                     std::to_string(fault.nodes) + " nodes fail, and " +
                         (one.zone ? "zone \"" + fault.zone : "pool \"" + pool.name) + "\" has " +
                         std::to_string(nodes));
      }
      resolved.faults.push_back(one);
      resolved.pools[p].varies = true;
    }
  }
}

}  // namespace

std::int64_t ResolvedPool::nodes_per_replica() const {
  return std::max<std::int64_t>(1, config.gpus_per_replica / gpus_per_node);
}

std::int64_t ResolvedPool::replicas_per_node() const {
  return std::max<std::int64_t>(1, gpus_per_node / config.gpus_per_replica);
}

void resolve_fleet_changes(const Scenario& scenario, ResolvedScenario& resolved, Problems& problems,
                           Problems& warnings) {
  const Context context{scenario, resolved.horizon, problems, warnings};
  for (std::size_t p = 0; p < scenario.pools.size(); ++p) {
    ResolvedPool& pool = resolved.pools[p];
    resolve_deliveries(context, p, pool);
    resolve_removals(context, p, pool);
    std::stable_sort(pool.changes.begin(), pool.changes.end(),
                     [](const ResolvedChange& a, const ResolvedChange& b) {
                       const bool gives = a.replicas > 0, takes = b.replicas < 0;
                       return a.at != b.at ? a.at < b.at : gives && takes;
                     });
    check_left(scenario, p, pool, problems);
    resolve_nodes(scenario, p, pool, resolved.horizon, problems);
    pool.varies = !pool.changes.empty() || pool.failures.has_value();
  }
  resolve_faults(context, resolved);
}

std::vector<std::int64_t> numbers_to_deal(const ResolvedScenario& resolved) {
  std::vector<std::int64_t> numbers;
  for (const ResolvedPool& pool : resolved.pools) {
    std::int64_t replicas = pool.config.replicas;
    for (const ResolvedChange& change : pool.changes) {
      replicas = std::max(resolved.scenario.cells.count, replicas + change.replicas);
      numbers.push_back(replicas);
    }
    std::int64_t end = 0;
    for (const std::int64_t nodes : pool.zones) numbers.push_back(end += nodes);
  }
  for (const ResolvedFault& fault : resolved.faults) numbers.push_back(fault.nodes);
  return numbers;
}

Dealt read_dealt(const ResolvedScenario& resolved, std::span<const std::int64_t> numbers) {
  Dealt dealt;
  auto next = numbers.begin();
  const auto take = [&next](std::size_t count) {
    const auto from = next;
    next += static_cast<std::ptrdiff_t>(count);
    return std::vector<std::int64_t>(from, next);
  };
  for (const ResolvedPool& pool : resolved.pools) {
    DealtPool part;
    part.replicas = take(pool.changes.size());
    part.zone_ends = take(pool.zones.size());
    dealt.pools.push_back(std::move(part));
  }
  dealt.fault_nodes = take(resolved.faults.size());
  return dealt;
}

double ResolvedScenario::expected_gpus(std::size_t pool, double from_s, double to_s) const {
  const ResolvedPool& of = pools[pool];
  const double all = static_cast<double>(of.gpus());
  if (!of.varies || !(from_s < to_s)) return all;
  std::vector<double> edges{from_s, to_s};
  const auto edge = [&](Ticks at) {
    const double s = seconds(at);
    if (from_s < s && s < to_s) edges.push_back(s);
  };
  for (const ResolvedChange& change : of.changes) edge(change.at);
  for (const ResolvedFault& fault : faults) {
    edge(fault.from);
    edge(fault.to);
  }
  std::sort(edges.begin(), edges.end());
  double up = 1;
  if (of.failures) {
    const double between = of.failures->mean_time_between_s;
    up = std::pow(between / (between + mean_of(of.failures->repair_time_s)),
                  static_cast<double>(of.nodes_per_replica()));
  }
  double area = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const double middle = (edges[i] + edges[i + 1]) / 2;
    std::int64_t replicas = of.config.replicas;
    for (const ResolvedChange& change : of.changes) {
      if (seconds(change.at) > middle) continue;
      replicas = std::max(scenario.cells.count, replicas + change.replicas);
    }
    double lost = 0;
    for (const ResolvedFault& fault : faults) {
      if (fault.pool != pool || seconds(fault.from) > middle || seconds(fault.to) < middle)
        continue;
      const std::int64_t nodes = fault.nodes > 0 ? fault.nodes : of.zones[*fault.zone];
      const std::int64_t needs = of.nodes_per_replica();
      lost += static_cast<double>((nodes + needs - 1) / needs * of.replicas_per_node() *
                                  of.config.gpus_per_replica);
    }
    const double gpus = static_cast<double>(replicas * of.config.gpus_per_replica);
    area += std::max(0.0, gpus - lost) * up * (edges[i + 1] - edges[i]);
  }
  return area / (to_s - from_s);
}

}  // namespace headroom
