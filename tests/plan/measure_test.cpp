#include "headroom/plan/measure.hpp"

#include <cmath>

#include "hand_outcome.hpp"
#include "headroom/plan/verdict.hpp"
#include "headroom/scenario/scenario.hpp"
#include "support/catch.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

/// Bins are 0.4 % wide, so quantiles of hand-made values are met to that.
constexpr double kBin = 0.004;
constexpr double kMinuteBin = 0.016;

/// 100 requests a minute of queue delay `delay_s`, each minute its own.
Outcome steady(const MeasureSpec& spec, const std::vector<double>& delay_s) {
  Outcome outcome = empty_outcome(spec);
  for (std::size_t m = 0; m < delay_s.size(); ++m) {
    for (int i = 0; i < 100; ++i) finish(outcome, m, delay_s[m], delay_s[m] + 1);
  }
  return outcome;
}

}  // namespace

TEST_CASE("counts, shares and rates follow from how requests ended", "[plan][measure]") {
  const MeasureSpec spec = one_class_spec(1);
  Outcome outcome = empty_outcome(spec);
  for (int i = 0; i < 6; ++i) finish(outcome, 0, 1, 2, i < 3);
  for (int i = 0; i < 2; ++i) lose(outcome, 0, EndState::kAbandoned);
  lose(outcome, 0, EndState::kRejected);
  lose(outcome, 0, EndState::kUnfinished);
  const RunStatistics statistics = statistics_of(spec, {outcome});
  for (const std::size_t row : {0U, 1U}) {  // the class, and all classes together
    const GroupStatistics& group = statistics.groups[row][0];
    CHECK(group.arrived.estimate(0.95).value == 10);
    CHECK(group.share[static_cast<std::size_t>(EndState::kAbandoned)].estimate(0.95).value ==
          Approx(0.2));
    CHECK(group.slo_attainment.estimate(0.95).value == Approx(3.0 / 10));
    CHECK(group.goodput_per_s.estimate(0.95).value == Approx(3.0 / 60));
    CHECK(group.throughput_per_s.estimate(0.95).value == Approx(6.0 / 60));
  }
}

TEST_CASE("percentiles keep the lost ones in, means leave them out", "[plan][measure]") {
  const MeasureSpec spec = one_class_spec(1);
  Outcome outcome = empty_outcome(spec);
  for (int i = 0; i < 94; ++i) finish(outcome, 0, 1, 2);
  for (int i = 0; i < 6; ++i) lose(outcome, 0, EndState::kAbandoned, 5);
  const RunStatistics statistics = statistics_of(spec, {outcome});
  const LatencyStatistics& delay =
      statistics.groups[0][0].latency[static_cast<std::size_t>(Metric::kQueueDelay)];
  // Rank of p90 is 90 of 100, among the 94 served; of p95 it is 95, among the lost.
  CHECK(delay.p90.estimate(0.95).value == Approx(1).epsilon(kBin));
  CHECK(delay.p95.estimate(0.95).censored == 1);
  CHECK(delay.mean.estimate(0.95).value == Approx(1));
  CHECK(delay.max.estimate(0.95).value == Approx(1));
  // time_in_queue counts the waits of those who left: (94 x 1 + 6 x 5) / 100.
  const LatencyStatistics& waits =
      statistics.groups[0][0].latency[static_cast<std::size_t>(Metric::kTimeInQueue)];
  CHECK(waits.mean.estimate(0.95).value == Approx(1.24));
}

TEST_CASE("a metric that is defined for nobody is empty, not censored", "[plan][measure]") {
  const MeasureSpec spec = one_class_spec(1);
  const RunStatistics statistics = statistics_of(spec, {steady(spec, {1})});
  const Estimate ttft =
      statistics.groups[0][0].latency[static_cast<std::size_t>(Metric::kTtft)].p95.estimate(0.95);
  CHECK(ttft.empty == 1);
  CHECK(ttft.censored == 0);
}

TEST_CASE("a window holds the requests of its stretches only", "[plan][measure]") {
  MeasureSpec spec = one_class_spec(2);
  spec.windows = {{"run", {0, 1}, {{Ticks{0}, at(120)}}}, {"spike", {1}, {{at(60), at(120)}}}};
  Outcome outcome = empty_outcome(spec, 2);
  for (int i = 0; i < 10; ++i) finish(outcome, 0, 1, 2, true, 0, 0);
  for (int i = 0; i < 30; ++i) finish(outcome, 1, 3, 4, true, 0, 1);
  const RunStatistics statistics = statistics_of(spec, {outcome});
  CHECK(statistics.groups[0][0].arrived.estimate(0.95).value == 40);
  CHECK(statistics.groups[0][1].arrived.estimate(0.95).value == 30);
  // Mean of the run (10 x 1 + 30 x 3) / 40 = 2.5; of the spike 3. Rates by each one's own length.
  CHECK(statistics.groups[0][0].latency[0].mean.estimate(0.95).value == Approx(2.5));
  CHECK(statistics.groups[0][1].latency[0].mean.estimate(0.95).value == Approx(3));
  CHECK(statistics.groups[0][1].offered_per_s.estimate(0.95).value == Approx(30.0 / 60));
}

