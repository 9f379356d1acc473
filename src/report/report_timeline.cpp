#include <algorithm>
#include <cmath>

#include "headroom/plan/series.hpp"
#include "report_parts.hpp"

namespace headroom {
namespace {

/// NaN (censored in some replication) becomes null.
Json line(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double v : values) list.push_back(number_or_null(v));
  return list;
}

std::vector<double> times(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

Json starts(std::size_t bins, double step_s) {
  Json list = Json::array();
  for (std::size_t i = 0; i < bins; ++i) list.push_back(number(static_cast<double>(i) * step_s));
  return list;
}

/// Student's t interval of each minute's p95 over the replications, from 0 up.
Json band(const ClassTimelineStatistics& timeline, std::size_t replications, double confidence) {
  const auto n = static_cast<double>(replications);
  const double t = student_t_quantile(1 - (1 - confidence) / 2, n - 1);
  Json low = Json::array();
  Json high = Json::array();
  for (std::size_t i = 0; i < timeline.queue_delay_p95_s.size(); ++i) {
    const double mean = timeline.queue_delay_p95_s[i];
    const double half = t * std::sqrt(timeline.queue_delay_p95_spread[i] / (n - 1) / n);
    low.push_back(number_or_null(mean < half ? 0 : mean - half));
    high.push_back(number_or_null(mean + half));
  }
  return {{"low", std::move(low)}, {"high", std::move(high)}};
}

void put_class(Json& into, const ClassTimelineStatistics& timeline) {
  into["arrivals"] = line(timeline.arrivals);
  into["queue_len"] = {{"mean", line(timeline.queue_len)}, {"max", line(timeline.queue_len_max)}};
  into["oldest_age_s"] = line(timeline.oldest_age_s);
}

}  // namespace

Json timeline_block(const ReportInput& input, const PeriodResult& period) {
  const MeasureSpec& spec = input.result.spec;
  const RunStatistics& statistics = period.statistics;
  const double step_s = seconds(spec.timeline_step);
  const ClassTimelineStatistics& all = statistics.timeline.back();
  Json block = Json::object();
  block["step_s"] = number(step_s);
  block["t_s"] = starts(all.arrivals.size(), step_s);
  put_class(block, all);

  std::vector<double> busy_gpus(all.arrivals.size(), 0.0);
  Json pools = Json::object();
  for (std::size_t p = 0; p < spec.pools.size(); ++p) {
    const PoolStatistics& pool = statistics.pools[p];
    const ResolvedPool& resolved = input.resolved.pools[p];
    const auto gpus = static_cast<double>(resolved.gpus());
    const auto per_replica = static_cast<double>(resolved.config.gpus_per_replica);
    const std::vector<double> in_service = times(pool.in_service, per_replica);
    for (std::size_t i = 0; i < std::min(busy_gpus.size(), pool.busy_share.size()); ++i) {
      busy_gpus[i] += pool.busy_share[i] * (resolved.varies ? in_service[i] : gpus);
    }
    Json one = {{"running", line(pool.running)},
                {"queued", line(pool.queued)},
                {"busy_share", line(pool.busy_share)}};
    if (!pool.kv_share.empty()) one["kv_share"] = line(pool.kv_share);
    if (resolved.varies) {
      one["gpus_in_service"] = line(in_service);
      one["gpus_down"] = line(times(pool.down, per_replica));
    }
    pools[spec.pools[p]] = std::move(one);
  }
  block["busy_gpus"] = line(busy_gpus);
  Json classes = Json::object();
  for (std::size_t c = 0; c < spec.classes.size(); ++c) {
    put_class(classes[spec.classes[c]], statistics.timeline[c]);
  }
  block["by_class"] = std::move(classes);
  block["by_pool"] = std::move(pools);

  const double minute_s = seconds(spec.minute);
  Json delay = Json::object();
  delay["step_s"] = number(minute_s);
  delay["t_s"] = starts(all.queue_delay_p95_s.size(), minute_s);
  delay["all"] = line(all.queue_delay_p95_s);
  Json by_class = Json::object();
  for (std::size_t c = 0; c < spec.classes.size(); ++c) {
    by_class[spec.classes[c]] = line(statistics.timeline[c].queue_delay_p95_s);
  }
  delay["by_class"] = std::move(by_class);
  if (statistics.replications > 1) {
    const auto ci = [&](const ClassTimelineStatistics& timeline) {
      return band(timeline, statistics.replications, input.result.confidence);
    };
    Json classes_ci = Json::object();
    for (std::size_t c = 0; c < spec.classes.size(); ++c) {
      classes_ci[spec.classes[c]] = ci(statistics.timeline[c]);
    }
    delay["ci"] = {{"all", ci(all)}, {"by_class", std::move(classes_ci)}};
  }
  block["queue_delay_p95_s"] = std::move(delay);
  return block;
}

}  // namespace headroom
