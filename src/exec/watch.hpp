#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "headroom/core/units.hpp"
#include "headroom/engine/run_cell.hpp"

namespace headroom {

/// Thrown out of a run when it was cancelled; never leaves run_jobs.
struct Cancelled {};

/// How far all runs together are, and whether they should go on. Any thread.
class Watch {
 public:
  explicit Watch(const std::atomic<bool>* cancel) : cancel_(cancel) {}

  bool cancelled() const { return cancel_ && cancel_->load(std::memory_order_relaxed); }
  void add(std::int64_t requests, Ticks simulated) {
    requests_.fetch_add(requests, std::memory_order_relaxed);
    // Whole milliseconds: 64 bits of ticks would hold 106 days of all runs together.
    milliseconds_.fetch_add(simulated.count / (kTicksPerSecond / 1000), std::memory_order_relaxed);
  }
  /// Queue delays, summed, of so many requests that were scheduled. Microseconds: 64 bits of
  /// ticks would hold the delays of 2,500 requests that wait for an hour.
  void add_delays(std::int64_t scheduled, std::int64_t sum_us) {
    scheduled_.fetch_add(scheduled, std::memory_order_relaxed);
    delay_us_.fetch_add(sum_us, std::memory_order_relaxed);
  }
  double mean_delay_s() const {
    const auto n = scheduled_.load(std::memory_order_relaxed);
    const auto us = static_cast<double>(delay_us_.load(std::memory_order_relaxed));
    return n == 0 ? 0 : us / 1e6 / static_cast<double>(n);
  }
  double requests() const { return static_cast<double>(requests_.load(std::memory_order_relaxed)); }
  double simulated_s() const {
    return static_cast<double>(milliseconds_.load(std::memory_order_relaxed)) / 1000;
  }

 private:
  const std::atomic<bool>* cancel_;
  std::atomic<std::int64_t> requests_{0};
  std::atomic<std::int64_t> milliseconds_{0};
  std::atomic<std::int64_t> scheduled_{0};
  std::atomic<std::int64_t> delay_us_{0};
};

/// Passes on to the watch how far one run is, and ends the run when it was cancelled.
class WatchedRun final : public RunMonitor {
 public:
  explicit WatchedRun(Watch& watch) : watch_(watch) {}

  void on_progress(const RunProgress& progress) override {
    if (watch_.cancelled()) throw Cancelled{};
    const Ticks now = std::max(progress.now, told_);
    watch_.add(progress.ended, now - told_);
    watch_.add_delays(progress.scheduled, static_cast<std::int64_t>(progress.queue_delay_s * 1e6));
    told_ = now;
  }

 private:
  Watch& watch_;
  Ticks told_{0};
};

}  // namespace headroom
