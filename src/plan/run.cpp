#include "headroom/plan/run.hpp"

#include <algorithm>
#include <utility>

#include "headroom/core/check.hpp"
#include "headroom/plan/overload.hpp"

namespace headroom {
namespace {

/// Requests that a percentile of one minute should stand on (docs/glossary.md, first breach).
constexpr double kLeastPerMinute = 20;

TargetSpec target_spec(const ScenarioTarget& target, const ResolvedScenario& scenario) {
  TargetSpec spec;
  spec.id = target.id;
  spec.request_class = scenario.class_index(target.request_class);
  const auto metric = find_metric(target.metric);
  HEADROOM_CHECK(metric.has_value(), "the scenario's words for metrics are known");
  spec.metric = *metric;
  if (static_cast<std::size_t>(*metric) < kLatencyMetrics) {
    spec.statistic = parse_statistic(target.statistic);
    spec.statistic_name = target.statistic;
    HEADROOM_CHECK(spec.statistic.has_value(), "the scenario's words for statistics are known");
  }
  spec.window = scenario.window_index(target.window);
  spec.every_minute = target.window == "every_minute";
  spec.admitted = target.of == "admitted";
  spec.limit = target.limit;
  return spec;
}

JobGrid job_grid(const ResolvedScenario& scenario) {
  JobGrid grid;
  grid.replications = static_cast<std::size_t>(scenario.scenario.replications);
  grid.periods = scenario.periods.size();
  grid.cells = scenario.cells.size();
  grid.seconds_per_job = seconds(scenario.horizon);
  grid.make = [&scenario](const JobIndex& at) {
    return scenario.job(at.replication, at.period, at.cell);
  };
  return grid;
}

}  // namespace

bool PeriodResult::holds() const {
  return std::all_of(verdicts.begin(), verdicts.end(), [](const auto& v) { return v.pass; });
}

std::optional<std::size_t> RunResult::first_failing() const {
  for (std::size_t p = 0; p < periods.size(); ++p) {
    if (!periods[p].holds()) return p;
  }
  return std::nullopt;
}

const PeriodResult& RunResult::main_period() const {
  return periods[first_failing().value_or(periods.size() - 1)];
}

MeasureSpec measure_spec(const ResolvedScenario& scenario) {
  MeasureSpec spec;
  for (const ClassConfig& c : scenario.classes) spec.classes.push_back(c.name);
  for (const ResolvedPool& pool : scenario.pools) spec.pools.push_back(pool.config.name);
  for (const ResolvedWindow& window : scenario.windows) {
    spec.windows.push_back({window.name, window.stretches, {{window.from, window.to}}});
  }
  for (const ScenarioTarget& target : scenario.scenario.targets) {
    spec.targets.push_back(target_spec(target, scenario));
  }
  spec.horizon = scenario.horizon;
  spec.minute = scenario.collect.minute;
  spec.timeline_step = scenario.collect.timeline_step;
  spec.least_minute_arrivals = kLeastPerMinute * scenario.largest_weight();
  return spec;
}

RunResult run(const ResolvedScenario& scenario, const ExecOptions& options,
              const OnReplication& on_replication) {
  RunResult result;
  result.spec = measure_spec(scenario);
  const std::vector<PoolConfig> pools = scenario.pool_configs();
  for (const ResolvedPeriod& period : scenario.periods) {
    PeriodResult& made = result.periods.emplace_back();
    made.start_s = period.start_s;
    made.rate_multiplier = period.rate_multiplier;
    made.statistics = make_statistics(result.spec);
    made.load = offered_load(pools, scenario.classes, scenario.demand(), period.rate_multiplier,
                             result.spec.windows, scenario.scenario.time.duration,
                             expected_in_service(scenario));
  }
  result.exec = run_jobs(job_grid(scenario), options,
                         [&](std::size_t replication, std::size_t period, Outcome&& outcome) {
                           add_replication(result.periods[period].statistics, result.spec, outcome);
                           if (on_replication) on_replication(replication, period);
                         });
  result.complete = result.exec.complete;
  for (PeriodResult& period : result.periods) {
    period.verdicts = judge(period.statistics, result.spec, scenario.scenario.confidence);
  }
  return result;
}

}  // namespace headroom
