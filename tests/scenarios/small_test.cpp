#include <cmath>

#include "shipped_scenario.hpp"

// The three small scenarios, each against figures worked out by hand.

namespace headroom::test {
namespace {

const LatencyStatistics& latency(const PeriodResult& period, Metric metric,
                                 std::size_t window = 0) {
  return period.statistics.groups[0][window].latency[static_cast<std::size_t>(metric)];
}

RunResult run_shipped(const std::string& name, const std::string& replications) {
  ScenarioOverrides overrides;
  overrides.set = {{"replications", replications}};
  return run(resolve(load_shipped(name, overrides)));
}

/// Erlang's C: the share that waits in M/M/c with offered load a, from B by its recursion.
double erlang_c(int servers, double a) {
  double b = 1;
  for (int c = 1; c <= servers; ++c) b = a * b / (c + a * b);
  return b / (1 - a / servers * (1 - b));
}

}  // namespace

TEST_CASE("ten Erlang servers wait as his formula C says", "[scenarios][erlang]") {
  const RunResult result = run_shipped("erlang-c", "5");
  const PeriodResult& period = result.main_period();
  const double lambda = 8, service_s = 1;
  const int servers = 10;
  const double load = lambda * service_s;
  const double waits = erlang_c(servers, load);
  CHECK(waits == Approx(0.409).epsilon(0.001));  // as published: 40.9 %
  const double mean_wait_s = waits * service_s / (servers - load);

  // 5 h 50 min of 8 a second; the mean of 5 counts, 4 standard errors.
  const double expected = lambda * 21'000;
  CHECK(std::abs(value(period.statistics.groups[0][0].arrived) - expected) <
        4 * std::sqrt(expected / 5));
  CHECK(period.load[0].mean_gpus == Approx(load).epsilon(1e-6));
  CHECK(value(period.statistics.pools[0].busy_mean) == Approx(load / servers).epsilon(0.01));
  CHECK(value(latency(period, Metric::kQueueDelay).mean) == Approx(mean_wait_s).epsilon(0.08));
  // P(wait > t) = C exp(-(c - a) t / s), so the 95th percentile is where this is 0.05.
  const double p95_s = service_s / (servers - load) * std::log(waits / 0.05);
  CHECK(value(latency(period, Metric::kQueueDelay).p95) == Approx(p95_s).epsilon(0.06));
  // Fewer than half of the calls wait: the median wait is nothing.
  CHECK(value(latency(period, Metric::kQueueDelay).p50) == Approx(0).margin(1e-9));
  // Little's law: in service and waiting = rate x (wait + service).
  const ResolvedScenario scenario = resolve(load_shipped("erlang-c"));
  const Outcome outcome = run_one_cell(scenario);
  const Ticks step = outcome.pools[0].running.empty() ? Ticks{1} : scenario.collect.timeline_step;
  const double inside = mean_of_bins(outcome.pools[0].running, step, 600, 21'600) +
                        mean_of_bins(outcome.classes[0].queue_len, step, 600, 21'600);
  CHECK(inside == Approx(lambda * (mean_wait_s + service_s)).epsilon(0.05));
  CHECK(period.holds());
}

TEST_CASE("a post that goes round leaves the small image shop with ten thousand waiting",
          "[scenarios][image]") {
  const RunResult result = run_shipped("small-image-shop", "6");
  const PeriodResult& period = result.main_period();
  const double base = 18, spike = 4 * base, service_s = 0.45, gpus = 20, spike_s = 360;
  const double capacity = gpus / service_s;  // 44.4 pictures a second
  const std::size_t window = 1;
  REQUIRE(result.spec.windows[window].name == "spike");

  CHECK(period.load[0].window_peak_gpus[window] == Approx(spike * service_s).epsilon(1e-6));
  CHECK(period.load[0].peak_gpus / gpus == Approx(1.62).epsilon(1e-6));
  CHECK(period.load[0].gpus_needed == 33);  // 72 x 0.45 = 32.4
  // Mean over 25 min: 19 min of 18/s and 6 min of 72/s.
  const double arrivals = base * 1140 + spike * spike_s;
  CHECK(period.load[0].mean_gpus == Approx(arrivals * service_s / 1500).epsilon(1e-3));
  CHECK(std::abs(value(period.statistics.groups[0][0].arrived) - arrivals) <
        4 * std::sqrt(arrivals / 6));

  // The fluid queue: 27.6 more a second than are served, for 6 min; 9,920 at its end.
  const double backlog = (spike - capacity) * spike_s;
  CHECK(value(period.statistics.backlog[0].peak) == Approx(backlog).epsilon(0.03));
  CHECK(value(period.statistics.backlog[0].peak_at_s) == Approx(960).margin(5));
  // Who comes x s into the spike waits x (72 / 44.4 - 1): 95 % of them come before 0.95 x 6 min.
  const double last_waits_s = spike_s * (spike / capacity - 1);
  CHECK(value(latency(period, Metric::kQueueDelay, window).p95) ==
        Approx(0.95 * last_waits_s).epsilon(0.03));
  // Who comes u s after it waits 223 s - u (1 - 18 / 44.4), and is the oldest when served: that
  // wait is 2 s, the class's limit, for the one served at u + 2.
  const double u = (last_waits_s - 2) / (1 - base / capacity);
  CHECK(value(period.statistics.backlog[0].drain_s[window]) == Approx(u + 2).epsilon(0.03));
  // Delays pass 2 s in the spike's first minute, the eleventh of the run, and in each minute in
  // which one of 20 comes before u: 6 of the spike and the 7 that begin before u.
  const TargetVerdict& p95 = period.verdicts[0];
  REQUIRE(result.spec.targets[0].id == "p95-queue-delay");
  CHECK(p95.first_breach_s == Approx(600));
  CHECK_FALSE(p95.pass);
  CHECK(std::ceil(u / 60) == 7);
  CHECK_FALSE(period.holds());
}

TEST_CASE("the small fleet serves its afternoon and feels the launch", "[scenarios][chat]") {
  // Tuesday 12:00 to 12:20 UTC. The profile's hour is 1.4461 of its mean; half of the swing is
  // kept.
  const double noon = 165 * (1 + 0.5 * (1.4461 - 1));
  const ResolvedScenario plain =
      resolve_slice("small-fleet", {"2025-03-25T12:00:00Z", "20min", "5min", "0s", {}});
  CHECK(plain.pools[0].config.replicas == 280 / 4);
  CHECK(expected_arrivals(plain, "chat", 0, 1200) == Approx(noon * 1200).epsilon(1e-4));
  const Outcome outcome = run_one_cell(plain);
  const GroupTally tally = whole_tally(plain, outcome, "chat");
  CHECK(std::abs(tally.arrived - noon * 900) < 4 * std::sqrt(noon * 900));

  // Mean lengths of the Azure conversation hour: 1,155 and 211 tokens (facts, section A4).
  const MeanWork mean = plain.demand().mean_work(ClassId{0}, 0);
  CHECK(mean.prompt_tokens == Approx(1155).epsilon(0.01));
  CHECK(mean.output_tokens == Approx(211).epsilon(0.01));
  CHECK(mean.cached_tokens == Approx(0.3 * mean.prompt_tokens).epsilon(0.001));
  const double finished = tally.ended[static_cast<std::size_t>(EndState::kFinished)];
  CHECK(tally.output_tokens / finished == Approx(211).epsilon(0.02));

  // Little's law over the replicas: running = rate x time between admission and the end.
  const double running =
      mean_of_bins(outcome.pools[0].running, plain.collect.timeline_step, 300, 1200);
  const double stay_s = tally.e2e.histogram.mean_s() - tally.queue_delay.histogram.mean_s();
  CHECK(running == Approx(noon * stay_s).epsilon(0.03));

  // At the height of the launch, 14:20 to 15:00: half as many again as at that hour.
  const double height = 165 * (1 + 0.5 * (1.6502 - 1)) * 1.5;
  const ResolvedScenario launch =
      resolve_slice("small-fleet", {"2025-03-25T12:00:00Z", "5h", "0s", "0s", {}});
  CHECK(expected_arrivals(launch, "chat", 8400, 10'800) == Approx(height * 2400).epsilon(1e-3));
  // The exponential rise of 20 min counts 1 / ln 100 - 1 / 99 of its height.
  const double rise = 1 / std::log(100.0) - 1.0 / 99;
  CHECK(expected_arrivals(launch, "chat", 7200, 8400) ==
        Approx(height / 1.5 * 1200 * (1 + 0.5 * rise)).epsilon(2e-3));
  const auto load = offered_load(launch.pool_configs(), launch.classes, launch.demand(), 1.0,
                                 measure_spec(launch).windows, launch.scenario.time.duration);
  // Load follows the rate: the launch's height over the plain noon.
  CHECK(load[0].peak_gpus / load[0].offered_gpus[0] == Approx(height / noon).epsilon(0.01));
}

TEST_CASE("every field of the small scenarios says where it comes from", "[scenarios]") {
  for (const char* name : {"erlang-c", "small-image-shop", "small-fleet"}) {
    INFO(name);
    const LoadedScenario loaded = load_shipped(name);
    CHECK(fields_without_provenance(loaded) == std::vector<std::string>{});
    CHECK(assumptions_without_range(loaded) == std::vector<std::string>{});
  }
}

}  // namespace headroom::test
