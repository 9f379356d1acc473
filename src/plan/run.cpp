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

/// Adds replications [first, first + count) to a run. Judging is left to the caller.
void extend_run(RunResult& result, const ResolvedScenario& scenario, std::size_t first,
                std::size_t count, const ExecOptions& options,
                const OnReplication& on_replication) {
  const ExecResult exec =
      run_jobs(job_grid(scenario, first, count), options,
               [&](std::size_t replication, std::size_t period, Outcome&& outcome) {
                 add_replication(result.periods[period].statistics, result.spec, outcome);
                 if (on_replication) on_replication(replication, period);
               });
  result.exec.complete = exec.complete;
  result.exec.replications_delivered += exec.replications_delivered;
  result.exec.wall_s += exec.wall_s;
  result.exec.requests += exec.requests;
  result.exec.threads = exec.threads;
  result.complete = exec.complete;
}

void judge_run(RunResult& result, double confidence) {
  result.confidence = confidence;
  for (PeriodResult& period : result.periods) {
    period.verdicts = judge(period.statistics, result.spec, confidence);
  }
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

std::size_t RunResult::busiest() const {
  std::size_t most = 0;
  for (std::size_t p = 1; p < periods.size(); ++p) {
    if (periods[p].rate_multiplier >= periods[most].rate_multiplier) most = p;
  }
  return most;
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

JobGrid job_grid(const ResolvedScenario& scenario, std::size_t first_replication,
                 std::size_t replications) {
  JobGrid grid;
  grid.first_replication = first_replication;
  grid.replications = replications;
  grid.periods = scenario.periods.size();
  grid.cells = scenario.cells.size();
  grid.seconds_per_job = seconds(scenario.horizon);
  grid.make = [&scenario](const JobIndex& at) {
    return scenario.job(at.replication, at.period, at.cell);
  };
  return grid;
}

RunResult start_run(const ResolvedScenario& scenario) {
  RunResult result;
  result.spec = measure_spec(scenario);
  result.confidence = scenario.scenario.confidence;
  const std::vector<PoolConfig> pools = scenario.pool_configs();
  for (const ResolvedPeriod& period : scenario.periods) {
    PeriodResult& made = result.periods.emplace_back();
    made.start_s = period.start_s;
    made.rate_multiplier = period.rate_multiplier;
    made.statistics = make_statistics(result.spec);
    made.load = offered_load(pools, scenario.classes, scenario.demand(), period.rate_multiplier,
                             result.spec.windows, scenario.scenario.time.duration,
                             expected_in_service(scenario), expected_admitted(scenario));
  }
  return result;
}

RunResult run(const ResolvedScenario& scenario, const ExecOptions& options,
              const OnReplication& on_replication) {
  RunResult result = start_run(scenario);
  extend_run(result, scenario, 0, static_cast<std::size_t>(scenario.scenario.replications), options,
             on_replication);
  judge_run(result, scenario.scenario.confidence);
  return result;
}

RunResult run_until_precise(const ResolvedScenario& scenario, const Precision& precision,
                            const std::vector<Look>& looks, const ExecOptions& options,
                            const OnReplication& on_replication) {
  HEADROOM_CHECK(!looks.empty(), "there is a look");
  RunResult result = start_run(scenario);
  SequentialRule rule{precision.share, looks, 0, false};
  std::size_t have = 0;
  for (std::size_t k = 0; k < looks.size() && !rule.reached; ++k) {
    extend_run(result, scenario, have, looks[k].replications - have, options, on_replication);
    have = looks[k].replications;
    rule.stopped_at = k;
    if (!result.complete) break;
    rule.reached =
        std::all_of(result.periods.begin(), result.periods.end(), [&](const PeriodResult& period) {
          return is_precise(period.statistics, result.spec, looks[k].confidence, precision.share);
        });
  }
  judge_run(result, looks[rule.stopped_at].confidence);
  result.sequential = std::move(rule);
  return result;
}

}  // namespace headroom
