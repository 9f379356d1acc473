#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "headroom/json/document.hpp"
#include "headroom/policy/names.hpp"
#include "headroom/report/format.hpp"
#include "report_parts.hpp"

namespace headroom {
namespace {

/// Above this share of its capacity a pool queues noticeably however its requests are spread.
constexpr double kNearlyFull = 0.85;
/// KV memory counts as full from here: the last blocks are lost to rounding.
constexpr double kKvFull = 0.95;

/// A policy's name: the tables stand in the order of the engine's words.
template <class Word>
std::string name_at(std::span<const PolicyName> names, Word word) {
  return std::string(names[static_cast<std::size_t>(word)].name);
}

Json optional_utc(const ReportInput& input, double at_s) {
  if (std::isnan(at_s) || !input.loaded.document.contains("/time/start")) return nullptr;
  return json::format_utc(input.resolved.scenario.time.start.seconds + at_s);
}

std::string moment(const ReportInput& input, double at_s) {
  const Json utc = optional_utc(input, at_s);
  if (utc.is_null()) return format_seconds(at_s);
  const std::string text = utc.get<std::string>();  // 2025-04-01T12:40:00Z
  return text.substr(0, 10) + " " + text.substr(11, 5) + " UTC";
}

/// From the scenario's start to a busy period's: the same hours of another day.
double days_until(const PeriodResult& period) {
  return std::floor(period.start_s / 86'400) * 86'400;
}

/// A share is 1 at most.
double largest_value(const MetricEntry& metric) { return metric.unit == "share" ? 1 : 1e300; }

/// "max_s", "min", "min_per_s", ...: the limit's key says its side and unit.
std::string limit_key(const TargetSpec& target) {
  const std::string side = target.lower_limit() ? "min" : "max";
  const std::string_view unit = metrics()[static_cast<std::size_t>(target.metric)].unit;
  return side + (unit == "s" ? "_s" : unit == "1/s" ? "_per_s" : "");
}

Json target_block(const ReportInput& input, const TargetSpec& target, const TargetVerdict& verdict,
                  const PeriodResult& period) {
  const MeasureSpec& spec = input.result.spec;
  const MetricEntry& metric = metrics()[static_cast<std::size_t>(target.metric)];
  Json block = Json::object();
  block["id"] = target.id;
  block["metric"] = std::string(metric.name);
  block["statistic"] = target.statistic ? Json(target.statistic_name) : Json(nullptr);
  block["unit"] = std::string(metric.unit);
  block["window"] = target.every_minute ? "every_minute" : spec.windows[target.window].name;
  block["class"] = class_name(spec, target.request_class);
  block["of"] = target.admitted ? "admitted" : "offered";
  block[limit_key(target)] = number(target.limit);
  block["value"] = number_or_null(verdict.value.value);
  const double most = largest_value(metric);
  block["ci"] = interval(verdict.value.low, verdict.value.high, most);
  block["bound"] = number_or_null(verdict.bound);
  block["samples"] = number(verdict.samples);
  block["pass"] = verdict.pass;
  block["rule"] = verdict.point_estimate ? "point estimate"
                  : target.lower_limit() ? "lower CI bound"
                                         : "upper CI bound";
  if (!verdict.reason.empty()) block["reason"] = verdict.reason;
  if (verdict.value.censored > 0) {
    block["censored"] = Json::array({"value"});
    block["censored_replications"] = verdict.value.censored;
  }
  if (target.admitted) block["refused_share"] = number(verdict.refused_share);
  if (verdict.by_minute) {
    block["first_breach_s"] = number_or_null(verdict.first_breach_s);
    block["first_breach_utc"] = optional_utc(input, days_until(period) + verdict.first_breach_s);
    block["breach_share"] = number(verdict.breach_share);
    block["worst"] = number_or_null(verdict.worst.value);
    block["worst_ci"] = interval(verdict.worst.low, verdict.worst.high, most);
    block["worst_censored_replications"] = verdict.worst.censored;
    block["worst_at_s"] = number_or_null(verdict.worst_at_s);
    block["time_above_s"] = number_or_null(verdict.time_above_s.value);
    block["time_above_range_s"] =
        interval(verdict.time_above_s.smallest, verdict.time_above_s.largest);
  }
  return block;
}

/// The pool nearest to, or furthest above, its capacity.
const PoolLoad& fullest(const PeriodResult& period) {
  return *std::max_element(
      period.load.begin(), period.load.end(),
      [](const PoolLoad& a, const PoolLoad& b) { return a.peak_per_gpu < b.peak_per_gpu; });
}

std::size_t failing(const PeriodResult& period) {
  return static_cast<std::size_t>(std::count_if(period.verdicts.begin(), period.verdicts.end(),
                                                [](const auto& v) { return !v.pass; }));
}

std::int64_t fleet_gpus(const ReportInput& input) {
  std::int64_t gpus = 0;
  for (const ResolvedPool& pool : input.resolved.pools) gpus += pool.gpus();
  return gpus;
}

/// "20 GPUs", or "16 to 40 GPUs" where deliveries and removals change their number.
std::string fleet_text(const ReportInput& input) {
  std::vector<std::pair<Ticks, std::int64_t>> changes;
  for (const ResolvedPool& pool : input.resolved.pools) {
    for (const ResolvedChange& change : pool.changes) {
      changes.emplace_back(change.at, change.replicas * pool.config.gpus_per_replica);
    }
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::int64_t gpus = fleet_gpus(input), least = gpus, most = gpus;
  for (const auto& [at, change] : changes) {
    gpus += change;
    least = std::min(least, gpus);
    most = std::max(most, gpus);
  }
  const std::string range =
      least < most ? format_count(static_cast<double>(least)) + " to " : std::string();
  return range + format_count(static_cast<double>(most)) + " GPUs";
}

std::string plural(std::size_t n, const char* word) {
  return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
}

/// The earliest first breach among the targets missed.
std::optional<std::size_t> earliest_breach(const PeriodResult& period) {
  std::optional<std::size_t> first;
  for (std::size_t t = 0; t < period.verdicts.size(); ++t) {
    const TargetVerdict& verdict = period.verdicts[t];
    if (verdict.pass || !verdict.by_minute || std::isnan(verdict.first_breach_s)) continue;
    if (!first || verdict.first_breach_s < period.verdicts[*first].first_breach_s) first = t;
  }
  return first;
}

std::string periods_headline(const ReportInput& input, const std::string& fleet) {
  const auto& periods = input.result.periods;
  const std::string& every = input.resolved.scenario.busy_periods->every;
  const auto first = input.result.first_failing();
  if (!first) {
    const std::size_t busiest = input.result.busiest();
    const std::string when =
        busiest + 1 == periods.size() ? "" : fmt::format(" in {} {}", every, busiest);
    return fmt::format("{} hold every target through {} {} of growth ({} x demand{})", fleet, every,
                       periods.size() - 1, format_number(periods[busiest].rate_multiplier), when);
  }
  const PeriodResult& period = periods[*first];
  if (*first == 0) {
    return fmt::format("{} miss {} from the first {} on", fleet, plural(failing(period), "target"),
                       every);
  }
  return fmt::format("{} hold until {} {}: then {} x demand misses {}", fleet, every, *first,
                     format_number(period.rate_multiplier), plural(failing(period), "target"));
}

std::string headline(const ReportInput& input, const PeriodResult& period) {
  const std::string fleet = fleet_text(input);
  const std::size_t targets = input.result.spec.targets.size();
  if (period.statistics.replications == 0) return fleet + ": stopped before a replication ended";
  if (targets == 0) return fleet + ": no targets declared, nothing to pass or fail";
  if (input.result.periods.size() > 1) return periods_headline(input, fleet);
  const std::size_t misses = failing(period);
  if (misses == 0) {
    return fmt::format("{} hold {}", fleet,
                       targets == 1 ? "the target" : fmt::format("all {} targets", targets));
  }
  std::string text = fmt::format("{} miss {} of {}", fleet, misses, plural(targets, "target"));
  if (const auto first = earliest_breach(period)) {
    text += fmt::format("; first over at {} ({})",
                        moment(input, days_until(period) + period.verdicts[*first].first_breach_s),
                        input.result.spec.targets[*first].id);
  }
  return text;
}

/// GPUs in service over the run, what changed them and what that did to requests.
Json fleet_changes_block(const ResolvedPool& pool, const PoolStatistics& statistics,
                         double confidence) {
  const auto per_replica = static_cast<double>(pool.config.gpus_per_replica);
  double least = 0, most = 0;
  if (!statistics.in_service.empty()) {
    const auto [low, high] =
        std::minmax_element(statistics.in_service.begin(), statistics.in_service.end());
    least = per_replica * *low;
    most = per_replica * *high;
  }
  const auto mean = [confidence](const Series& series) {
    return number_or_null(series.estimate(confidence).value);
  };
  return {{"gpus_least", number(least)},
          {"gpus_most", number(most)},
          {"gpu_hours_down", number_or_null(statistics.down_ps.estimate(confidence).value * 1e-12 /
                                            3600 * per_replica)},
          {"replicas_started", mean(statistics.starts)},
          {"replica_faults", mean(statistics.faults)},
          {"replicas_removed", mean(statistics.removals)},
          {"requests_moved", mean(statistics.moved)},
          {"requests_held", mean(statistics.held)}};
}

}  // namespace

Json targets_block(const ReportInput& input, const PeriodResult& period) {
  Json list = Json::array();
  for (std::size_t t = 0; t < period.verdicts.size(); ++t) {
    list.push_back(target_block(input, input.result.spec.targets[t], period.verdicts[t], period));
  }
  return list;
}

Json pools_block(const ReportInput& input, const PeriodResult& period) {
  Json list = Json::array();
  const double confidence = input.result.confidence;
  for (std::size_t p = 0; p < input.resolved.pools.size(); ++p) {
    const ResolvedPool& pool = input.resolved.pools[p];
    const PoolStatistics& statistics = period.statistics.pools[p];
    const PoolLoad& load = period.load[p];
    const auto value = [&](const Series& series) {
      return number_or_null(series.estimate(confidence).value);
    };
    Json block = {
        {"name", pool.config.name},
        {"gpu", pool.gpu},
        {"model", pool.model},
        {"gpus", pool.gpus()},
        {"replicas", pool.config.replicas},
        {"gpus_per_replica", pool.config.gpus_per_replica},
        {"batching", name_at(batching_modes(), pool.config.mode)},
        {"queueing", name_at(queueing_policies(), pool.config.queueing)},
        {"max_batch", pool.config.max_batch},
        {"busy_mean", value(statistics.busy_mean)},
        {"busy_peak", value(statistics.busy_peak)},
        {"preemptions", value(statistics.preemptions)},
        {"wasted_gpu_s", number_or_null(statistics.wasted_s.estimate(confidence).value *
                                        static_cast<double>(pool.config.gpus_per_replica))}};
    const auto gpu_hours = [&](const Series& replica_ps) {
      return number_or_null(replica_ps.estimate(confidence).value * 1e-12 / 3600 *
                            static_cast<double>(pool.config.gpus_per_replica));
    };
    block["gpu_hours"] = gpu_hours(statistics.in_service_ps);
    if (pool.varies) block["fleet_changes"] = fleet_changes_block(pool, statistics, confidence);
    if (pool.makes_tokens()) {
      block["kv_blocks"] = pool.config.kv_blocks;
      block["block_tokens"] = pool.config.block_tokens;
      block["kv_mean"] = value(statistics.kv_mean);
      block["kv_peak"] = value(statistics.kv_peak);
      block["kernel_range"] = {{"calibrated", pool.range.calibrated},
                               {"step_tokens", pool.range.step_tokens},
                               {"batch", pool.range.batch},
                               {"context", pool.range.context},
                               {"notes", pool.range.notes}};
    }
    Json windows = Json::object();
    for (std::size_t w = 0; w < input.result.spec.windows.size(); ++w) {
      windows[input.result.spec.windows[w].name] = {
          {"mean_gpus", number(load.window_mean_gpus[w])},
          {"peak_gpus", number(load.window_peak_gpus[w])}};
    }
    block["offered_load"] = {{"mean_gpus", number(load.mean_gpus)},
                             {"peak_gpus", number(load.peak_gpus)},
                             {"peak_at_s", number(load.peak_at_s)},
                             {"peak_per_gpu", number(load.peak_per_gpu)},
                             {"full_replica_limit", std::string(fluid_limit_name(load.limit))},
                             {"fluid_gpus", number(load.gpus_needed)},
                             {"by_window", std::move(windows)}};
    list.push_back(std::move(block));
  }
  return list;
}

Json busy_periods_block(const ReportInput& input) {
  if (input.result.periods.size() < 2) return nullptr;
  Json list = Json::array();
  for (std::size_t i = 0; i < input.result.periods.size(); ++i) {
    const PeriodResult& period = input.result.periods[i];
    Json targets = Json::array();
    for (std::size_t t = 0; t < period.verdicts.size(); ++t) {
      const TargetVerdict& verdict = period.verdicts[t];
      const TargetSpec& target = input.result.spec.targets[t];
      const double most = largest_value(metrics()[static_cast<std::size_t>(target.metric)]);
      targets.push_back({{"id", target.id},
                         {"value", number_or_null(verdict.value.value)},
                         {"ci", interval(verdict.value.low, verdict.value.high, most)},
                         {"pass", verdict.pass}});
    }
    double fluid = 0;
    for (const PoolLoad& load : period.load) fluid += load.gpus_needed;
    const PoolLoad& full = fullest(period);
    list.push_back({{"index", i},
                    {"start_s", number(period.start_s)},
                    {"start_utc", optional_utc(input, days_until(period))},
                    {"rate_multiplier", number(period.rate_multiplier)},
                    {"offered_load_per_gpu", number(full.peak_per_gpu)},
                    {"fluid_gpus", number(fluid)},
                    {"replications", period.statistics.replications},
                    {"pass", period.holds()},
                    {"targets", std::move(targets)}});
  }
  const auto first = input.result.first_failing();
  return {{"every", input.resolved.scenario.busy_periods->every},
          {"first_failing", first ? Json(*first) : Json(nullptr)},
          {"reported", input.result.main_index()},
          {"periods", std::move(list)}};
}

Json answer_block(const ReportInput& input, const PeriodResult& period) {
  double mean = 0;
  double peak = 0;
  double fluid = 0;
  Json fleet = Json::array();
  for (const PoolLoad& load : period.load) {
    mean += load.mean_gpus;
    peak += load.peak_gpus;
    fluid += load.gpus_needed;
    fleet.push_back({{"pool", load.pool},
                     {"current", number(load.gpus)},
                     {"fluid_gpus", number(load.gpus_needed)}});
  }
  const bool judged = !input.result.spec.targets.empty() && period.statistics.replications > 0;
  return {{"verdict", !judged          ? "none"
                      : period.holds() ? "pass"
                                       : "fail"},
          {"headline", headline(input, period)},
          {"gpus", fleet_gpus(input)},
          {"offered_load_mean_gpus", number(mean)},
          {"offered_load_peak_gpus", number(peak)},
          {"fluid_gpus", number(fluid)},
          {"fleet", std::move(fleet)}};
}

Json why_block(const ReportInput& input, const PeriodResult& period) {
  const PoolLoad& load = fullest(period);
  const double per_gpu = load.peak_per_gpu;
  const std::string at = moment(input, days_until(period) + load.peak_per_gpu_at_s);
  Json window = nullptr;
  for (std::size_t w = 1; w < input.result.spec.windows.size(); ++w) {
    for (const TimeSpan& span : input.result.spec.windows[w].spans) {
      if (seconds(span.from) <= load.peak_per_gpu_at_s &&
          load.peak_per_gpu_at_s < seconds(span.to)) {
        window = input.result.spec.windows[w].name;
      }
    }
  }
  const bool steady = per_gpu < 1.01 * load.mean_gpus / load.in_service_mean;
  const std::string where = steady ? "throughout"
                            : window.is_null()
                                ? "at " + at
                                : "in window " + window.get<std::string>() + " (" + at + ")";
  const std::string offered = format_number(per_gpu) + " GPU of load per GPU";
  std::size_t p = 0;
  while (period.load[p].pool != load.pool) ++p;
  const double kv = period.statistics.pools[p].kv_peak.estimate(0.95).value;

  std::string binding;
  if (load.gpus_then <= 0 && load.offered_then > 0) {
    binding = fmt::format("no GPU of pool {} is in service {} while {} GPUs of load are offered",
                          load.pool, where, format_number(load.offered_then));
  } else if (per_gpu >= 1) {
    binding = fmt::format("pool {} is offered {} {}: the backlog grows (full by {})", load.pool,
                          offered, where, fluid_limit_name(load.limit));
  } else if (per_gpu >= kNearlyFull) {
    binding = fmt::format("pool {} is nearly full {}: {} (full by {})", load.pool, where, offered,
                          fluid_limit_name(load.limit));
  } else if (!std::isnan(kv) && kv >= kKvFull) {
    binding = fmt::format("KV memory of pool {} is full: {} {}", load.pool, offered, where);
  } else {
    binding = fmt::format("no pool is short of capacity: at most {}, pool {} {}", offered,
                          load.pool, where);
    if (failing(period) > 0) binding += "; the limits missed are near the service's own time";
  }
  return {{"binding", std::move(binding)},
          {"pool", load.pool},
          {"window", std::move(window)},
          {"at_s", number(load.peak_per_gpu_at_s)},
          {"offered_load_per_gpu", number(per_gpu)}};
}

}  // namespace headroom