TEST_CASE("a target passes when its upper bound, not only its mean, is within the limit",
          "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  spec.targets = {p95_queue_delay(2.5), p95_queue_delay(6)};
  const std::vector<Outcome> outcomes{steady(spec, {1}), steady(spec, {2}), steady(spec, {3})};
  const RunStatistics statistics = statistics_of(spec, outcomes);
  const auto verdicts = judge(statistics, spec, 0.95);
  // Mean 2, error 1 / sqrt 3 = 0.577; two targets at 0.95: level 0.975, t(0.975, 2) = 4.3027:
  // the bound is 2 + 2.484 = 4.484.
  CHECK(verdicts[0].level == Approx(0.975));
  CHECK(verdicts[0].value.value == Approx(2).epsilon(kBin));
  CHECK(verdicts[0].bound == Approx(4.484).epsilon(kBin));
  CHECK_FALSE(verdicts[0].pass);
  CHECK(verdicts[1].pass);
  CHECK_FALSE(verdicts[0].point_estimate);
  CHECK(verdicts[0].samples == 100);
}

TEST_CASE("with fewer than three replications the verdict is a point estimate", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  spec.targets = {p95_queue_delay(2.5)};
  const auto verdicts =
      judge(statistics_of(spec, {steady(spec, {1}), steady(spec, {3})}), spec, 0.95);
  CHECK(verdicts[0].point_estimate);
  CHECK(verdicts[0].pass);  // mean 2
}

TEST_CASE("a lower limit is judged by the lower bound", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  TargetSpec target;
  target.metric = Metric::kSloAttainment;
  target.limit = 0.5;
  spec.targets = {target};
  const auto with_slo = [&](int met) {
    Outcome outcome = empty_outcome(spec);
    for (int i = 0; i < 10; ++i) finish(outcome, 0, 1, 2, i < met);
    return outcome;
  };
  // 0.5, 0.6, 0.7: mean 0.6, error 0.1 / sqrt 3 = 0.0577, t(0.95, 2) = 2.92: bound 0.431 < 0.5.
  const auto verdicts =
      judge(statistics_of(spec, {with_slo(5), with_slo(6), with_slo(7)}), spec, 0.95);
  CHECK(verdicts[0].bound == Approx(0.6 - 2.919986 * 0.1 / std::sqrt(3.0)));
  CHECK_FALSE(verdicts[0].pass);
  const auto sure = judge(statistics_of(spec, {with_slo(9), with_slo(9), with_slo(9)}), spec, 0.95);
  CHECK(sure[0].pass);
}

TEST_CASE("a target that saw nobody fails", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  spec.targets = {p95_queue_delay(1)};
  const Outcome nobody = empty_outcome(spec);
  const auto verdicts = judge(statistics_of(spec, {nobody, nobody, nobody}), spec, 0.95);
  CHECK_FALSE(verdicts[0].pass);
  CHECK(verdicts[0].reason == "no samples");
}

TEST_CASE("a percentile among the lost fails any target", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  spec.targets = {p95_queue_delay(1e6)};
  Outcome outcome = steady(spec, {1});
  for (int i = 0; i < 10; ++i) lose(outcome, 0, EndState::kUnfinished);
  const auto verdicts =
      judge(statistics_of(spec, {steady(spec, {1}), steady(spec, {1}), outcome}), spec, 0.95);
  CHECK_FALSE(verdicts[0].pass);
  CHECK(verdicts[0].reason == "censored");
  CHECK(verdicts[0].value.censored == 1);
}

TEST_CASE("of admitted leaves out those refused on purpose, not those that cannot be served",
          "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  TargetSpec admitted = p95_queue_delay(2);
  admitted.admitted = true;
  spec.targets = {p95_queue_delay(2), admitted};
  Outcome outcome = steady(spec, {1});
  for (int i = 0; i < 25; ++i) {
    refuse(outcome, 0, i % 2 == 0 ? RejectReason::kQuota : RejectReason::kQueueCap);
  }
  auto verdicts = judge(statistics_of(spec, {outcome}), spec, 0.95);
  CHECK_FALSE(verdicts[0].pass);
  CHECK(verdicts[1].pass);
  CHECK(verdicts[1].samples == 100);
  CHECK(verdicts[1].refused_share == Approx(25.0 / 125));
  for (int i = 0; i < 25; ++i) refuse(outcome, 0, RejectReason::kNeverFits);
  verdicts = judge(statistics_of(spec, {outcome}), spec, 0.95);
  CHECK_FALSE(verdicts[1].pass);
  CHECK(verdicts[1].refused_share == Approx(25.0 / 150));
}

