#include "fleet_events.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "fleet_changes.hpp"

namespace headroom {
namespace {

/// A stretch in which a node does not work: [from, to).
struct Outage {
  Ticks from{0}, to{0};
};

/// When one replica starts to serve, were it not for outages, and when it is removed.
struct Stay {
  Ticks start{0};  ///< 0 and `initial`: from before the run's beginning
  Ticks removal = kNever;
  bool initial = false;
};

/// Replicas by id: the initial ones, then those of the deliveries in order of their start. The
/// removed ones are the highest ids that are there.
std::vector<Stay> stays_of(const ResolvedPool& pool, std::int64_t replicas,
                           const DealtPool& dealt) {
  std::vector<Stay> stays(static_cast<std::size_t>(replicas), Stay{Ticks{0}, kNever, true});
  std::vector<std::size_t> present(stays.size());
  for (std::size_t r = 0; r < present.size(); ++r) present[r] = r;
  for (std::size_t k = 0; k < pool.changes.size(); ++k) {
    const Ticks at = pool.changes[k].at;
    for (; static_cast<std::int64_t>(present.size()) < dealt.replicas[k];) {
      present.push_back(stays.size());
      stays.push_back({at, kNever, false});
    }
    for (; static_cast<std::int64_t>(present.size()) > dealt.replicas[k]; present.pop_back()) {
      stays[present.back()].removal = at;
    }
  }
  return stays;
}

/// First and one past the last node of a replica.
std::pair<std::size_t, std::size_t> nodes_of(const ResolvedPool& pool, std::size_t replica) {
  const auto spans = static_cast<std::size_t>(pool.nodes_per_replica());
  const auto shares = static_cast<std::size_t>(pool.replicas_per_node());
  const std::size_t first = replica / shares * spans;
  return {first, first + spans};
}

/// Failures of one node: up for an exponential time, then in repair, and so on to the horizon.
void draw_failures(const FailuresConfig& failures, const RunKey& key, std::uint32_t pool,
                   std::size_t node, Ticks horizon, std::vector<Outage>& outages) {
  RandomStream random(key, Purpose::kFailure, pool, node);
  const auto repair_s = sampler_of(failures.repair_time_s);
  for (Ticks at{0};;) {
    const double up_s = -failures.mean_time_between_s * std::log(random.uniform());
    if (up_s >= seconds(horizon - at)) return;
    const Ticks from = at + ticks_from_seconds(up_s);
    const double drawn_s = std::min(repair_s(random), seconds(kMaxRunSpan));
    if (from >= horizon) return;
    at = later(from, std::max(Ticks{1}, ticks_from_seconds(drawn_s)));
    outages.push_back({from, at});
    if (at >= horizon) return;
  }
}

/// The lowest `fault.nodes` nodes (of the zone) on which some replica stays at the fault's time.
std::vector<std::size_t> nodes_hit(const ResolvedPool& pool, const ResolvedFault& fault,
                                   std::int64_t number, const DealtPool& dealt,
                                   const std::vector<Stay>& stays) {
  std::vector<std::size_t> nodes;
  for (std::size_t r = 0; r < stays.size(); ++r) {
    if (stays[r].start > fault.from || stays[r].removal <= fault.from) continue;
    const auto [first, last] = nodes_of(pool, r);
    for (std::size_t node = first; node < last; ++node) nodes.push_back(node);
  }
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  if (fault.zone) {
    const std::size_t z = *fault.zone;
    const std::int64_t from = z == 0 ? 0 : dealt.zone_ends[z - 1], to = dealt.zone_ends[z];
    std::erase_if(nodes, [from, to](std::size_t node) {
      const auto n = static_cast<std::int64_t>(node);
      return n < from || n >= to;
    });
  }
  const bool all = fault.nodes == 0;
  if (!all) nodes.resize(std::min(nodes.size(), static_cast<std::size_t>(number)));
  return nodes;
}

/// Outages of all nodes of a replica as one sorted list; those that overlap or touch are joined.
std::vector<Outage> joined(std::vector<Outage> outages) {
  std::sort(outages.begin(), outages.end(),
            [](const Outage& a, const Outage& b) { return a.from < b.from; });
  std::vector<Outage> all;
  for (const Outage& outage : outages) {
    if (!all.empty() && outage.from <= all.back().to) {
      all.back().to = std::max(all.back().to, outage.to);
    } else {
      all.push_back(outage);
    }
  }
  return all;
}

/// Events of one replica, in order of time.
template <class Emit>
void replica_events(const Stay& stay, const std::vector<Outage>& outages, const Emit& emit) {
  Ticks start = stay.start;
  if (!stay.initial) {
    for (const Outage& outage : outages) {
      if (outage.from <= start && start < outage.to) start = outage.to;
    }
    if (start < stay.removal) emit(start, FleetEventKind::kStart);
  }
  for (const Outage& outage : outages) {
    if (outage.from < start || (outage.from == start && !stay.initial)) continue;
    emit(outage.from, FleetEventKind::kFault);
    if (outage.from >= stay.removal) break;  // whatever it was finishing is lost; nobody repairs it
    if (outage.to < stay.removal) emit(outage.to, FleetEventKind::kStart);
  }
  if (stay.removal != kNever) emit(stay.removal, FleetEventKind::kRemoval);
}

}  // namespace

std::vector<FleetEvent> fleet_events(const ResolvedScenario& resolved, const SimulatedCell& cell,
                                     const RunKey& key, std::vector<PoolConfig>& pools) {
  std::vector<FleetEvent> events;
  const Dealt dealt = read_dealt(resolved, cell.dealt);
  for (std::size_t p = 0; p < pools.size(); ++p) {
    const ResolvedPool& pool = resolved.pools[p];
    pools[p].replicas = cell.replicas[p];
    if (!pool.varies) continue;
    const std::vector<Stay> stays = stays_of(pool, cell.replicas[p], dealt.pools[p]);
    pools[p].delivered = static_cast<std::int64_t>(stays.size()) - pools[p].replicas;
    std::vector<std::vector<Outage>> of_node(nodes_of(pool, stays.size() - 1).second);
    for (std::size_t node = 0; node < of_node.size() && pool.failures; ++node) {
      draw_failures(*pool.failures, key, static_cast<std::uint32_t>(p), node, resolved.horizon,
                    of_node[node]);
    }
    for (std::size_t f = 0; f < resolved.faults.size(); ++f) {
      const ResolvedFault& fault = resolved.faults[f];
      if (fault.pool != p) continue;
      for (const std::size_t node :
           nodes_hit(pool, fault, dealt.fault_nodes[f], dealt.pools[p], stays)) {
        of_node[node].push_back({fault.from, fault.to});
      }
    }
    for (std::size_t r = 0; r < stays.size(); ++r) {
      std::vector<Outage> outages;
      const auto [first, last] = nodes_of(pool, r);
      for (std::size_t node = first; node < last; ++node) {
        outages.insert(outages.end(), of_node[node].begin(), of_node[node].end());
      }
      replica_events(stays[r], joined(std::move(outages)), [&](Ticks at, FleetEventKind kind) {
        if (at >= resolved.horizon) return;
        events.push_back({at, kind, PoolId{static_cast<std::uint32_t>(p)},
                          ReplicaId{static_cast<std::uint32_t>(r)}});
      });
    }
  }
  std::sort(events.begin(), events.end());
  return events;
}

}  // namespace headroom
