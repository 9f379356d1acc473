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
/// serving rules ask for. Changing a leaf costs log2(leaves) comparisons of neighbours in memory.
class EventTree {
 public:
  explicit EventTree(std::size_t entities)
      : leaves_(std::bit_ceil(entities < 2 ? std::size_t{2} : entities)),
        levels_(static_cast<unsigned>(std::countr_zero(leaves_))),
        nodes_(2 * leaves_, Node{kNever.count, 0}) {
    for (std::size_t i = 0; i < leaves_; ++i) nodes_[leaves_ + i].entity = i;
    for (std::size_t i = leaves_ - 1; i >= 1; --i) nodes_[i] = nodes_[2 * i];
  }

  std::int64_t first_time() const { return nodes_[1].time; }
  std::size_t first_entity() const { return nodes_[1].entity; }
  std::int64_t time_of(std::size_t entity) const { return nodes_[leaves_ + entity].time; }

  std::size_t leaves() const { return leaves_; }

  /// Replays the matches on the way from a leaf to the root, all of them: who wins, and whether the
  /// winner stays the same, is as good as random, and a branch on either would be guessed wrong
  /// every other time. That costs more than the few matches that could be left out.
  void set(std::size_t entity, std::int64_t time) {
    std::size_t at = leaves_ + entity;
    nodes_[at].time = time;
    Rank winner = nodes_[at].rank();
    while (at > 1) {
      const Rank other = nodes_[at ^ 1U].rank();
      winner = other < winner ? other : winner;
      at /= 2;
      nodes_[at] = Node{static_cast<std::int64_t>(winner >> 64U), static_cast<std::size_t>(winner)};
    }
  }

  /// As above, and tells who comes soon: far(e) where e is the first of the entity's one of kFar
  /// parts of the tree, so that about that many events come before its own; near(e) likewise for
  /// kNear. REQUIRES: kFar entities or more.
  template <class Far, class Near>
  void set(std::size_t entity, std::int64_t time, Far far, Near near) {
    set(entity, time);
    far(nodes_[part_of(entity, kFar)].entity);
    near(nodes_[part_of(entity, kNear)].entity);
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

  /// The node above an entity that is the root of one of so many equal parts.
  std::size_t part_of(std::size_t entity, std::size_t parts) const {
    return (leaves_ + entity) >> (levels_ - static_cast<unsigned>(std::countr_zero(parts)));
  }

  __extension__ using Rank = __int128;  // the time first, then the entity

  struct Node {
    std::int64_t time;
    std::size_t entity;
    Rank rank() const { return (static_cast<Rank>(time) << 64U) | entity; }
  };
  std::size_t leaves_;
  unsigned levels_;                            // of matches
  std::vector<Node, LargePages<Node>> nodes_;  // [1] the root, [leaves_ + i] entity i
};

}  // namespace headroom

#endif
