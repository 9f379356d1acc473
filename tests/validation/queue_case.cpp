#include "queue_case.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "headroom/engine/run_cell.hpp"
#include "headroom/workload/compiled.hpp"
#include "headroom/workload/request_stream.hpp"

namespace headroom::validation {

std::vector<Outcome> run_replications(const QueueCase& queue) {
  CellConfig cell;
  PoolConfig pool;
  pool.name = "servers";
  pool.replicas = queue.servers;
  cell.pools.push_back(pool);
  ClassConfig request_class;
  request_class.name = "customer";
  request_class.stages = {PoolId{0}};
  cell.classes.push_back(request_class);
  cell.horizon = ticks_from_seconds(queue.horizon_s);
  cell.collect.stretch_starts = {Ticks{0}, ticks_from_seconds(queue.warmup_s)};
  cell.collect.timeline_step = cell.collect.minute = ticks_from_seconds(queue.horizon_s / 100);

  WorkloadConfig workload;
  workload.demand_end = cell.horizon;
  ClassDemand demand;
  demand.name = "customer";
  demand.rate.base_per_s = queue.rate_per_s;
  demand.patience_s = queue.patience_s;
  StageDemand stage;
  stage.makes_tokens = false;
  stage.service_s = queue.service_s;
  demand.stages = {stage};
  workload.classes.push_back(demand);
  if (queue.adjust) queue.adjust(cell, workload);
  prepare(workload);

  std::vector<Outcome> outcomes;
  for (std::int64_t i = 0; i < queue.replications; ++i) {
    cell.key = RunKey{2025, static_cast<std::uint32_t>(i), 0};
    RequestStream requests(workload, cell.key, 1.0);
    outcomes.push_back(run_cell(cell, requests));
  }
  return outcomes;
}

Interval interval_of(const std::vector<Outcome>& outcomes,
                     const std::function<double(const Outcome&)>& statistic) {
  const auto n = static_cast<double>(outcomes.size());
  double sum = 0;
  double squares = 0;
  for (const Outcome& outcome : outcomes) {
    const double value = statistic(outcome);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / n;
  const double variance = std::max(0.0, (squares - n * mean * mean) / (n - 1));
  const boost::math::students_t t(n - 1);
  return {mean, boost::math::quantile(t, 0.9995) * std::sqrt(variance / n)};
}

double mean_wait_s(const Outcome& outcome) {
  return outcome.groups[0][1].queue_delay.histogram.mean_s();
}

double mean_e2e_s(const Outcome& outcome) { return outcome.groups[0][1].e2e.histogram.mean_s(); }

double abandoned_share(const Outcome& outcome) {
  const GroupTally& group = outcome.groups[0][1];
  return group.ended[static_cast<std::size_t>(EndState::kAbandoned)] / group.arrived;
}

double mean_time_in_queue_s(const Outcome& outcome) {
  return outcome.groups[0][1].time_in_queue.histogram.mean_s();
}

double erlang_c(std::int64_t servers, double offered) {
  // Erlang B by its recursion, then C = B / (1 - rho (1 - B)).
  double b = 1;
  for (std::int64_t c = 1; c <= servers; ++c) {
    b = offered * b / (static_cast<double>(c) + offered * b);
  }
  const double rho = offered / static_cast<double>(servers);
  return b / (1 - rho * (1 - b));
}

ErlangA erlang_a(std::int64_t servers, double rate, double service_rate, double patience_rate) {
  double weight = 1;  // of state 0
  double total = 1;
  double queue = 0;
  double waiting = servers == 0 ? 1 : 0;
  for (std::int64_t n = 1; n <= 2000; ++n) {
    const auto busy = static_cast<double>(std::min(n, servers));
    const auto queued = static_cast<double>(std::max<std::int64_t>(0, n - servers));
    weight *= rate / (busy * service_rate + queued * patience_rate);
    total += weight;
    queue += queued * weight;
    if (n >= servers) waiting += weight;
  }
  queue /= total;
  return {patience_rate * queue / rate, queue / rate, waiting / total};
}

}  // namespace headroom::validation
