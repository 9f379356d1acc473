// Gateways and users who leave, against queues whose answers are known.
#include <cmath>
#include <vector>

#include "headroom/workload/quota.hpp"
#include "queue_case.hpp"
#include "support/catch.hpp"
#include "validation_rows.hpp"

namespace headroom::validation {
namespace {

double share(const Outcome& outcome, EndState state) {
  const GroupTally& group = outcome.groups[0][1];
  return group.ended[static_cast<std::size_t>(state)] / group.arrived;
}

double rejected_share(const Outcome& outcome) { return share(outcome, EndState::kRejected); }

/// Stationary distribution of a birth-death chain with births at `rate` and deaths(n) in state n.
template <class Deaths>
std::vector<double> stationary(double rate, std::size_t states, const Deaths& deaths) {
  std::vector<double> p{1};
  double total = 1;
  for (std::size_t n = 1; n < states; ++n) {
    p.push_back(p.back() * rate / deaths(static_cast<double>(n)));
    total += p.back();
  }
  for (double& each : p) each /= total;
  return p;
}

TEST_CASE("a queue cap blocks as M/M/c/K says, and one of 0 as Erlang B does", "[validation]") {
  struct Set {
    std::int64_t servers, cap;
    double rate;
  };
  for (const Set& set :
       {Set{1, 3, 0.9}, Set{1, 1, 1.5}, Set{4, 6, 4.4}, Set{5, 0, 4.0}, Set{20, 0, 18.0}}) {
    QueueCase queue;
    queue.servers = set.servers;
    queue.rate_per_s = set.rate;
    queue.horizon_s = 40'000;
    queue.adjust = [&set](CellConfig& cell, WorkloadConfig&) {
      cell.classes[0].queue_caps = {set.cap};
    };
    // Blocked is who finds all servers busy and `cap` waiting; arrivals see time averages.
    const auto places = static_cast<std::size_t>(set.servers + set.cap);
    const double blocked = stationary(set.rate, places + 1, [&set](double n) {
                             return std::min(n, static_cast<double>(set.servers));
                           }).back();
    check_value(fmt::format("M/M/{}/{} blocked share, rate {}", set.servers, places, set.rate),
                interval_of(run_replications(queue), rejected_share), blocked, 0.06);
  }
}

TEST_CASE("a token bucket of one token lets rate / (1 + rate x interval) through", "[validation]") {
  QueueCase queue;
  queue.servers = 50;
  queue.rate_per_s = 10;
  queue.horizon_s = 10'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.classes[0].bucket = {ticks_from_seconds(0.15), Ticks{0}};
  };
  // After each request that is let through, those of the next 0.15 s are refused.
  check_value("token bucket of 1, refused share",
              interval_of(run_replications(queue), rejected_share), 1 - 1 / (1 + 10 * 0.15), 0.02);
}

TEST_CASE("a deep token bucket lets its rate through and refuses the rest", "[validation]") {
  QueueCase queue;
  queue.servers = 50;
  queue.rate_per_s = 10;
  queue.horizon_s = 10'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.classes[0].bucket = {ticks_from_seconds(0.125), ticks_from_seconds(0.125 * 99)};
  };
  check_value("token bucket of 100, refused share, 8 of 10 a second",
              interval_of(run_replications(queue), rejected_share), 0.2, 0.06);
}

TEST_CASE("a daily quota lets E[min(N, q)] / E[N] through", "[validation]") {
  Distribution days;
  days.kind = "empirical";
  days.values = {1, 2, 5, 20};
  days.weights = {0.5, 0.3, 0.15, 0.05};
  // E[N] = 0.5 + 0.6 + 0.75 + 1 = 2.85; with 3 a day 0.5 + 0.6 + 0.45 + 0.15 = 1.7
  CHECK(share_within_quota(days, 3) == Approx(1.7 / 2.85));
  for (const bool peaked : {false, true}) {
    QueueCase queue;
    queue.servers = 20;
    queue.rate_per_s = 0.5;
    queue.horizon_s = 3 * 86'400;
    queue.warmup_s = 86'400;
    queue.adjust = [&](CellConfig& cell, WorkloadConfig& workload) {
      ClassDemand& demand = workload.classes[0];
      demand.quota = QuotaConfig{3, days, 0};
      if (peaked) demand.rate.profile.name = "azure-conversation-week";
      cell.classes[0].daily_quota = 3;
    };
    check_value(peaked ? "quota of 3 a day, refused share, day with a peak"
                       : "quota of 3 a day, refused share, even day",
                interval_of(run_replications(queue), rejected_share), 1 - 1.7 / 2.85, 0.02);
  }
}

TEST_CASE("users who leave whether served or not leave as their birth-death chain says",
          "[validation]") {
  QueueCase queue;
  queue.servers = 3;
  queue.rate_per_s = 3;
  queue.patience_s = Distribution::exponential(4);
  queue.horizon_s = 40'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.classes[0].patience_in_service = true;
  };
  // Each of the n in the system leaves at rate 1/4: abandoned = E[n] / 4 of the rate.
  const auto p = stationary(3, 200, [](double n) { return std::min(n, 3.0) + n / 4; });
  double present = 0;
  double served = 0;
  for (std::size_t n = 1; n < p.size(); ++n) {
    present += static_cast<double>(n) * p[n];
    served += static_cast<double>(std::min<std::size_t>(n, 3)) * p[n];
  }
  const auto outcomes = run_replications(queue);
  check_value("M/M/3 with leaving in service, abandoned share",
              interval_of(outcomes, abandoned_share), present / 4 / 3, 0.03);
  check_value("M/M/3 with leaving in service, left while served",
              interval_of(outcomes,
                          [](const Outcome& o) {
                            return o.groups[0][1].in_service / o.groups[0][1].arrived;
                          }),
              served / 4 / 3, 0.03);
  // One-slot replicas: what was spent on those who left is all their time in service. A time in
  // service ends at rate 1 + 1/4, however it ends.
  check_value("M/M/3 with leaving in service, wasted share of busy time",
              interval_of(outcomes,
                          [](const Outcome& o) {
                            return o.pool_totals[0].wasted_ps / o.pool_totals[0].busy_ps;
                          }),
              0.25 / 1.25, 0.03);
}

TEST_CASE("with endless retries the blocked come again, and nobody is lost", "[validation]") {
  QueueCase queue;
  queue.servers = 5;
  queue.rate_per_s = 3;
  queue.horizon_s = 30'000;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    ClassConfig& of = cell.classes[0];
    of.queue_caps = {0};
    of.retry.max_attempts = 900;
    of.retry.rejected = true;
    of.retry.backoff = of.retry.max_backoff = ticks_from_seconds(200);
    of.retry.jitter = 1;
  };
  // With back-offs far longer than the service, attempts are nearly Poisson at a rate x that
  // reproduces itself: x = 3 + x B(5, x).
  const auto erlang_b = [](double offered) {
    return stationary(offered, 6, [](double n) { return n; }).back();
  };
  double x = 3;
  for (int i = 0; i < 200; ++i) x = 3 + x * erlang_b(x);
  check_value("M/M/5 loss system with retries, attempts a request",
              interval_of(run_replications(queue),
                          [](const Outcome& o) {
                            return o.groups[0][1].attempts / o.groups[0][1].arrived;
                          }),
              x / 3, 0.03);
}

}  // namespace
}  // namespace headroom::validation
