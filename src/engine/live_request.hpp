#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "headroom/core/check.hpp"
#include "headroom/engine/config.hpp"
#include "headroom/engine/record.hpp"
#include "headroom/workload/request_stream.hpp"
#include "large_pages.hpp"
#include "prefetch.hpp"

namespace headroom {

inline std::int64_t later(std::int64_t from, std::int64_t by) {
  return later(Ticks{from}, Ticks{by}).count;
}

/// Place of a request in the slab of those in the system.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = UINT32_MAX;
/// Slots share a 64-bit word with a step count in the rows of completions.
inline constexpr unsigned kSlotBits = 28;

enum class Where : std::uint8_t { kFree, kQueued, kAdmitted, kBetween, kBackingOff };

/// A request in the system. Times are in ticks. With a million requests in flight each is a cache
/// miss, so what its end touches comes first and fills one cache line; what only some fleets ask
/// for is apart: RequestDetail.
struct alignas(64) LiveRequest {
  std::int64_t arrival = 0;
  std::int64_t first_token = kNever.count;
  std::int64_t last_token = kNever.count;
  std::int64_t time_in_queue = 0;
  std::int32_t prompt = 0, output = 0;  ///< tokens of this stage
  std::int32_t made = 0;                ///< of this stage; while decoding, as of decode_from
  std::int32_t cached = 0;              ///< prompt tokens of this stage that a prefix cache holds
  std::uint32_t group = 0;              ///< class x stretch of its arrival
  std::uint32_t minute = 0;
  std::uint16_t request_class = 0;
  std::uint8_t tier = 0;  ///< dense: 0 is served first
  std::uint8_t stage = 0;
  Where where = Where::kFree;
  bool watched = false;  ///< its expiry is in the patience heap, or can never matter
  bool offered = false;  ///< its queue was offered admission since it joined

  std::int64_t first_scheduled = kNever.count;
  union {
    std::int64_t joined = 0;  ///< while it waits: when it joined the queue it is in
    std::uint64_t admission;  ///< once admitted: running number of that, larger = later
  };
  /// Replica's step count when it began to decode; while it waits after a preemption, the number of
  /// blocks that its replica takes before the first of those it left.
  std::uint64_t decode_from = 0;
  std::int64_t expiry = kNever.count;  ///< when its user leaves if it still waits then
  std::uint64_t id = 0;
  std::int32_t computed = 0;  ///< tokens with KV, or left so; up to date in prefill only
  std::int32_t chunk = 0;     ///< tokens its replica computes for it in the present step
  Slot next = kNoSlot, previous = kNoSlot;  ///< in its queue, or in its replica's prefill list
  std::uint32_t replica = UINT32_MAX;       ///< in its pool: chosen by the router, or serving it
  std::uint32_t served_by = UINT32_MAX;     ///< replica that admitted it last, on any stage
};
static_assert(sizeof(LiveRequest) == 128);

/// What is asked of a request only for records, by classes with several stages or attempts, and by
/// pools that are central, vary or take a service time: kept for classes with any of these.
struct RequestDetail {
  std::uint64_t entity = 0;
  std::int64_t service = 0;         ///< slots and static: drawn service time of this stage, ticks
  std::uint64_t ticket = 0;         ///< running number of its joining a central queue
  std::int32_t first_prompt = 0;    ///< of stage 0
  std::int32_t earlier_output = 0;  ///< of the stages before this one
  std::int32_t earlier_made = 0;    ///< tokens made in the stages before this one
  std::int32_t preemptions = 0;
};

/// Throws InputError: more requests are in flight than slots have numbers for.
[[noreturn, gnu::cold]] void too_many_in_flight();

/// Slots for the requests in the system; memory grows with their largest number.
class LiveRequests {
 public:
  Slot add() {
    if (free_.empty()) {
      if (requests_.size() >= std::size_t{1} << kSlotBits) too_many_in_flight();
      requests_.emplace_back();
      details_.emplace_back();
      return static_cast<Slot>(requests_.size() - 1);
    }
    const Slot slot = free_.back();
    free_.pop_back();
    if (!free_.empty()) {  // the next arrival's, so that it does not wait for memory
      const auto* next = reinterpret_cast<const char*>(&requests_[free_.back()]);
      prefetch(next);
      prefetch(next + 64);
    }
    requests_[slot] = LiveRequest{};
    return slot;
  }
  void remove(Slot slot) {
    requests_[slot].where = Where::kFree;
    free_.push_back(slot);
  }
  RequestDetail& detail(Slot slot) { return details_[slot]; }
  const RequestDetail& detail(Slot slot) const { return details_[slot]; }
  /// Brings what a request's admission, first token and end touch into the cache, and what the next
  /// arrival in its place will; for kNoSlot something or other, which costs less than a branch.
  void fetch(Slot slot) const {
    const auto* line = reinterpret_cast<const char*>(requests_.data() + known_or_0(slot));
    prefetch(line);
    prefetch(line + 64);
  }
  LiveRequest& operator[](Slot slot) { return requests_[slot]; }
  const LiveRequest& operator[](Slot slot) const { return requests_[slot]; }
  /// Every slot, free ones included (Where::kFree).
  std::size_t size() const { return requests_.size(); }

