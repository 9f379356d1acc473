#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"
#include "large_pages.hpp"
#include "prefetch.hpp"

#ifdef HEADROOM_EVENT_QUEUE
#include HEADROOM_EVENT_QUEUE  // another queue in its place, to compare with: tests/bench
#else

namespace headroom {

/// The next event of every entity (replica or pool timer): a tournament tree with one leaf each, of
/// matches among four, so that a match is one cache line.
///
/// An entity has one pending event at any time, so changing it replaces the old one: no stale
/// events, no generation numbers, and ties go to the lowest index, which is the total order the
/// serving rules ask for. Changing a leaf costs log4(leaves) matches.
class EventTree {
 public:
  explicit EventTree(std::size_t entities) {
    while (leaves_ < entities) leaves_ *= 4;
    const auto shift = [this](std::size_t parts) {
      return static_cast<unsigned>(std::countr_zero(leaves_) - std::countr_zero(parts));
    };
    far_shift_ = shift(std::clamp(leaves_ / 16, std::size_t{1}, kMostFar));
    near_shift_ = shift(std::min(leaves_, kNear));
    nodes_.assign(2 * leaves_, Node{kNever.count, 0});
    for (std::size_t i = 0; i < leaves_; ++i) nodes_[leaves_ + i].entity = i;
    for (std::size_t first = leaves_ / 4; first >= 1; first /= 4) {
      for (std::size_t i = first; i < 2 * first; ++i) nodes_[i] = nodes_[4 * i];
    }
  }

  std::int64_t first_time() const { return nodes_[1].time; }
  std::size_t first_entity() const { return nodes_[1].entity; }
  std::int64_t time_of(std::size_t entity) const { return nodes_[leaves_ + entity].time; }

  /// Replays the matches on the way from a leaf to the root, all of them: who wins, and whether the
  /// winner stays the same, is as good as random, and a branch on either would be guessed wrong
  /// every other time. That costs more than the few matches that could be left out.
  void set(std::size_t entity, std::int64_t time) {
    std::size_t at = leaves_ + entity;
    nodes_[at].time = time;
    Rank winner = nodes_[at].rank();
    while (at > 1) {
      // The three others are at hand before the winner of the match below is known.
      const Rank others = std::min(std::min(nodes_[at ^ 1U].rank(), nodes_[at ^ 2U].rank()),
                                   nodes_[at ^ 3U].rank());
      winner = others < winner ? others : winner;
      at /= 4;
      nodes_[at] = Node{static_cast<std::int64_t>(winner >> 64U), static_cast<std::size_t>(winner)};
    }
  }

  /// As above, and tells who comes soon: far(e) where e is the first of the entity's one of
  /// kMostFar parts of the tree (or of as many as have 16 entities each), so that about that many
  /// events come before its own; near(e) likewise for kNear. REQUIRES: more than kNear entities.
  template <class Far, class Near>
  void set(std::size_t entity, std::int64_t time, Far far, Near near) {
    set(entity, time);
    far(nodes_[(leaves_ + entity) >> far_shift_].entity);
    near(nodes_[(leaves_ + entity) >> near_shift_].entity);
  }

  /// Brings the lowest matches on the way from an entity to the root into the cache.
  void fetch(std::size_t entity) const {
    const std::size_t leaf = leaves_ + entity;
    prefetch(&nodes_[leaf & ~std::size_t{3}]);
    prefetch(&nodes_[(leaf >> 2U) & ~std::size_t{3}]);
  }

 private:
  static constexpr std::size_t kMostFar = 256, kNear = 16;  // powers of 4

  __extension__ using Rank = __int128;  // the time first, then the entity

  struct Node {
    std::int64_t time;
    std::size_t entity;
    Rank rank() const { return (static_cast<Rank>(time) << 64U) | entity; }
  };
  std::size_t leaves_ = 4;
  // From a leaf to the node that is the root of its one of so many parts: 2 bits a level.
  unsigned far_shift_ = 0, near_shift_ = 0;
  // [1] the root, the match below node i among [4 i] to [4 i + 3], [leaves_ + i] entity i.
  std::vector<Node, LargePages<Node>> nodes_;
};

}  // namespace headroom

#endif
