#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "headroom/core/check.hpp"
#include "large_pages.hpp"
#include "live_request.hpp"
#include "prefetch.hpp"

namespace headroom {

/// A decoding request's last step and its slot in one word, ordered by step.
struct Completion {
  static std::uint64_t pack(std::uint64_t step, Slot slot) { return (step << kSlotBits) | slot; }
  static std::uint64_t step(std::uint64_t word) { return word >> kSlotBits; }
  static Slot slot(std::uint64_t word) {
    return static_cast<Slot>(word & ((std::uint64_t{1} << kSlotBits) - 1));
  }
};

/// The decodes of every replica of a pool, a row each, by their last step, latest first: the next
/// to finish is at the end of its row, so that a finish moves nothing and reads one cache line.
/// Joining shifts those that finish earlier. How many a row holds its replica knows (`count`).
class CompletionRows {
 public:
  explicit CompletionRows(std::size_t replicas = 0) : rows_(replicas), words_(rows_ * stride_) {}

  std::span<const std::uint64_t> of(std::size_t replica, std::int32_t count) const {
    return {words_.data() + replica * stride_, static_cast<std::size_t>(count)};
  }
  /// REQUIRES: count >= 1.
  std::uint64_t first(std::size_t replica, std::int32_t count) const {
    return of(replica, count).back();
  }
  void add(std::size_t replica, std::int32_t count, std::uint64_t word) {
    if (static_cast<std::size_t>(count) == stride_) widen();
    std::uint64_t* const begin = words_.data() + replica * stride_;
    std::uint64_t* const end = begin + count;
    std::uint64_t* at = begin;  // the first that is not larger, without branches to guess
    for (auto left = static_cast<std::size_t>(count); left > 0;) {
      const std::size_t half = (left + 1) / 2;
      at += half * static_cast<std::size_t>(at[half - 1] > word);
      left -= half;
    }
    std::move_backward(at, end, end + 1);
    *at = word;
  }
  void remove(std::size_t replica, std::int32_t count, Slot slot) {
    std::uint64_t* const begin = words_.data() + replica * stride_;
    std::uint64_t* const end = begin + count;
    const auto kept = std::remove_if(
        begin, end, [slot](std::uint64_t word) { return Completion::slot(word) == slot; });
    HEADROOM_DCHECK(kept == end - 1, "a decoding request is in its replica's row once");
    static_cast<void>(kept);
  }
  /// Brings the end of a row into the cache: its last line for a finish, kLines for joining. As
  /// many for every row, since a loop as long as the row is one whose end is guessed wrong.
  void fetch(std::size_t replica, std::int32_t count, bool joining) const {
    constexpr std::int32_t kLine = 64 / sizeof(std::uint64_t);
    constexpr std::int32_t kLines = 8;
    const std::uint64_t* const row = words_.data() + replica * stride_;
    prefetch(row + std::max(0, count - 1));
    if (!joining) return;
    for (std::int32_t line = 0; line < kLines; ++line) {
      prefetch(row + std::max(0, count - line * kLine));
    }
  }

 private:
  void widen() {
    CompletionRows wider;
    wider.rows_ = rows_;
    wider.stride_ = 2 * stride_;
    wider.words_.resize(rows_ * wider.stride_);
    for (std::size_t r = 0; r < rows_; ++r) {
      std::copy_n(words_.data() + r * stride_, stride_, wider.words_.data() + r * wider.stride_);
    }
    *this = std::move(wider);
  }

  std::size_t rows_;
  std::size_t stride_ = 16;
  std::vector<std::uint64_t, LargePages<std::uint64_t>> words_;
};

}  // namespace headroom
