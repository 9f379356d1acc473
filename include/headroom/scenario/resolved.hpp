#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/engine/cell_job.hpp"
#include "headroom/engine/config.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/scenario/scenario.hpp"
#include "headroom/workload/compiled.hpp"

namespace headroom {

/// A change of the number of a pool's replicas, in the whole fleet.
struct ResolvedChange {
  Ticks at{0};                ///< of a delivery: when its replicas start to serve
  std::int64_t replicas = 0;  ///< negative: a removal
};

/// An outage of nodes at a stated time.
struct ResolvedFault {
  Ticks from{0}, to{0};
  std::size_t pool = 0;
  std::optional<std::size_t> zone;  ///< index into the pool's zones
  std::int64_t nodes = 0;           ///< of the whole fleet; 0 = all of the zone
};

/// A pool with everything looked up and compiled.
struct ResolvedPool {
  PoolConfig config;  ///< replicas: the whole fleet's
  std::string gpu;    ///< catalogue name; as written for a service_time pool
  std::string model;  ///< catalogue name, or "service_time"
  std::optional<Deployment> deployment;
  std::optional<KvCapacity> kv;  ///< token pools
  StepRange range;               ///< token pools: where the kernel models were fitted
  double mean_service_s = 0;     ///< service_time pools
  std::int64_t gpus_per_node = 8;
  std::vector<ResolvedChange> changes;  ///< by time, deliveries before removals; before the horizon
  std::vector<std::int64_t> zones;      ///< nodes of each, in order of the pool's nodes
  std::optional<FailuresConfig> failures;
  bool varies = false;  ///< not the same replicas serve all along

  std::int64_t gpus() const { return config.replicas * config.gpus_per_replica; }
  bool makes_tokens() const { return config.steps != nullptr; }
  /// Nodes that one replica needs, and replicas that one node holds; one of both is 1.
  std::int64_t nodes_per_replica() const;
  std::int64_t replicas_per_node() const;
};

/// A named part of the run: the arrivals in [from, to).
struct ResolvedWindow {
  std::string name;
  Ticks from{0}, to{0};
  std::vector<std::size_t> stretches;  ///< indices into CollectConfig::stretch_starts
};

/// One simulated cell.
struct SimulatedCell {
  std::uint32_t number = 0;            ///< among the fleet's cells, from 0
  std::vector<std::int64_t> replicas;  ///< by pool, at the start
  /// What else is dealt out: replicas after each change, zone ends, nodes of faults
  /// (src/scenario/fleet_changes.hpp).
  std::vector<std::int64_t> dealt;
  double demand_share = 1.0;
  double demand_offset = 0.0;
  double weight = 1.0;  ///< cells of this size / simulated cells of this size
};

/// Cells of the fleet that have the same size.
struct CellSize {
  std::int64_t cells = 0;
  std::int64_t simulated = 0;
  std::vector<std::int64_t> replicas;  ///< by pool, at the start
  std::vector<std::int64_t> dealt;     ///< as in SimulatedCell
};

/// One sampled busy period.
struct ResolvedPeriod {
  double start_s = 0;  ///< since the scenario's start
  double rate_multiplier = 1.0;
};

/// A validated scenario, ready to run. Copies share the compiled tables and the workload.
struct ResolvedScenario {
  Scenario scenario;
  std::vector<ResolvedPool> pools;
  std::vector<ClassConfig> classes;
  std::shared_ptr<const WorkloadConfig> workload;  ///< prepared: workload->compiled is set
  std::vector<ResolvedFault> faults;
  std::vector<CellSize> sizes;
  std::vector<SimulatedCell> cells;
  std::vector<ResolvedPeriod> periods;  ///< at least one
  std::vector<ResolvedWindow> windows;  ///< [0] is "run": all that comes after the warm-up
  CollectConfig collect;
  Ticks horizon{0};
  std::int64_t arrival_spacing = 1;              ///< CellJob::arrival_spacing of every job
  Ticks arrivals_from{0}, arrivals_to = kNever;  ///< of every job, as in CellJob
  std::uint64_t seed = 0;
  double expected_requests = 0;  ///< simulated, of one replication, all periods
  /// Codes W2xx, with pointers; those of the workload (W13x) are among them.
  std::vector<Issue> warnings;

  const CompiledWorkload& demand() const { return *workload->compiled; }
  /// Index into windows by a target's word; every_minute is the whole run.
  std::size_t window_index(const std::string& name) const;
  /// Index of a class by name; classes.size() for "" = all together.
  std::size_t class_index(const std::string& name) const;
  /// The whole fleet's pools.
  std::vector<PoolConfig> pool_configs() const;
  /// Mean number of a pool's GPUs that are expected in service in [from_s, to_s) of the run: after
  /// its changes, without those that stated faults take, times the share of time that its nodes
  /// are up between random failures.
  double expected_gpus(std::size_t pool, double from_s, double to_s) const;
  /// The largest number of cells that one simulated cell stands for.
  double largest_weight() const;

  /// The run of one simulated cell.
  /// REQUIRES: period < periods.size(), cell < cells.size().
  CellJob job(std::size_t replication, std::size_t period, std::size_t cell) const;

  /// The same scenario with another number of replicas in one pool, all cells laid out anew.
  /// Its deliveries and removals stay, but a removal leaves a replica in each cell.
  /// REQUIRES: replicas >= number of cells.
  ResolvedScenario with_replicas(std::size_t pool, std::int64_t replicas) const;

  /// The same run of which only arrivals in [from, to) count in results, as if the rest were
  /// warm-up: windows are cut to it, and those outside it are left out with their targets.
  /// REQUIRES: some of the run's window lies in it.
  ResolvedScenario with_results_in(Ticks from, Ticks to) const;
};

}  // namespace headroom
