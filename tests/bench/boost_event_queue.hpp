#pragma once

#include <boost/heap/d_ary_heap.hpp>
#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"

namespace headroom {

/// What EventTree does, by Boost.Heap: events in a 4-ary heap, by time and then entity; an event
/// whose entity has been given another time since is dropped when it comes to the top.
class BoostEventQueue {
 public:
  explicit BoostEventQueue(std::size_t entities)
      : times_(entities, kNever.count), generations_(entities, 0) {
    heap_.reserve(2 * entities);
  }

  std::int64_t first_time() const { return heap_.empty() ? kNever.count : heap_.top().time; }
  std::size_t first_entity() const { return heap_.empty() ? 0 : heap_.top().entity; }
  std::int64_t time_of(std::size_t entity) const { return times_[entity]; }

  void set(std::size_t entity, std::int64_t time) {
    times_[entity] = time;
    const std::uint32_t generation = ++generations_[entity];
    const auto drop_stale = [this] {
      while (!heap_.empty() && heap_.top().generation != generations_[heap_.top().entity]) {
        heap_.pop();
      }
    };
    drop_stale();
    if (time != kNever.count) {
      heap_.push({time, static_cast<std::uint32_t>(entity), generation});
    }
  }

  /// A heap tells who comes first and nothing of those after it.
  template <class Far, class Near>
  void set(std::size_t entity, std::int64_t time, Far far, Near near) {
    set(entity, time);
    if (heap_.empty()) return;
    far(heap_.top().entity);
    near(heap_.top().entity);
  }
  void fetch(std::size_t entity) const {
    __builtin_prefetch(&times_[entity], 1);
    __builtin_prefetch(&generations_[entity], 1);
  }

 private:
  struct Event {
    std::int64_t time;
    std::uint32_t entity, generation;
    friend bool operator<(const Event& a, const Event& b) {  // the first event is the largest
      return a.time != b.time ? a.time > b.time : a.entity > b.entity;
    }
  };
  boost::heap::d_ary_heap<Event, boost::heap::arity<4>> heap_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint32_t> generations_;
};

#ifdef HEADROOM_EVENT_QUEUE
using EventTree = BoostEventQueue;
#endif

}  // namespace headroom
