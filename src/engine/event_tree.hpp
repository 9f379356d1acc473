#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"

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

  /// The first entity of the seven eighths that do not hold the first one: with many entities,
  /// nearly always the second to come.
  std::size_t runner_up() const {
    std::size_t best = 0;
    std::int64_t best_time = kNever.count;
    for (std::size_t node = 8; node < 16; ++node) {
      const bool better = nodes_[node].time < best_time && nodes_[node].entity != nodes_[1].entity;
      best = better ? nodes_[node].entity : best;
      best_time = better ? nodes_[node].time : best_time;
    }
    return best;
  }
  std::size_t leaves() const { return leaves_; }

  void set(std::size_t entity, std::int64_t time) {
    std::size_t at = leaves_ + entity;
    nodes_[at].time = time;
    while (at > 1) {
      const std::size_t left = at & ~std::size_t{1};
      const Node winner =
          nodes_[left + 1].time < nodes_[left].time ? nodes_[left + 1] : nodes_[left];
      at >>= 1U;
      if (nodes_[at].time == winner.time && nodes_[at].entity == winner.entity) return;
      nodes_[at] = winner;
    }
  }

 private:
  struct Node {
    std::int64_t time;
    std::size_t entity;
  };
  std::size_t leaves_;
  std::vector<Node> nodes_;  // [1] the root, [leaves_ + i] entity i
};

}  // namespace headroom
