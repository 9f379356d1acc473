#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "headroom/plan/capacity.hpp"
#include "headroom/scenario/uncertain.hpp"

/// How much the answer rests on what nobody knows: the fleet that holds in a share of all worlds,
/// and which input moves the answer most. docs/planning.md has the method.
namespace headroom {

struct WorldsOptions {
  std::size_t worlds = 0;                ///< drawn; 0: none
  double assurance = 0.9;                ///< share of them in which every target must hold
  bool tornado = false;                  ///< each input at its low and its high
  std::size_t replications = 2;          ///< of each world and fleet; targets hold by their mean
  double confidence = 0.95;              ///< of the interval of the share
  std::optional<std::int64_t> max_gpus;  ///< of the free pools
  /// Fleets are tried in the busiest hours (busiest.hpp) of each world or end where it has any, and
  /// the answer of the worlds in whole runs as well.
  bool in_busiest_hours = false;
};

/// A share of `trials` with its two-sided interval.
struct ShareEstimate {
  double share = 0, low = 0, high = 1;
};
/// Interval by Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404, which holds at least at its
/// confidence. REQUIRES: successes <= trials, trials > 0.
ShareEstimate clopper_pearson(std::size_t successes, std::size_t trials, double confidence);

/// A fleet that worlds were tried on.
struct WorldsPoint {
  FleetSize fleet;
  std::int64_t gpus = 0;  ///< of the free pools
  std::size_t hold = 0;   ///< worlds in which every target holds
  /// Worlds; the others follow: they hold on fewer GPUs, or miss on more.
  std::size_t simulated = 0;
  std::size_t whole = 0;  ///< of the simulated, by a whole run and not by the busiest hours alone
  ShareEstimate share;
};

/// What became known of one world.
struct WorldKnown {
  World world;
  std::optional<std::int64_t> holds_gpus;  ///< smallest fleet tried that holds
  std::optional<std::int64_t> fails_gpus;  ///< largest tried that does not
  /// Targets that even an empty fleet misses: none of any size holds. Nothing else was tried then.
  std::vector<FloorMiss> floor;
};

/// The smallest fleet that holds in the share of worlds asked for.
struct WorldsPlan {
  PlanStatus status = PlanStatus::kStopped;
  std::vector<UncertainInput> inputs;
  std::int64_t needed_gpus = 0;  ///< of the free pools
  std::int64_t from_gpus = 0;    ///< smallest whose share's interval reaches the one asked for
  std::int64_t step_gpus = 0;    ///< between two fleets of the row, of the free pools
  std::int64_t max_gpus = 0;     ///< bound of the search
  std::size_t wanted = 0;        ///< worlds that make up the share asked for
  std::size_t possible = 0;      ///< worlds in which a fleet of some size may hold
  /// Simulated in every world that is possible, the answer by whole runs where it seems to hold.
  /// Out of bounds because too few are possible, it is the smallest fleet that holds in all of
  /// those, or none.
  std::optional<WorldsPoint> answer, below;
  std::vector<WorldsPoint> curve;  ///< by GPUs
  std::vector<WorldKnown> worlds;  ///< by number
  EvaluationCounts counts;         ///< candidates: worlds x fleets
};

/// The answer with an input at one end.
struct TornadoEnd {
  std::vector<double> values;  ///< by field; empty: as stated
  bool below_floor = false;    ///< not found because even an empty fleet misses a target
  bool found = false;          ///< false: no fleet within the bounds holds
  std::int64_t gpus = 0;       ///< needed of the free pools; the bound when not found
};
struct TornadoRow {
  std::size_t input = 0;  ///< index into Tornado::inputs
  TornadoEnd low, high;
};
struct Tornado {
  PlanStatus status = PlanStatus::kStopped;
  std::vector<UncertainInput> inputs;
  TornadoEnd stated;             ///< the answer by the same rule with every input as stated
  std::vector<TornadoRow> rows;  ///< the input that moves the answer most first
  std::int64_t step_gpus = 0, max_gpus = 0;
  bool in_busiest_hours = false;  ///< some end was tried in those alone
  EvaluationCounts counts;
};

/// Draws worlds and searches. `plan` is the plan of the scenario as stated: it gives the free pools
/// and where to begin. With several free pools fleets keep its proportions. Steps are one replica,
/// or half a percent of the plan's answer where that is more.
/// Throws InputError where a world's values do not go together.
WorldsPlan plan_worlds(const LoadedScenario& loaded, const ResolvedScenario& scenario,
                       const FleetPlan& plan, const WorldsOptions& options,
                       const ExecOptions& exec);

/// Searches with each input at its low and at its high, the others as stated, by the mean of the
/// same replications. Throws InputError likewise.
Tornado find_tornado(const LoadedScenario& loaded, const ResolvedScenario& scenario,
                     const FleetPlan& plan, const WorldsOptions& options, const ExecOptions& exec);

}  // namespace headroom
