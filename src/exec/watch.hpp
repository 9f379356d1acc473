#pragma once

#include <atomic>
#include <cstdint>

#include "headroom/core/units.hpp"
#include "headroom/engine/record.hpp"

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

/// Sees the requests of one run end, tells the watch now and then, and passes them on.
class WatchedSink final : public RecordSink {
 public:
  WatchedSink(Watch& watch, RecordSink* next, Ticks horizon)
      : watch_(watch), next_(next), horizon_(horizon) {}

  void on_end(const RequestRecord& record) override {
    if (next_) next_->on_end(record);
    if (record.first_scheduled != kNever) {
      ++scheduled_;
      delay_us_ += (record.first_scheduled - record.arrival).count / (kTicksPerSecond / 1'000'000);
    }
    if (++pending_ < kBatch) return;
    if (watch_.cancelled()) throw Cancelled{};
    tell(record.finish == kNever ? told_ : record.finish);
  }

  /// The run is over.
  void finish() { tell(horizon_); }

 private:
  static constexpr std::int64_t kBatch = 4096;

  void tell(Ticks now) {
    watch_.add(pending_, now > told_ ? now - told_ : Ticks{0});
    if (now > told_) told_ = now;
    watch_.add_delays(scheduled_, delay_us_);
    pending_ = scheduled_ = delay_us_ = 0;
  }

  Watch& watch_;
  RecordSink* next_;
  Ticks horizon_;
  Ticks told_{0};
  std::int64_t pending_ = 0;
  std::int64_t scheduled_ = 0;
  std::int64_t delay_us_ = 0;
};

}  // namespace headroom
