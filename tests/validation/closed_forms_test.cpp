// The engine against queues whose answers are known. Each check asks that the known value lies in
// the 99.9 % interval over the replications and that the interval is narrow enough to mean
// something.
#include <fmt/format.h>

#include <cmath>
#include <string>

#include "queue_case.hpp"
#include "support/catch.hpp"
#include "validation_rows.hpp"

namespace headroom::validation {
namespace {

TEST_CASE("M/M/1 waits rho / (mu - lambda) on average", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 0.7;
  queue.horizon_s = 100'000;
  // 0.7 / (1 - 0.7) = 2.333 s
  check_value("M/M/1 mean wait, load 0.7", interval_of(run_replications(queue), mean_wait_s),
              0.7 / (1 - 0.7), 0.10);
}

TEST_CASE("the M/M/1 wait's p95 is where its exponential tail says", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 0.5;
  queue.horizon_s = 100'000;
  // P(W > t) = rho exp(-(mu - lambda) t), so p95 = ln(0.5 / 0.05) / 0.5 = 4.605 s
  const auto p95 = [](const Outcome& outcome) {
    return outcome.groups[0][1].queue_delay.histogram.quantile_s(0.95);
  };
  check_value("M/M/1 p95 wait, load 0.5", interval_of(run_replications(queue), p95),
              std::log(10.0) / 0.5, 0.06);
}

TEST_CASE("M/M/c waits as Erlang C says", "[validation]") {
  for (const auto& [servers, rate] :
       {std::pair<std::int64_t, double>{2, 1.5}, {5, 4.0}, {20, 17.0}}) {
    QueueCase queue;
    queue.servers = servers;
    queue.rate_per_s = rate;
    queue.horizon_s = 60'000;
    // mean wait = C(c, a) / (c mu - lambda), with mu = 1 and a = lambda
    const double expected = erlang_c(servers, rate) / (static_cast<double>(servers) - rate);
    INFO("servers " << servers);
    check_value(fmt::format("M/M/c mean wait, {} servers, rate {}", servers, rate),
                interval_of(run_replications(queue), mean_wait_s), expected, 0.12);
  }
}

TEST_CASE("Erlang C of two servers has its closed form", "[validation]") {
  // C(2, a) = a^2 / (2 + a): for a = 1, 1 / 3.
  CHECK(erlang_c(2, 1.0) == Approx(1.0 / 3));
  CHECK(erlang_c(1, 0.6) == Approx(0.6));
}

TEST_CASE("M/D/1 waits half as long as M/M/1", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 0.8;
  queue.service_s = Distribution::constant(1);
  queue.horizon_s = 100'000;
  // rho / (2 mu (1 - rho)) = 0.8 / 0.4 = 2 s
  check_value("M/D/1 mean wait, load 0.8", interval_of(run_replications(queue), mean_wait_s),
              0.8 / (2 * 0.2), 0.10);
}

TEST_CASE("M/G/1 waits as Pollaczek and Khinchine say", "[validation]") {
  for (const double cv : {0.5, 1.5}) {
    for (const bool lognormal : {false, true}) {
      QueueCase queue;
      queue.rate_per_s = 0.6;
      queue.service_s = lognormal ? Distribution::lognormal(1, cv) : Distribution::gamma(1, cv);
      queue.horizon_s = 150'000;
      // lambda E[S^2] / (2 (1 - rho)) with E[S^2] = 1 + cv^2
      const double expected = 0.6 * (1 + cv * cv) / (2 * 0.4);
      INFO("cv " << cv << (lognormal ? " lognormal" : " gamma"));
      check_value(
          fmt::format("M/G/1 mean wait, load 0.6, cv {} {}", cv, lognormal ? "lognormal" : "gamma"),
          interval_of(run_replications(queue), mean_wait_s), expected, 0.12);
    }
  }
}

TEST_CASE("M/M/c+M abandons as Erlang A says", "[validation]") {
  struct Set {
    std::int64_t servers;
    double rate, patience_s;
  };
  for (const Set& set : {Set{1, 1.0, 2.0}, Set{10, 12.0, 1.0}, Set{30, 30.0, 3.0}}) {
    QueueCase queue;
    queue.servers = set.servers;
    queue.rate_per_s = set.rate;
    queue.patience_s = Distribution::exponential(set.patience_s);
    queue.horizon_s = 30'000;
    const ErlangA expected = erlang_a(set.servers, set.rate, 1.0, 1 / set.patience_s);
    const auto outcomes = run_replications(queue);
    INFO("servers " << set.servers);
    check_value(fmt::format("M/M/c+M abandoned share, {} servers, rate {}", set.servers, set.rate),
                interval_of(outcomes, abandoned_share), expected.abandon_probability, 0.05);
    check_value(
        fmt::format("M/M/c+M mean time in queue (s), {} servers, rate {}", set.servers, set.rate),
        interval_of(outcomes, mean_time_in_queue_s), expected.mean_time_in_queue_s, 0.05);
  }
}

TEST_CASE("an overloaded queue with patience loses what it cannot serve", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 2.0;
  queue.patience_s = Distribution::exponential(5);
  queue.horizon_s = 40'000;
  // One server finishes 1 a second of the 2 that come, and is idle for about 2 % of the time.
  const ErlangA expected = erlang_a(1, 2.0, 1.0, 0.2);
  check_value("M/M/1+M in twofold overload, abandoned share",
              interval_of(run_replications(queue), abandoned_share), expected.abandon_probability,
              0.03);
  CHECK(expected.abandon_probability == Approx(0.5).margin(0.02));
}

TEST_CASE("batches of b fill at b / lambda and their members wait as the limits say",
          "[validation]") {
  // Batch size 4, no idle replica ever short of work: in light traffic with an endless longest wait
  // a batch starts when its 4th member comes, so members wait 3, 2, 1 and 0 mean gaps: 1.5 /
  // lambda.
  QueueCase queue;
  queue.rate_per_s = 0.5;
  queue.servers = 50;
  queue.horizon_s = 100'000;
  queue.service_s = Distribution::constant(1);
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.pools[0].mode = BatchMode::kStatic;
    cell.pools[0].max_batch = 4;
    cell.pools[0].max_wait = ticks_from_seconds(50'000);
  };
  check_value("batches of 4 in light traffic, mean wait",
              interval_of(run_replications(queue), mean_wait_s), 1.5 / 0.5, 0.05);
}

TEST_CASE("a batch server in overload finishes a full batch per batch time", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 20;
  queue.horizon_s = 2'000;
  queue.warmup_s = 100;
  queue.replications = 3;
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.pools[0].mode = BatchMode::kStatic;
    cell.pools[0].max_batch = 8;
    auto table = std::make_shared<BatchTable>();
    for (std::int64_t n = 0; n <= 8; ++n) {
      table->batch_ps.push_back(ticks_from_seconds(0.5 + 0.0625 * static_cast<double>(n)).count);
    }
    cell.pools[0].batch_times = table;  // 1 s for a batch of 8
  };
  for (const Outcome& outcome : run_replications(queue)) {
    const double finished = outcome.groups[0][0].ended[0] + outcome.groups[0][1].ended[0];
    // 8 a second once there are 8, which takes less than a second; the last batch may be cut.
    CHECK(finished >= 8 * 1997);
    CHECK(finished <= 8 * 2000);
  }
}

TEST_CASE("a batch of one with no wait is M/D/1", "[validation]") {
  QueueCase queue;
  queue.rate_per_s = 0.5;
  queue.horizon_s = 60'000;
  queue.service_s = Distribution::constant(1);
  queue.adjust = [](CellConfig& cell, WorkloadConfig&) {
    cell.pools[0].mode = BatchMode::kStatic;
    cell.pools[0].max_batch = 1;
  };
  check_value("batch of 1 (M/D/1), mean wait, load 0.5",
              interval_of(run_replications(queue), mean_wait_s), 0.5 / (2 * 0.5), 0.08);
}

TEST_CASE("an endless pool under a varying rate holds what the rate brought within a service time",
          "[validation]") {
  // M(t)/D/infinity: the number present at t is Poisson with mean = integral of the rate over the
  // last service time. Rate 2 + 1 = 3 /s in a step from 500 to 700 s; service 100 s.
  QueueCase queue;
  queue.rate_per_s = 2;
  queue.service_s = Distribution::constant(100);
  queue.horizon_s = 1'000;
  queue.warmup_s = 0.001;
  queue.replications = 60;
  queue.adjust = [](CellConfig& cell, WorkloadConfig& workload) {
    cell.pools[0].max_batch = 1'000'000;
    SurgeConfig surge;
    surge.kind = "step";
    surge.start = {500, false};
    surge.duration_s = 200;
    surge.multiply = 1.5;
    workload.classes[0].rate.surges.push_back(surge);
  };
  const auto outcomes = run_replications(queue);
  const auto present = [](std::size_t bin) {  // bins of 10 s, time-means
    return [bin](const Outcome& outcome) { return outcome.pools[0].running[bin]; };
  };
  // Bin 40 (400 to 410 s): 2 x 100. Bin 65 (650 to 660 s): 3 x 100.
  // Bin 55 (550 to 560 s): the step has been on for 55 s on average: 2 x 100 + 1 x 55.
  check_value("M(t)/D/inf, present at 405 s", interval_of(outcomes, present(40)), 200, 0.05);
  check_value("M(t)/D/inf, present at 655 s", interval_of(outcomes, present(65)), 300, 0.05);
  check_value("M(t)/D/inf, present at 555 s", interval_of(outcomes, present(55)), 255, 0.05);
  // Bin 75 (750 to 760 s): of the last 100 s, 45 lie in the step: 200 + 45.
  check_value("M(t)/D/inf, present at 755 s", interval_of(outcomes, present(75)), 245, 0.05);
  CHECK(mean_wait_s(outcomes[0]) == 0);
}

TEST_CASE("a step overload builds up the fluid backlog and drains it at the spare rate",
          "[validation]") {
  // 40 servers of 1 s: capacity 40 /s. Rate 30, and 60 from 500 to 800 s. The backlog grows by 20 a
  // second for 300 s to 6,000 and then drains at 10 a second: gone 600 s later, at 1,400 s.
  QueueCase queue;
  queue.rate_per_s = 30;
  queue.servers = 40;
  queue.horizon_s = 2'000;
  queue.warmup_s = 0.001;
  queue.replications = 20;
  queue.adjust = [](CellConfig&, WorkloadConfig& workload) {
    SurgeConfig surge;
    surge.kind = "step";
    surge.start = {500, false};
    surge.duration_s = 300;
    surge.multiply = 2;
    workload.classes[0].rate.surges.push_back(surge);
  };
  const auto outcomes = run_replications(queue);
  const auto peak = [](const Outcome& outcome) { return outcome.classes[0].backlog_peak; };
  const auto peak_at = [](const Outcome& outcome) {
    return seconds(outcome.classes[0].backlog_peak_at);
  };
  const auto drained_at = [](const Outcome& outcome) {
    for (const LateStretch& stretch : outcome.late[0]) {
      if (seconds(stretch.from) < 800 && seconds(stretch.to) > 800) return seconds(stretch.to);
    }
    return 0.0;
  };
  check_value("fluid overload, backlog peak", interval_of(outcomes, peak), 6000, 0.06);
  check_value("fluid overload, time of the peak", interval_of(outcomes, peak_at), 800, 0.02);
  // Noise keeps somebody queued a little past the fluid's end: 5 minutes without would be needed.
  const Interval drain = interval_of(outcomes, [&](const Outcome& outcome) {
    double crossing = 0;  // the backlog's last bin above 100
    for (std::size_t bin = 0; bin < outcome.classes[0].queue_len.size(); ++bin) {
      if (outcome.classes[0].queue_len[bin] > 100) crossing = static_cast<double>(bin + 1) * 20;
    }
    return crossing;
  });
  // 100 requests before the fluid's end at 1,400 s is 10 s earlier, and a bin is 20 s wide.
  CHECK(std::abs(drain.mean - 1390) < 20 + drain.half_width);
  CHECK(interval_of(outcomes, drained_at).mean > 1390);
  // The longest wait: 6,000 ahead at 40 a second = 150 s.
  const auto worst = [](const Outcome& outcome) {
    return seconds(outcome.groups[0][1].queue_delay.histogram.max());
  };
  check_value("fluid overload, longest wait", interval_of(outcomes, worst), 150, 0.06);
}

TEST_CASE("Little's law holds between the running count and the service time", "[validation]") {
  QueueCase queue;
  queue.servers = 8;
  queue.rate_per_s = 6;
  queue.horizon_s = 50'000;
  const auto outcomes = run_replications(queue);
  const auto running = [](const Outcome& outcome) {
    double sum = 0;
    for (const double value : outcome.pools[0].running) sum += value;
    return sum / static_cast<double>(outcome.pools[0].running.size());
  };
  check_value("M/M/8 running, load 0.75", interval_of(outcomes, running), 6.0,
              0.02);  // rate x mean service
  const auto busy = [](const Outcome& outcome) {
    double sum = 0;
    for (const double value : outcome.pools[0].busy_share) sum += value;
    return sum / static_cast<double>(outcome.pools[0].busy_share.size());
  };
  check_value("M/M/8 busy share, load 0.75", interval_of(outcomes, busy), 6.0 / 8, 0.02);
}

}  // namespace
}  // namespace headroom::validation
