#include <array>
#include <string>
#include <utility>

#include "report_parts.hpp"

namespace headroom {
namespace {

bool higher_is_better(Metric metric) {
  return metric == Metric::kSloAttainment || metric == Metric::kGoodput;
}

/// One statistic; nothing where a replication had no request to say it of: such values cannot be
/// paired.
void add_sample(Json& list, Json head, Metric metric, const Json& statistic, const std::string& of,
                const std::string& window, const Series& series) {
  if (series.empty() > 0 || series.by_replication().empty()) return;
  const MetricEntry& entry = metrics()[static_cast<std::size_t>(metric)];
  head["metric"] = std::string(entry.name);
  head["statistic"] = statistic;
  head["class"] = of;
  head["window"] = window;
  head["unit"] = std::string(entry.unit);
  head["better"] = higher_is_better(metric) ? "higher" : "lower";
  Json values = Json::array();
  for (const double value : series.by_replication()) values.push_back(number_or_null(value));
  head["values"] = std::move(values);
  list.push_back(std::move(head));
}

void add_group(Json& list, const GroupStatistics& group, const std::string& of,
               const std::string& window) {
  constexpr std::array<Metric, 4> kLatencies{Metric::kQueueDelay, Metric::kTtft, Metric::kTpot,
                                             Metric::kE2e};
  const auto add = [&](Metric metric, const Json& statistic, const Series& series) {
    add_sample(list, Json::object(), metric, statistic, of, window, series);
  };
  for (const Metric metric : kLatencies) {
    const LatencyStatistics& latency = group.latency[static_cast<std::size_t>(metric)];
    add(metric, "mean", latency.mean);
    add(metric, "p50", latency.p50);
    add(metric, "p95", latency.p95);
    add(metric, "p99", latency.p99);
  }
  const auto share = [&](EndState state) -> const Series& {
    return group.share[static_cast<std::size_t>(state)];
  };
  add(Metric::kSloAttainment, nullptr, group.slo_attainment);
  add(Metric::kGoodput, nullptr, group.goodput_per_s);
  add(Metric::kAbandonedShare, nullptr, share(EndState::kAbandoned));
  add(Metric::kRejectedShare, nullptr, share(EndState::kRejected));
}

void add_targets(Json& list, const ReportInput& input, std::size_t index) {
  const MeasureSpec& spec = input.result.spec;
  const PeriodResult& period = input.result.periods[index];
  for (std::size_t t = 0; t < spec.targets.size(); ++t) {
    const TargetSpec& target = spec.targets[t];
    Json head = {{"target", target.id}};
    if (input.result.periods.size() > 1) head["period"] = index;
    add_sample(list, std::move(head), target.metric,
               target.statistic ? Json(target.statistic_name) : Json(nullptr),
               class_name(spec, target.request_class),
               target.every_minute ? "every_minute" : spec.windows[target.window].name,
               period.statistics.targets[t].value);
  }
}

}  // namespace

Json samples_block(const ReportInput& input) {
  const MeasureSpec& spec = input.result.spec;
  Json list = Json::array();
  for (std::size_t i = 0; i < input.result.periods.size(); ++i) add_targets(list, input, i);
  // With several busy periods the report is about the first that fails, another one in each run.
  if (input.result.periods.size() > 1) return list;
  const RunStatistics& statistics = input.result.main_period().statistics;
  for (std::size_t w = 0; w < spec.windows.size(); ++w) {
    for (std::size_t c = 0; c <= spec.classes.size(); ++c) {
      add_group(list, statistics.groups[c][w], class_name(spec, c), spec.windows[w].name);
    }
  }
  return list;
}

}  // namespace headroom
