#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"
#include "large_pages.hpp"
#include "prefetch.hpp"

#ifdef HEADROOM_EVENT_QUEUE
#include HEADROOM_EVENT_QUEUE  // another queue in its place, to compare with: tests/bench
#else

namespace headroom {

/// The next event of every entity (replica or pool timer): a tournament tree with one leaf each.
///
/// An entity has one pending event at any time, so changing it replaces the old one: no stale
/// events, no generation numbers, and ties go to the lowest index, which is the total order the
/// serving rules ask for. Changing a leaf costs log2(leaves) comparisons of neighbours in memory
/// and stops where the winner stays the same.
class EventTree {
 public:
  explicit EventTree(std::size_t entities)
      : leaves_(std::bit_ceil(entities < 2 ? std::size_t{2} : entities)),
        nodes_(2 * leaves_, Node{kNever.count, 0}) {
    for (std::size_t i = 0; i < leaves_; ++i) nodes_[leaves_ + i].entity = i;
    for (std::size_t i = leaves_ - 1; i >= 1; --i) nodes_[i] = nodes_[2 * i];
  }

  std::int64_t first_time() const { return nodes_[1].time; }
  std::size_t first_entity() const { return nodes_[1].entity; }
  std::int64_t time_of(std::size_t entity) const { return nodes_[leaves_ + entity].time; }

  std::size_t leaves() const { return leaves_; }

  void set(std::size_t entity, std::int64_t time) {
    set(
        entity, time, [](std::size_t) {}, [](std::size_t) {});
  }

  /// As above, and tells who comes soon: far(e) when e has become the first of one of kFar parts of
  /// the tree, so that about that many events come before its own; near(e) likewise for kNear.
  template <class Far, class Near>
  void set(std::size_t entity, std::int64_t time, Far far, Near near) {
    std::size_t at = leaves_ + entity;
    nodes_[at].time = time;
    if (!climb(at, 2 * kFar)) return;
    if (at >= kFar) far(nodes_[at].entity);
    if (!climb(at, 2 * kNear)) return;
    if (at >= kNear) near(nodes_[at].entity);
    climb(at, 2);
  }

  /// Brings the lowest nodes on the way from an entity to the root into the cache.
  void fetch(std::size_t entity) const {
    const std::size_t leaf = leaves_ + entity;
    prefetch(&nodes_[leaf & ~std::size_t{1}]);
    prefetch(&nodes_[(leaf >> 1U) & ~std::size_t{1}]);
    prefetch(&nodes_[(leaf >> 2U) & ~std::size_t{1}]);
  }

 private:
  static constexpr std::size_t kFar = 32, kNear = 8;

  /// Replays the matches from `at` upwards until it is below `end`; false where a winner stays.
  bool climb(std::size_t& at, std::size_t end) {
    Node winner = nodes_[at];
    while (at >= end) {
      const Node& other = nodes_[at ^ 1U];
      const auto is_right = static_cast<std::int64_t>(at & 1U);  // a tie goes to the left
      if (other.time - is_right < winner.time) winner = other;
      at >>= 1U;
      if (nodes_[at].time == winner.time && nodes_[at].entity == winner.entity) return false;
      nodes_[at] = winner;
    }
    return true;
  }

  struct Node {
    std::int64_t time;
    std::size_t entity;
  };
  std::size_t leaves_;
  std::vector<Node, LargePages<Node>> nodes_;  // [1] the root, [leaves_ + i] entity i
};

}  // namespace headroom

#endif
