#include <algorithm>
#include <array>

#include "describe_gateway.hpp"
#include "headroom/scenario/scenario.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Choice;
using json::Dimension;
using json::Range;

constexpr std::array<Choice, 11> kMetrics{{
    {"queue_delay", "time of the first scheduled work minus arrival"},
    {"ttft", "time to first token"},
    {"itl", "inter-token latency: the gap between two tokens"},
    {"tpot", "time per output token: (last - first token) / (output tokens - 1)"},
    {"e2e", "end to end: finish minus arrival"},
    {"time_in_queue", "all the time a request spent queued, whether it was served or not"},
    {"slo_attainment", "finished within all limits of the class's slo / arrived"},
    {"goodput", "requests a second that finish within the slo"},
    {"abandoned_share", "abandoned / arrived"},
    {"rejected_share", "rejected / arrived"},
    {"drain_time", "from the window's end until the oldest queued request is young again"},
}};
constexpr std::size_t kLatencies = 6;

constexpr std::array<Choice, 6> kStatistics{{{"mean", "over the requests that have it"},
                                             {"p50", "median, the lost ones ranked last"},
                                             {"p90", "90th percentile, the lost ones ranked last"},
                                             {"p95", "95th percentile, the lost ones ranked last"},
                                             {"p99", "99th percentile, the lost ones ranked last"},
                                             {"max", "largest of the requests that have it"}}};

/// A longer limit than the longest run is none.
constexpr double kLongestLimit_s = seconds(kMaxRunSpan);

void limit_duration(Archive& a, const json::Field& field, std::optional<Ticks>& value) {
  double held = value ? seconds(*value) : 0;
  a.quantity(field, held, Dimension::kDuration, Range{0, kLongestLimit_s, true, false});
  if (a.has(field.key)) value = ticks_from_seconds(held);
}

/// The fields of a target that its metric decides.
void describe_limit(Archive& a, ScenarioTarget& target, std::size_t metric) {
  const std::string_view name = kMetrics[metric].name;
  const auto required = json::Need::kRequired;
  if (metric < kLatencies) {
    a.choice({"statistic", "which number of its distribution"}, target.statistic, kStatistics);
  }
  if (metric < kLatencies || name == "drain_time") {
    a.quantity({"max", "the target holds at or below it", required}, target.limit,
               Dimension::kDuration, Range{0, kLongestLimit_s});
  } else if (name == "goodput") {
    a.quantity({"min", "the target holds at or above it", required}, target.limit, Dimension::kRate,
               json::kNonNegative);
  } else if (name == "slo_attainment") {
    a.number({"min", "share of the arrived; the target holds at or above it", required},
             target.limit, json::kShare);
  } else {
    a.number({"max", "share of the arrived; the target holds at or below it", required},
             target.limit, json::kShare);
  }
}

}  // namespace

std::span<const Choice> metric_choices() { return kMetrics; }
std::span<const Choice> statistic_choices() { return kStatistics; }

bool ScenarioTarget::latency() const {
  return std::any_of(kMetrics.begin(), kMetrics.begin() + kLatencies,
                     [this](const Choice& choice) { return choice.name == metric; });
}

void describe(Archive& a, ScenarioStage& stage) {
  a.text({"pool", "the pool that serves it", json::Need::kRequired}, stage.pool);
  describe(a, stage.demand);
}

void describe(Archive& a, ScenarioSlo& slo) {
  limit_duration(a, {"queue_delay", "longest queue delay"}, slo.queue_delay);
  limit_duration(a, {"ttft", "longest time to first token"}, slo.ttft);
  limit_duration(a, {"tpot", "longest mean time of an output token"}, slo.tpot);
  limit_duration(a, {"e2e", "longest time from arrival to finish"}, slo.e2e);
}

void describe(Archive& a, ScenarioClass& c) {
  a.text({"name", "what targets and reports call it", json::Need::kRequired}, c.name);
  a.integer({"tier", "0 is served first"}, c.tier, Range{0, 1000});
  a.list({"stages", "the pools it visits, in order", json::Need::kRequired}, c.stages, 1);
  describe(a, c.demand);
  describe_gateway(a, c);
  a.duration({"fixed_delay", "outside the fleet (network, tokenizer), added to TTFT and E2E"},
             c.fixed_delay);
  a.object({"slo", "limits on one request, for attainment and goodput"}, c.slo);
  c.demand.name = c.name;
}

void describe(Archive& a, ScenarioWindow& window) {
  a.text({"name", "what targets and reports call it", json::Need::kRequired}, window.name);
  a.time_point({"from", "arrivals from here on", json::Need::kRequired}, window.from);
  a.time_point({"to", "arrivals before here", json::Need::kRequired}, window.to);
}

void describe(Archive& a, ScenarioTarget& target) {
  a.text({"id", "what reports call it; default by its parts"}, target.id);
  a.text({"class", "the class judged; without: all together"}, target.request_class);
  std::array<Archive::Branch, kMetrics.size()> branches;
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    branches[i] = {kMetrics[i].name, kMetrics[i].summary,
                   [&target, i](Archive& b) { describe_limit(b, target, i); }};
  }
  a.variant({"metric", "what is judged", json::Need::kRequired}, target.metric, branches);
  a.text({"window", "\"run\", a window's name, or \"every_minute\": the worst minute is judged"},
         target.window);
  static constexpr std::array<Choice, 2> kPopulations{
      {{"offered", "every request that arrived"},
       {"admitted", "without those refused on purpose, whose share is shown beside"}}};
  a.choice({"of", "whom it is about"}, target.of, kPopulations);
}

}  // namespace headroom
