// The parts of the engine that stand in for a library, next to that library.
#include "parts_bench.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <boost/histogram/axis/regular.hpp>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/make_histogram.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "boost_event_queue.hpp"
#include "event_tree.hpp"
#include "headroom/core/random.hpp"
#include "headroom/stats/histogram.hpp"

namespace headroom::bench {
namespace {

constexpr std::size_t kDraws = std::size_t{1} << 20U;
constexpr int kRounds = 5;  // the fastest counts: other work on the machine only adds

std::vector<double> uniforms(std::uint64_t entity) {
  RandomStream random(RunKey{42, 0, 0}, Purpose::kTest, 0, entity);
  std::vector<double> values(kDraws);
  for (double& u : values) u = random.uniform();
  return values;
}

/// Nanoseconds a change when the first event comes and its entity gets another one, and every fifth
/// time somebody else's is brought forward (a plan that is cut). The sum keeps it all alive.
template <class Queue>
double change_ns(std::size_t entities, const std::vector<double>& gaps,
                 const std::vector<double>& others, std::int64_t& sum) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    Queue queue(entities);
    const auto span = static_cast<double>(entities) * 1e6;
    for (std::size_t e = 0; e < entities; ++e) {
      queue.set(e, static_cast<std::int64_t>(gaps[e % kDraws] * span));
    }
    double changes = 0;
    const double start = processor_s();
    for (std::size_t i = 0; i < kDraws; ++i) {
      const std::int64_t now = queue.first_time();
      sum += now;
      queue.set(queue.first_entity(), now + 1 + static_cast<std::int64_t>(gaps[i] * 2 * span));
      changes += 1;
      if (i % 5 == 0) {
        const auto other = static_cast<std::size_t>(others[i] * static_cast<double>(entities));
        const std::int64_t left = queue.time_of(other) - now;
        queue.set(other, now + static_cast<std::int64_t>(gaps[i] * static_cast<double>(left)));
        changes += 1;
      }
    }
    best = std::min(best, (processor_s() - start) / changes * 1e9);
  }
  return best;
}

template <class Fill>
double add_ns(const std::vector<std::int64_t>& values, Fill fill) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const double start = processor_s();
    for (const std::int64_t value : values) fill(value);
    best = std::min(best, (processor_s() - start) / static_cast<double>(values.size()) * 1e9);
  }
  return best;
}

}  // namespace

double processor_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void event_queues() {
  const std::vector<double> gaps = uniforms(0), others = uniforms(1);
  for (const std::size_t entities : {100, 1000, 12500, 100000}) {
    std::int64_t ours = 0, boosts = 0;
    const double tree = change_ns<EventTree>(entities, gaps, others, ours);
    const double heap = change_ns<BoostEventQueue>(entities, gaps, others, boosts);
    fmt::print("{:>7} entities: EventTree {:.0f} ns a change, d_ary_heap<4> {:.0f} ns{}\n",
               entities, tree, heap, ours == boosts ? "" : "  THEIR EVENTS DIFFER");
  }
}

void histograms() {
  // Times around a second, a factor of e up or down.
  std::vector<std::int64_t> values;
  const std::vector<double> u = uniforms(2), v = uniforms(3);
  for (std::size_t i = 0; i < kDraws; ++i) {
    const double normal = std::sqrt(-2 * std::log(u[i])) * std::cos(6.283185307179586 * v[i]);
    values.push_back(static_cast<std::int64_t>(1e12 * std::exp(normal)));
  }
  Histogram ours(8);
  const double integer_ns = add_ns(values, [&ours](std::int64_t value) { ours.add({value}); });

  // The same relative width, 2^-8, over the same eight decades, with the same moments beside it.
  namespace bh = boost::histogram;
  const double low = 1e6, high = 1e14;
  const auto bins = static_cast<unsigned>(std::log(high / low) / std::log1p(1.0 / 256));
  auto theirs = bh::make_histogram_with(
      std::vector<double>(), bh::axis::regular<double, bh::axis::transform::log>(bins, low, high));
  double sum = 0, squares = 0;
  const double log_ns = add_ns(values, [&](std::int64_t value) {
    const auto x = static_cast<double>(value);
    theirs(x);
    sum += x;
    squares += x * x;
  });
  fmt::print(
      "adding a value: Histogram {:.1f} ns, Boost.Histogram with a logarithmic axis {:.1f} ns "
      "(means {:.3f} and {:.3f} s)\n",
      integer_ns, log_ns, ours.mean_s(),
      sum / static_cast<double>(kRounds) / static_cast<double>(values.size()) / 1e12);
  if (squares < 0) fmt::print("\n");
}

}  // namespace headroom::bench