TEST_CASE("shares and minutes of the admitted leave out the refused too", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(2);
  TargetSpec minutes = p95_queue_delay(2);
  minutes.every_minute = minutes.admitted = true;
  TargetSpec rejected = p95_queue_delay(0.1);
  rejected.metric = Metric::kRejectedShare;
  rejected.statistic.reset();
  TargetSpec admitted = rejected;
  admitted.admitted = true;
  TargetSpec attained = admitted;
  attained.metric = Metric::kSloAttainment;
  spec.targets = {minutes, rejected, admitted, attained};
  Outcome outcome = steady(spec, {1, 1});
  for (int i = 0; i < 40; ++i) refuse(outcome, 1, RejectReason::kTokenBucket);
  for (int i = 0; i < 10; ++i) refuse(outcome, 0, RejectReason::kContextLimit);
  const auto verdicts = judge(statistics_of(spec, {outcome}), spec, 0.95);
  // 100 a minute finish; 10 of the 110 admitted of minute 0 are lost: more than one in twenty.
  CHECK_FALSE(verdicts[0].pass);
  CHECK(verdicts[0].value.censored == 1);
  CHECK(verdicts[0].samples == 210);
  CHECK(verdicts[1].value.value == Approx(50.0 / 250));
  CHECK(verdicts[2].value.value == Approx(10.0 / 210));
  CHECK(verdicts[3].value.value == Approx(200.0 / 210));
}

TEST_CASE("of admitted holds for shares, and minute by minute", "[plan][verdict]") {
  // 80 served within the slo and 20 who gave up, of 100 admitted; 50 more were turned away.
  MeasureSpec spec = one_class_spec(1);
  TargetSpec share;
  share.metric = Metric::kAbandonedShare;
  share.limit = 0.3;
  TargetSpec minute = share;
  minute.every_minute = true;
  TargetSpec attained = share;
  attained.metric = Metric::kSloAttainment;
  spec.targets = {share, minute, attained};
  for (TargetSpec& target : spec.targets) target.admitted = true;
  spec.targets.push_back(share);  // of all who came
  Outcome outcome = empty_outcome(spec);
  for (int i = 0; i < 80; ++i) finish(outcome, 0, 1, 2);
  for (int i = 0; i < 20; ++i) lose(outcome, 0, EndState::kAbandoned);
  for (int i = 0; i < 50; ++i) refuse(outcome, 0, RejectReason::kQueueCap);
  const auto verdicts = judge(statistics_of(spec, {outcome}), spec, 0.95);
  CHECK(verdicts[0].value.value == Approx(20.0 / 100));
  CHECK(verdicts[0].samples == 100);
  CHECK(verdicts[1].value.value == Approx(20.0 / 100));
  CHECK(verdicts[2].value.value == Approx(80.0 / 100));
  CHECK(verdicts[3].value.value == Approx(20.0 / 150));
}

TEST_CASE("what targets look at is all they need", "[plan][measure]") {
  MeasureSpec spec = one_class_spec(3);
  TargetSpec worst = p95_queue_delay(2);
  worst.every_minute = true;
  spec.targets = {p95_queue_delay(2), worst};
  Outcome outcome = steady(spec, {1, 3, 1});
  RunStatistics whole = make_statistics(spec);
  add_replication(whole, spec, outcome);
  keep_for_targets(outcome, spec);
  CHECK(outcome.classes[0].arrivals.empty());
  CHECK(outcome.minutes[0][1].queue_delay.histogram.count() == 100);
  CHECK(outcome.minutes[0][1].e2e.histogram.count() == 0);  // nothing judges it by the minute
  RunStatistics lean = make_statistics(spec);
  add_targets_of_replication(lean, spec, outcome);
  for (const std::size_t t : {0U, 1U}) {
    CHECK(lean.targets[t].value.values() == whole.targets[t].value.values());
    CHECK(lean.targets[t].worst.values() == whole.targets[t].worst.values());
  }
  CHECK(lean.replications == 1);
}

