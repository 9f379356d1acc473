#include <algorithm>
#include <numeric>

#include "headroom/core/check.hpp"
#include "headroom/plan/capacity.hpp"

namespace headroom {
namespace {

/// visited[c][p]: class c has a stage on pool p.
std::vector<std::vector<bool>> visited_pools(const ResolvedScenario& scenario) {
  std::vector<std::vector<bool>> visited;
  for (const ClassConfig& c : scenario.classes) {
    auto& row = visited.emplace_back(scenario.pools.size(), false);
    for (const PoolId pool : c.stages) row[index(pool)] = true;
  }
  return visited;
}

/// The pools that a target's value depends on.
std::vector<bool> pools_of(const ResolvedScenario& scenario, const ScenarioTarget& target,
                           const std::vector<std::vector<bool>>& visited) {
  std::vector<bool> pools(scenario.pools.size(), false);
  const std::size_t wanted = scenario.class_index(target.request_class);
  for (std::size_t c = 0; c < visited.size(); ++c) {
    if (wanted < visited.size() && c != wanted) continue;
    for (std::size_t p = 0; p < pools.size(); ++p) pools[p] = pools[p] || visited[c][p];
  }
  return pools;
}

/// Sets of pools, joined one by one.
class Joined {
 public:
  explicit Joined(std::size_t pools) : root_(pools) { std::iota(root_.begin(), root_.end(), 0); }
  std::size_t root(std::size_t p) const { return root_[p] == p ? p : root(root_[p]); }
  /// All pools of the set become one.
  void join(const std::vector<bool>& set) {
    const auto first =
        static_cast<std::size_t>(std::find(set.begin(), set.end(), true) - set.begin());
    for (std::size_t p = first; p < set.size(); ++p) {
      if (set[p]) root_[root(p)] = root(first);
    }
  }

 private:
  std::vector<std::size_t> root_;
};

}  // namespace

std::vector<std::size_t> free_pools(const ResolvedScenario& scenario,
                                    const std::vector<std::string>& named) {
  std::vector<bool> free(scenario.pools.size(), false);
  const auto visited = visited_pools(scenario);
  if (named.empty()) {
    for (const ScenarioTarget& target : scenario.scenario.targets) {
      const std::vector<bool> pools = pools_of(scenario, target, visited);
      for (std::size_t p = 0; p < free.size(); ++p) free[p] = free[p] || pools[p];
    }
  }
  for (const std::string& name : named) {
    const auto found =
        std::find_if(scenario.pools.begin(), scenario.pools.end(),
                     [&name](const ResolvedPool& pool) { return pool.config.name == name; });
    HEADROOM_CHECK(found != scenario.pools.end(), "free pools are pools of the scenario");
    free[static_cast<std::size_t>(found - scenario.pools.begin())] = true;
  }
  std::vector<std::size_t> indices;
  for (std::size_t p = 0; p < free.size(); ++p) {
    if (free[p]) indices.push_back(p);
  }
  return indices;
}

std::vector<PoolGroup> pool_groups(const ResolvedScenario& scenario,
                                   const std::vector<std::size_t>& free) {
  const auto visited = visited_pools(scenario);
  Joined joined(scenario.pools.size());
  for (const auto& pools : visited) joined.join(pools);
  std::vector<std::vector<bool>> target_pools;
  for (const ScenarioTarget& target : scenario.scenario.targets) {
    target_pools.push_back(pools_of(scenario, target, visited));
    joined.join(target_pools.back());
  }
  std::vector<PoolGroup> groups;
  std::vector<std::size_t> roots;
  for (const std::size_t p : free) {
    const std::size_t root = joined.root(p);
    const auto found = std::find(roots.begin(), roots.end(), root);
    if (found == roots.end()) {
      roots.push_back(root);
      groups.push_back({{p}, {}});
    } else {
      groups[static_cast<std::size_t>(found - roots.begin())].pools.push_back(p);
    }
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const std::vector<bool>& pools : target_pools) {
      bool depends = false;
      for (std::size_t p = 0; p < pools.size(); ++p) {
        depends = depends || (pools[p] && joined.root(p) == roots[g]);
      }
      groups[g].targets.push_back(depends);
    }
  }
  return groups;
}

}  // namespace headroom
