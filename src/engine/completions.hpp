#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "headroom/core/check.hpp"
#include "large_pages.hpp"
#include "live_request.hpp"
#include "prefetch.hpp"
#include "rarely.hpp"

namespace headroom {

/// A decoding request's last step and its slot in one word, ordered by step.
struct Completion {
  static std::uint64_t pack(std::uint64_t step, Slot slot) { return (step << kSlotBits) | slot; }
  static std::uint64_t step(std::uint64_t word) { return word >> kSlotBits; }
  static Slot slot(std::uint64_t word) {
    return static_cast<Slot>(word & ((std::uint64_t{1} << kSlotBits) - 1));
  }
};

/// The decodes of every replica of a pool, a row each, by their last step. Only those that end soon
/// are sorted, from the back of the row on, the next one foremost; the others stand at its front in
/// the order of their joining. So a finish reads one cache line, joining mostly another, and a row
/// as long as the batch stays out of the fastest caches. How many it holds (`count`) and how many
/// of them are sorted (`soon`: one at least where there are any) its replica knows.
class CompletionRows {
 public:
  explicit CompletionRows(std::size_t replicas = 0) : rows_(replicas), words_(rows_ * stride_) {}

  /// Calls tell(word) for every one, in no order.
  template <class Tell>
  void each(std::size_t replica, std::int32_t count, std::int32_t soon, Tell tell) const {
    if (count == 0) return;  // there may be no rows at all
    const std::uint64_t* const row = words_.data() + replica * stride_;
    for (std::int32_t i = 0; i < count - soon; ++i) tell(row[i]);
    for (std::size_t i = stride_ - static_cast<std::size_t>(soon); i < stride_; ++i) tell(row[i]);
  }
  /// REQUIRES: soon >= 1.
  std::uint64_t first(std::size_t replica, std::int32_t soon) const {
    return end_of(replica)[-soon];
  }

  void add(std::size_t replica, std::int32_t count, std::int32_t& soon, std::uint64_t word) {
    if (rarely(static_cast<std::size_t>(count) == stride_)) widen();
    std::uint64_t* const end = end_of(replica);
    if (soon > 0 && word > end[-1]) {
      row_of(replica)[count - soon] = word;
      return;
    }
    std::uint64_t* at = end - soon - 1;
    for (; at + 1 < end && at[1] < word; ++at) *at = at[1];
    *at = word;
    ++soon;
  }
  /// Takes the first off. `step`: the present one. REQUIRES: soon >= 1.
  void pop(std::size_t replica, std::int32_t count, std::int32_t& soon, std::uint64_t step) {
    --soon;
    if (rarely(soon == 1)) fetch_row(replica, count);
    if (rarely(soon == 0 && count > 1)) sort_soon(replica, count - 1, soon, step);
  }
  void remove(std::size_t replica, std::int32_t count, std::int32_t& soon, std::uint64_t step,
              Slot slot) {
    const auto is_it = [slot](std::uint64_t word) { return Completion::slot(word) == slot; };
    std::uint64_t* const row = row_of(replica);
    std::uint64_t* const end = end_of(replica);
    std::uint64_t* const later_end = row + (count - soon);
    if (std::uint64_t* const found = std::find_if(row, later_end, is_it); found != later_end) {
      *found = later_end[-1];
      return;
    }
    std::uint64_t* const found = std::find_if(end - soon, end, is_it);
    HEADROOM_DCHECK(found != end, "a decoding request is in its replica's row once");
    std::move_backward(end - soon, found, found + 1);
    pop(replica, count, soon, step);
  }
  /// Brings what the next finish and the next to join will touch of a row into the cache.
  void fetch(std::size_t replica, std::int32_t count, std::int32_t soon) const {
    const std::uint64_t* const end = end_of(replica);
    prefetch(end - soon);
    prefetch(end - 1);
    prefetch(words_.data() + replica * stride_ + (count - soon));
  }

 private:
  /// About so many are sorted at a time: more would be shifted about, fewer be looked for often.
  static constexpr std::int32_t kFew = 8, kMany = 24;
  /// Ordered by counting who is less, among so many or twice as many; more than that are sorted.
  static constexpr std::size_t kRanked = 16, kMostRanked = 2 * kRanked;

  std::uint64_t* row_of(std::size_t replica) { return words_.data() + replica * stride_; }
  std::uint64_t* end_of(std::size_t replica) { return row_of(replica) + stride_; }
  const std::uint64_t* end_of(std::size_t replica) const {
    return words_.data() + (replica + 1) * stride_;
  }

  void fetch_row(std::size_t replica, std::int32_t count) const {
    constexpr std::int32_t kLine = 64 / sizeof(std::uint64_t);
    const std::uint64_t* const row = words_.data() + replica * stride_;
    for (std::int32_t at = 0; at < count; at += kLine) prefetch(row + at);
  }
  /// Sorts those of a row that end within some steps from the present one. REQUIRES: count >= 1,
  /// none is sorted.
  void sort_soon(std::size_t replica, std::int32_t count, std::int32_t& soon, std::uint64_t step) {
    std::uint64_t* const row = row_of(replica);
    std::uint64_t* const end = row + count;
    std::uint64_t* from = count <= kMany ? row : end;
    for (std::uint64_t within = window_; from == end; within *= 2) {
      from = row;
      const std::uint64_t limit = Completion::pack(step + within, 0);
      for (std::uint64_t* at = row; at < end; ++at) {  // without branches to guess
        const std::uint64_t word = *at;
        *at = *from;
        *from = word;
        from += static_cast<std::size_t>(word >= limit);
      }
    }
    soon = static_cast<std::int32_t>(end - from);
    if (count > kMany) {
      if (soon < kFew) window_ += window_ / 4 + 1;
      if (soon > kMany) window_ -= window_ / 4;
    }
    std::uint64_t* const to = end_of(replica) - soon;
    const auto found = static_cast<std::size_t>(soon);
    if (found > kMostRanked) {
      std::sort(from, end);
      std::move_backward(from, end, end_of(replica));
      return;
    }
    std::array<std::uint64_t, kMostRanked> words;
    words.fill(UINT64_MAX);  // so that loops are of one length
    std::copy(from, end, words.begin());
    const auto less = [&words](std::size_t first, std::uint64_t word) {
      std::size_t rank = 0;
      for (std::size_t j = 0; j < kRanked; ++j) {
        rank += static_cast<std::size_t>(words[first + j] < word);
      }
      return rank;
    };
    for (std::size_t i = 0; i < found; ++i) {  // to where as many are less: no two are the same
      to[less(0, words[i]) + (found > kRanked ? less(kRanked, words[i]) : 0)] = words[i];
    }
  }

  /// Both ends of every row keep what stands there.
  void widen() {
    CompletionRows wider;
    wider.rows_ = rows_;
    wider.stride_ = 2 * stride_;
    wider.window_ = window_;
    wider.words_.resize(rows_ * wider.stride_);
    for (std::size_t r = 0; r < rows_; ++r) {
      std::copy_n(row_of(r), stride_, wider.row_of(r));
      std::copy_n(row_of(r), stride_, wider.end_of(r) - stride_);
    }
    *this = std::move(wider);
  }

  std::size_t rows_;
  std::size_t stride_ = 16;
  std::uint64_t window_ = 32;  ///< steps; what is sorted when changes no result
  std::vector<std::uint64_t, LargePages<std::uint64_t>> words_;
};

}  // namespace headroom
