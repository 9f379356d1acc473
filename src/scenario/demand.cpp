#include "demand.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

std::size_t pool_index(const Scenario& scenario, const std::string& name) {
  const auto found = std::find_if(scenario.pools.begin(), scenario.pools.end(),
                                  [&name](const ScenarioPool& p) { return p.name == name; });
  HEADROOM_CHECK(found != scenario.pools.end(), "references were checked on loading");
  return static_cast<std::size_t>(found - scenario.pools.begin());
}

/// The smallest queue-delay limit of a class, of its SLO and its targets; 0 without any.
Ticks drain_limit(const Scenario& scenario, const ScenarioClass& request_class) {
  Ticks smallest = kNever;
  if (request_class.slo.queue_delay) smallest = *request_class.slo.queue_delay;
  for (const ScenarioTarget& target : scenario.targets) {
    if (target.metric != "queue_delay") continue;
    if (!target.request_class.empty() && target.request_class != request_class.name) continue;
    smallest = std::min(smallest, ticks_from_seconds(target.limit));
  }
  return smallest == kNever ? Ticks{0} : smallest;
}

void check_stage(const ClassDemand& demand, std::size_t stage, const ResolvedPool& pool,
                 const std::string& pointer, Problems& problems) {
  const StageDemand& own = demand.stages[stage];
  if (own.makes_tokens) {
    if (own.service_s) {
      problems.add("E113", pointer + "/service",
                   "pool \"" + pool.config.name + "\" has a model, which says how long it takes");
    }
    if (!has_lengths(demand, stage)) {
      problems.add("E140", pointer,
                   "pool \"" + pool.config.name +
                       "\" makes tokens, but this stage has no prompt_tokens and output_tokens",
                   {"give them in the stage or in its class, as numbers or distributions, or as "
                    "lengths"});
    }
    return;
  }
  if (own.lengths || own.prompt_tokens || own.output_tokens) {
    problems.add("E113", pointer,
                 "pool \"" + pool.config.name + "\" makes no tokens, so lengths mean nothing here");
  }
  if (pool.config.batch_times && own.service_s) {
    problems.add("E113", pointer + "/service",
                 "pool \"" + pool.config.name + "\" has a model, which says how long it takes");
  }
}

/// Limits on time per token for a class that makes none.
void check_limits(const Scenario& scenario, std::size_t c, bool makes_tokens, Problems& problems) {
  if (makes_tokens) return;
  const ScenarioClass& request_class = scenario.classes[c];
  const auto refuse = [&](const std::string& pointer, const std::string& metric) {
    problems.add("E113", pointer,
                 "class \"" + request_class.name + "\" makes no tokens, so it has no " + metric);
  };
  if (request_class.slo.ttft) refuse(at_item("/classes", c, "/slo/ttft"), "ttft");
  if (request_class.slo.tpot) refuse(at_item("/classes", c, "/slo/tpot"), "tpot");
  for (std::size_t t = 0; t < scenario.targets.size(); ++t) {
    const ScenarioTarget& target = scenario.targets[t];
    const bool of_tokens =
        target.metric == "ttft" || target.metric == "itl" || target.metric == "tpot";
    if (of_tokens && target.request_class == request_class.name) {
      refuse(at_item("/targets", t, "/metric"), target.metric);
    }
  }
}

bool has_slo(const ScenarioClass& c) {
  return c.slo.queue_delay || c.slo.ttft || c.slo.tpot || c.slo.e2e;
}

/// Attainment and goodput need limits to be judged by.
void check_slo_targets(const Scenario& scenario, Problems& problems) {
  for (std::size_t t = 0; t < scenario.targets.size(); ++t) {
    const ScenarioTarget& target = scenario.targets[t];
    if (!target.lower_limit()) continue;
    const bool judged = std::any_of(
        scenario.classes.begin(), scenario.classes.end(), [&target](const ScenarioClass& c) {
          return (target.request_class.empty() || c.name == target.request_class) && has_slo(c);
        });
    if (!judged) {
      problems.add("E113", at_item("/targets", t, "/metric"),
                   target.metric + " needs limits, and the class has no slo",
                   {"for example \"slo\": {\"queue_delay\": \"2s\"} in the class"});
    }
  }
}

}  // namespace

std::vector<ClassConfig> resolve_classes(const Scenario& scenario) {
  std::vector<ClassConfig> classes;
  for (const ScenarioClass& declared : scenario.classes) {
    ClassConfig config;
    config.name = declared.name;
    config.tier = static_cast<std::int32_t>(declared.tier);
    for (const ScenarioStage& stage : declared.stages) {
      config.stages.push_back(PoolId{static_cast<std::uint32_t>(pool_index(scenario, stage.pool))});
    }
    config.fixed_delay = declared.fixed_delay;
    config.slo = {declared.slo.queue_delay, declared.slo.ttft, declared.slo.tpot, declared.slo.e2e};
    config.drain_limit = drain_limit(scenario, declared);
    if (declared.demand.quota) config.daily_quota = declared.demand.quota->per_day;
    config.patience_in_service = declared.patience_in_service;
    if (declared.demand.timeout) {
      config.timeout = declared.demand.timeout->from == "arrival" ? TimeoutFrom::kArrival
                                                                  : TimeoutFrom::kScheduled;
    }
    if (declared.retry) config.retry = declared.retry->rule();
    classes.push_back(std::move(config));
  }
  return classes;
}

WorkloadConfig resolve_demand(const Scenario& scenario, std::span<const ResolvedPool> pools,
                              std::string base_directory, Problems& problems) {
  WorkloadConfig workload;
  workload.start_utc_s = scenario.time.start.seconds;
  workload.demand_end = scenario.time.duration;
  workload.base_directory = std::move(base_directory);
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const ScenarioClass& declared = scenario.classes[c];
    ClassDemand demand = declared.demand;
    demand.name = declared.name;
    demand.stages.clear();
    for (const ScenarioStage& stage : declared.stages) demand.stages.push_back(stage.demand);
    bool makes_tokens = false;
    for (std::size_t s = 0; s < declared.stages.size(); ++s) {
      const std::size_t p = pool_index(scenario, declared.stages[s].pool);
      StageDemand& own = demand.stages[s];
      own.makes_tokens = pools[p].makes_tokens();
      makes_tokens = makes_tokens || own.makes_tokens;
      check_stage(demand, s, pools[p], at_item(at_item("/classes", c, "/stages"), s), problems);
      const bool from_trace = !own.service_s && has_service(demand, s);
      if (!own.service_s && !from_trace) own.service_s = scenario.pools[p].service_time_s;
    }
    check_limits(scenario, c, makes_tokens, problems);
    workload.classes.push_back(std::move(demand));
  }
  check_slo_targets(scenario, problems);
  return workload;
}

}  // namespace headroom
