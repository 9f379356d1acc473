#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "headroom/plan/capacity.hpp"
#include "headroom/scenario/plan_section.hpp"

/// The ways out beside more GPUs: less demand, a cap on one class, GPUs that come later, something
/// cheaper to serve. All by the search of the fleet, each with its worth in GPUs.
/// docs/planning.md#other-ways-out has the method.
namespace headroom {

enum class LeverKind { kDemand, kRateLimit, kQuota, kDegrade };

enum class LeverStatus {
  kFound,     ///< with this setting today's fleet holds; of a degradation: some fleet does
  kNeedless,  ///< today's fleet holds without it
  kNone,      ///< no setting is enough; of a degradation: no fleet within the bounds
};

/// A setting that was tried, at today's fleet.
struct LeverPoint {
  /// Demand multiplier, requests a second, requests a user and day; of a delivery: GPUs that come.
  double value = 0;
  /// Of the capped class, refused on purpose, by the targets about it; NaN where none is.
  double refused_share = std::numeric_limits<double>::quiet_NaN();
  Judgement judgement;
  bool confirmed = false;  ///< judged in the busiest hours alone, then held by one whole run
};

/// What one lever is worth.
struct LeverAnswer {
  LeverKind kind = LeverKind::kDemand;
  std::string name;           ///< the scenario's; empty of the demand
  std::string request_class;  ///< that is capped; empty else
  LeverStatus status = LeverStatus::kNone;
  std::vector<TargetSpec> targets;    ///< that the judgements are about
  double value = 0;                   ///< largest setting that holds
  double open = 0;                    ///< largest that is not excluded
  bool separated = false;             ///< the next larger one is excluded
  bool at_bound = false;              ///< the largest setting tried holds: more may
  Look look;                          ///< at which the verdicts were given
  std::optional<LeverPoint> answer;   ///< at `value`; where none holds, at the tightest setting
  std::optional<LeverPoint> beyond;   ///< the next larger setting
  std::vector<LeverPoint> curve;      ///< every setting tried, by value
  std::optional<FleetPlan> fleet;     ///< that holds: of a degradation, and at a cap's tightest
  std::string problem;                ///< of a degradation that cannot be served: why
  std::optional<std::int64_t> gpus;   ///< of the free pools, that hold with it
  std::optional<std::int64_t> saved;  ///< of the GPUs that the plain plan needs
};

/// One stated delivery and how much of it is needed.
struct DeliveryBatch {
  std::size_t pool = 0;
  double at_s = 0;  ///< it serves from then on
  std::int64_t gpus = 0, needed_gpus = 0;
};

/// What must arrive by when.
struct DeliveryAnswer {
  LeverStatus status = LeverStatus::kNone;
  double from_s = 0;   ///< targets are judged over the arrivals from then on
  bool asked = false;  ///< the date was given; else it is the earliest that holds with all batches
  double date_step_s = 0;              ///< of the dates that were tried, where one was looked for
  std::optional<double> earliest_s;    ///< where `asked` and not all suffice: when all do
  std::vector<DeliveryBatch> batches;  ///< by time
  std::int64_t stated_gpus = 0, needed_gpus = 0;
  std::int64_t open_gpus = 0;  ///< fewest that are not excluded
  bool separated = false;
  Look look;
  std::vector<TargetSpec> targets;
  std::vector<std::string> left_out;  ///< targets whose window ends before the date
  std::optional<LeverPoint> answer, below;
  std::vector<LeverPoint> curve;
  std::optional<RunResult> until;     ///< arrivals before the date, with the batches needed
  std::optional<std::int64_t> gpus;   ///< of the free pools once the last needed batch serves
  std::optional<std::int64_t> saved;  ///< of what the plain plan needs from the start
};

/// Something cheaper, ready to be planned.
struct Degradation {
  std::string name;
  std::optional<ResolvedScenario> scenario;  ///< nothing: it cannot be built
  std::string problem;                       ///< then why
};

/// What to look for beside the fleet.
struct SolveOptions {
  bool demand = false;
  std::vector<PlanLever> caps;  ///< of kinds rate_limit and quota
  std::vector<Degradation> degradations;
  /// The scenario with all its deliveries, when they are in question; the plain plan is then of the
  /// one without.
  std::optional<ResolvedScenario> delivered;
  std::optional<Ticks> from;  ///< the date from which a delivery must hold the targets
};

struct WaysOut {
  std::vector<LeverAnswer> levers;
  std::optional<DeliveryAnswer> delivery;
  bool stopped = false;  ///< interrupted: the rest is missing

  bool empty() const { return levers.empty() && !delivery; }
};

/// Less effort, for what is worked out beside the plan unasked: verdicts of three replications,
/// probes of one, no interval.
PlanOptions coarse_options(const PlanOptions& options);

/// Largest multiplier of all demand at which today's fleet holds every target.
LeverAnswer solve_demand(const ResolvedScenario& today, const FleetPlan& plain,
                         const PlanOptions& options, Evaluator& evaluator);

/// Mildest cap on a class with which today's fleet holds every target, those about the class (and
/// about all) over the admitted. Where not even the tightest is enough: the fleet that is, with it.
/// REQUIRES: the lever is of kind rate_limit or quota, and its class one of the scenario's.
LeverAnswer solve_cap(const ResolvedScenario& today, const PlanLever& lever, const FleetPlan& plain,
                      const PlanOptions& options, Evaluator& evaluator);

/// The smallest fleet when something cheaper is served.
LeverAnswer solve_degradation(const Degradation& degradation, const FleetPlan& plain,
                              const PlanOptions& options, Evaluator& evaluator);

/// Fewest GPUs of the stated deliveries, in their order, that hold every target for arrivals from a
/// date on. Without a date: from the earliest at which all of them do.
/// REQUIRES: `delivered` has deliveries; from < the run's end.
DeliveryAnswer solve_delivery(const ResolvedScenario& delivered, std::optional<Ticks> from,
                              const FleetPlan& plain, const PlanOptions& options,
                              Evaluator& evaluator);

/// All that was asked for, in that order. What was found before an interruption is kept.
WaysOut find_ways_out(const ResolvedScenario& today, const SolveOptions& asked,
                      const FleetPlan& plain, const PlanOptions& options, Evaluator& evaluator);

}  // namespace headroom
