#include <array>
#include <string>
#include <utility>

#include "report_parts.hpp"

namespace headroom {
namespace {

constexpr std::array<const char*, kEndStates> kStateNames{"finished", "rejected", "abandoned",
                                                          "failed", "unfinished"};

constexpr std::array<const char*, kRejectReasons> kReasonNames{
    "", "never_fits", "context_limit", "token_bucket", "quota", "queue_cap"};

/// A statistic with its interval: the value goes to `block`, the interval to block["ci"].
void put_mean(Json& block, const char* key, const Estimate& estimate) {
  block[key] = number_or_null(estimate.value);
  if (Json ci = interval(estimate.low, estimate.high); !ci.is_null()) {
    block["ci"][key] = std::move(ci);
  }
}

/// A count or a maximum: the mean with its range over the replications.
void put_range(Json& block, const char* key, const Estimate& estimate) {
  block[key] = number_or_null(estimate.value);
  if (Json range = interval(estimate.smallest, estimate.largest); !range.is_null()) {
    block["range"][key] = std::move(range);
  }
}

Json latency_block(const LatencyStatistics& latency, double confidence) {
  Json block = Json::object();
  block["count"] = number_or_null(latency.count.estimate(confidence).value);
  Json missing = Json::object();
  for (std::size_t i = 1; i < kEndStates; ++i) {
    missing[kStateNames[i]] = number_or_null(latency.missing[i].estimate(confidence).value);
  }
  block["missing"] = std::move(missing);
  block["censored"] = Json::array();
  Json censored = Json::object();
  const auto note = [&](const char* key, const Estimate& estimate) {
    if (estimate.censored == 0) return;
    block["censored"].push_back(key);
    censored[key] = estimate.censored;
  };
  const std::array<std::pair<const char*, const Series*>, 6> means{{
      {"mean", &latency.mean},
      {"std", &latency.std_deviation},
      {"p50", &latency.p50},
      {"p90", &latency.p90},
      {"p95", &latency.p95},
      {"p99", &latency.p99},
  }};
  Json ci = Json::object();
  for (const auto& [key, series] : means) {
    const Estimate estimate = series->estimate(confidence);
    note(key, estimate);
    block[key] = number_or_null(estimate.value);
    if (Json bounds = interval(estimate.low, estimate.high); !bounds.is_null()) {
      ci[key] = std::move(bounds);
    }
  }
  const Estimate largest = latency.max.estimate(confidence);
  note("max", largest);
  block["max"] = number_or_null(largest.value);
  block["ci"] = std::move(ci);
  Json range = Json::object();
  const Estimate count = latency.count.estimate(confidence);
  if (Json r = interval(count.smallest, count.largest); !r.is_null()) range["count"] = r;
  if (Json r = interval(largest.smallest, largest.largest); !r.is_null()) range["max"] = r;
  block["range"] = std::move(range);
  if (!censored.empty()) block["censored_replications"] = std::move(censored);
  return block;
}

Json group_block(const GroupStatistics& group, double confidence) {
  Json block = Json::object();
  const auto range = [&](const char* key, const Series& series) {
    put_range(block, key, series.estimate(confidence));
  };
  const auto mean = [&](const char* key, const Series& series) {
    put_mean(block, key, series.estimate(confidence));
  };
  range("arrived", group.arrived);
  for (std::size_t i = 0; i < kEndStates; ++i) range(kStateNames[i], group.ended[i]);
  const auto by_reason = [&](const std::string& before,
                             const std::array<Series, kRejectReasons>& rejected) {
    for (std::size_t i = 1; i < kRejectReasons; ++i) {
      range((before + kReasonNames[i]).c_str(), rejected[i]);
    }
  };
  by_reason("rejected_", group.rejected);
  range("abandoned_in_service", group.in_service);
  range("attempts", group.attempts);
  for (std::size_t i = 0; i < kEndStates; ++i) {
    range((std::string("attempts_") + kStateNames[i]).c_str(), group.attempts_ended[i]);
  }
  by_reason("attempts_rejected_", group.attempts_rejected);
  range("preemptions", group.preemptions);
  mean("offered_per_s", group.offered_per_s);
  mean("throughput_per_s", group.throughput_per_s);
  mean("goodput_per_s", group.goodput_per_s);
  mean("output_tokens_per_s", group.output_tokens_per_s);
  mean("slo_attainment", group.slo_attainment);
  for (std::size_t i = 1; i < kEndStates; ++i) {
    mean((std::string(kStateNames[i]) + "_share").c_str(), group.share[i]);
  }
  return block;
}

bool has_population(const LatencyStatistics& latency) {
  double sum = 0;
  for (const double v : latency.count.values()) sum += v;
  for (const Series& missing : latency.missing) {
    for (const double v : missing.values()) sum += v;
  }
  return sum > 0;
}

/// {"all", "by_class", "by_window": {name: {"all", "by_class"}}} of one block a group.
template <class MakeBlock>
Json by_class_and_window(const MeasureSpec& spec, Json block, const MakeBlock& make) {
  const auto fill = [&](Json& into, std::size_t window) {
    into["all"] = make(spec.classes.size(), window);
    Json classes = Json::object();
    for (std::size_t c = 0; c < spec.classes.size(); ++c) {
      classes[spec.classes[c]] = make(c, window);
    }
    into["by_class"] = std::move(classes);
  };
  fill(block, 0);
  Json windows = Json::object();
  for (std::size_t w = 1; w < spec.windows.size(); ++w) {
    Json window = Json::object();
    fill(window, w);
    windows[spec.windows[w].name] = std::move(window);
  }
  block["by_window"] = std::move(windows);
  return block;
}

}  // namespace

Json requests_block(const MeasureSpec& spec, const RunStatistics& statistics, double confidence) {
  return by_class_and_window(spec, Json::object(), [&](std::size_t c, std::size_t w) {
    return group_block(statistics.groups[c][w], confidence);
  });
}

Json metrics_block(const MeasureSpec& spec, const RunStatistics& statistics, double confidence) {
  Json block = Json::object();
  for (std::size_t m = 0; m < kLatencyMetrics; ++m) {
    // A metric that is defined for no request at all (tokens of pictures) has no block.
    if (!has_population(statistics.groups.back()[0].latency[m])) continue;
    const MetricEntry& entry = metrics()[m];
    block[std::string(entry.key)] = by_class_and_window(
        spec, Json{{"unit", std::string(entry.unit)}}, [&](std::size_t c, std::size_t w) {
          return latency_block(statistics.groups[c][w].latency[m], confidence);
        });
  }
  return block;
}

Json backlog_block(const ReportInput& input, const RunStatistics& statistics) {
  const MeasureSpec& spec = input.result.spec;
  const double confidence = input.result.confidence;
  const auto one = [&](const BacklogStatistics& backlog) {
    Json block = Json::object();
    put_range(block, "peak", backlog.peak.estimate(confidence));
    put_range(block, "peak_at_s", backlog.peak_at_s.estimate(confidence));
    Json drain = Json::object();
    for (std::size_t w = 0; w < spec.windows.size(); ++w) {
      const Estimate estimate = backlog.drain_s[w].estimate(confidence);
      drain[spec.windows[w].name] = {{"value", number_or_null(estimate.value)},
                                     {"ci", interval(estimate.low, estimate.high)},
                                     {"censored_replications", estimate.censored}};
    }
    block["drain_s"] = std::move(drain);
    return block;
  };
  Json block = Json::object();
  block["all"] = one(statistics.backlog.back());
  Json classes = Json::object();
  for (std::size_t c = 0; c < spec.classes.size(); ++c) {
    classes[spec.classes[c]] = one(statistics.backlog[c]);
    classes[spec.classes[c]]["drain_limit_s"] =
        number(seconds(input.resolved.classes[c].drain_limit));
  }
  block["by_class"] = std::move(classes);
  return block;
}

}  // namespace headroom