 private:
  static Slot known_or_0(Slot slot) {
    return slot & (Slot{0} - static_cast<Slot>(slot != kNoSlot));
  }

  std::vector<LiveRequest, LargePages<LiveRequest>> requests_;
  std::vector<RequestDetail, LargePages<RequestDetail>> details_;
  std::vector<Slot> free_;
};

/// A queue ordered by tier, then by joining; one doubly linked list a tier.
class alignas(64) TieredQueue {
 public:
  explicit TieredQueue(std::size_t tiers = 1) : tiers_(tiers) {
    HEADROOM_CHECK(tiers >= 1 && tiers <= kMaxTiers, "the scenario bounds the number of tiers");
  }

  bool empty() const { return size_ == 0; }
  std::int64_t size() const { return size_; }

  Slot head() const {
    // Whether anybody waits is chance: no branch on it.
    Slot first = lists_[tiers_ - 1].first;
    for (std::size_t tier = tiers_ - 1; tier-- > 0;) {
      first = lists_[tier].first != kNoSlot ? lists_[tier].first : first;
    }
    return first;
  }
  /// The first and the last of a tier; kNoSlot where it is empty.
  Slot first_of(std::size_t tier) const { return lists_[tier].first; }
  Slot last_of(std::size_t tier) const { return lists_[tier].last; }
  std::size_t tiers() const { return tiers_; }

  void push_back(LiveRequests& all, Slot slot) {
    List& list = lists_[all[slot].tier];
    all[slot].previous = list.last;
    all[slot].next = kNoSlot;
    (list.last == kNoSlot ? list.first : all[list.last].next) = slot;
    list.last = slot;
    ++size_;
  }
  void push_front(LiveRequests& all, Slot slot) {
    List& list = lists_[all[slot].tier];
    all[slot].next = list.first;
    all[slot].previous = kNoSlot;
    (list.first == kNoSlot ? list.last : all[list.first].previous) = slot;
    list.first = slot;
    ++size_;
  }
  void remove(LiveRequests& all, Slot slot) {
    LiveRequest& request = all[slot];
    List& list = lists_[request.tier];
    (request.previous == kNoSlot ? list.first : all[request.previous].next) = request.next;
    (request.next == kNoSlot ? list.last : all[request.next].previous) = request.previous;
    --size_;
  }
  /// When the longest waiting request joined; kNever when empty.
  std::int64_t oldest_joined(const LiveRequests& all) const {
    std::int64_t oldest = kNever.count;
    for (std::size_t tier = 0; tier < tiers_; ++tier) {
      const Slot first = lists_[tier].first;
      if (first != kNoSlot && all[first].joined < oldest) oldest = all[first].joined;
    }
    return oldest;
  }

 private:
  struct List {
    Slot first = kNoSlot, last = kNoSlot;
  };
  std::int64_t size_ = 0;
  std::size_t tiers_;
  std::array<List, kMaxTiers> lists_;
};

}  // namespace headroom