TEST_CASE("a target is excluded when even its other bound is beyond the limit", "[plan][verdict]") {
  MeasureSpec spec = one_class_spec(1);
  // Three replications at 2.9, 3.0 and 3.1 s: mean 3.0, standard error 0.0577. Three targets: each
  // bound at 1 - 0.05 / 3, where Student's t of 2 degrees of freedom is 5.34: 2.69 and 3.31 s.
  spec.targets = {p95_queue_delay(2.5), p95_queue_delay(2.9), p95_queue_delay(3.5)};
  const std::vector<Outcome> runs{steady(spec, {2.9}), steady(spec, {3.0}), steady(spec, {3.1})};
  const auto verdicts = judge(statistics_of(spec, runs), spec, 0.95);
  CHECK(verdicts[0].excluded);
  CHECK_FALSE(verdicts[1].excluded);  // neither held nor excluded
  CHECK_FALSE(verdicts[1].pass);
  CHECK_FALSE(verdicts[2].excluded);
  CHECK(verdicts[2].pass);
}

TEST_CASE("first breach, worst value and time above come from minutes over the limit",
          "[plan][breach]") {
  MeasureSpec spec = one_class_spec(5);
  spec.targets = {p95_queue_delay(2)};
  const RunStatistics statistics =
      statistics_of(spec, {steady(spec, {1, 3, 1, 4, 1}), steady(spec, {1, 1, 1, 5, 1}),
                           steady(spec, {1, 1, 1, 1, 1})});
  const TargetVerdict verdict = judge(statistics, spec, 0.95)[0];
  CHECK(verdict.by_minute);
  // Breaches at minutes 1 and 3; the third replication has none.
  CHECK(verdict.first_breach_s == Approx((60 + 180) / 2.0));
  CHECK(verdict.breach_share == Approx(2.0 / 3));
  // Worst minutes 4, 5 and 1.
  CHECK(verdict.worst.value == Approx((4 + 5 + 1) / 3.0).epsilon(kMinuteBin));
  // Over the limit for 2, 1 and 0 minutes.
  CHECK(verdict.time_above_s.value == Approx((120 + 60 + 0) / 3.0));
  CHECK(verdict.time_above_s.largest == 120);
}

TEST_CASE("every_minute judges the worst minute", "[plan][breach]") {
  MeasureSpec spec = one_class_spec(3);
  TargetSpec target = p95_queue_delay(2);
  target.every_minute = true;
  spec.targets = {target};
  const auto verdict = judge(statistics_of(spec, {steady(spec, {1, 3, 1})}), spec, 0.95)[0];
  CHECK(verdict.value.value == Approx(3).epsilon(kMinuteBin));
  CHECK_FALSE(verdict.pass);
}

TEST_CASE("drain of all classes is the largest, and censored with any", "[plan][drain]") {
  MeasureSpec spec = one_class_spec(60);
  spec.classes = {"chat", "image"};
  spec.windows.push_back({"spike", {0}, {{at(0), at(600)}}});
  Outcome outcome = empty_outcome(spec);
  outcome.late[0] = {{at(300), at(700), false}};
  outcome.late[1] = {{at(300), at(900), false}};
  RunStatistics statistics = statistics_of(spec, {outcome});
  CHECK(statistics.backlog[0].drain_s[1].estimate(0.95).value == Approx(100));
  CHECK(statistics.backlog[1].drain_s[1].estimate(0.95).value == Approx(300));
  CHECK(statistics.backlog[2].drain_s[1].estimate(0.95).value == Approx(300));
  outcome.late[0] = {{at(300), at(3600), true}};
  statistics = statistics_of(spec, {outcome});
  CHECK(statistics.backlog[2].drain_s[1].estimate(0.95).censored == 1);
  CHECK(statistics.backlog[1].drain_s[1].estimate(0.95).value == Approx(300));
}

TEST_CASE("statistics are words or percentiles", "[plan][measure]") {
  CHECK(parse_statistic("p99.9")->p == Approx(0.999));
  CHECK(parse_statistic("mean")->kind == Statistic::Kind::kMean);
  CHECK_FALSE(parse_statistic("p100").has_value());
  CHECK_FALSE(parse_statistic("95").has_value());
  CHECK(find_metric("queue_delay") == Metric::kQueueDelay);
  CHECK_FALSE(find_metric("latency").has_value());
}

TEST_CASE("every metric stands at its own place in the table", "[plan][measure]") {
  REQUIRE(metrics().size() == metric_choices().size());
  for (std::size_t i = 0; i < metrics().size(); ++i) {
    CHECK(static_cast<std::size_t>(metrics()[i].metric) == i);
    CHECK(metrics()[i].name == metric_choices()[i].name);  // as a scenario writes it
  }
}
