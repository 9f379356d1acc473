#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headroom/plan/evaluate.hpp"
#include "headroom/plan/search.hpp"

/// The smallest fleet that holds every target. docs/planning.md has the method.
namespace headroom {

/// What is held least.
enum class Minimize { kGpus, kCost, kPower };

struct PlanOptions {
  std::vector<std::string> free;  ///< pools that may change; empty = those that targets depend on
  std::optional<std::int64_t> max_gpus;  ///< of all free pools together
  Minimize minimize = Minimize::kGpus;   ///< which of several answers is best
  std::vector<Look> looks;               ///< of verdicts near the answer; at least one
  std::optional<double> precision;       ///< half-width / value wanted of the answer's intervals
  std::size_t probe_replications = 2;    ///< far from it
  std::size_t today_replications = 4;    ///< of today's fleet, at most the first look's
  /// So many of a verdict's replications simulate the whole run, those after them and all far from
  /// the answer its busiest hours (Effort::whole). kAll: every replication is whole, far ones too.
  std::size_t whole_replications = Effort::kAll;
  bool about_today = true;  ///< today's fleet and the knee are worked out too
  bool node_loss = true;
  bool interval = true;  ///< how far down nothing is excluded is looked for
  std::string family;    ///< Candidate::family of the scenario that is planned

  /// Of a try far from the answer, and of one by a look.
  Effort probe_effort() const;
  Effort effort_of(const Look& look) const { return {look.replications, whole_replications}; }
};

/// Replications of a plan's verdicts where none are asked for: the scenario's, at most 4 where one
/// of them simulates more than a million requests and there are no busiest hours to simulate
/// instead.
std::size_t verdict_replications(const ResolvedScenario& scenario);

/// The options for a scenario. Where one replication simulates more than a million requests: fewer
/// far from the answer and for today's fleet, and of verdicts 4 whole ones, the rest of the busiest
/// hours.
PlanOptions plan_options_for(const ResolvedScenario& scenario, std::vector<Look> looks);

/// A fleet that was tried.
struct CurvePoint {
  FleetSize fleet;
  std::int64_t gpus = 0;
  Judgement judgement;
};

/// A target that no fleet holds: missed by a system with nothing else in it.
struct FloorMiss {
  std::size_t target = 0;
  double value = 0;  ///< of the nearly empty system
  double bound = 0;  ///< that is beyond the limit
};

/// What holds of one free pool.
struct PoolAnswer {
  std::size_t pool = 0;
  std::int64_t current_gpus = 0;
  std::int64_t needed_gpus = 0;
  std::int64_t from_gpus = 0;  ///< smallest number that is not excluded
  bool separated = false;
  std::int64_t node_loss_gpus = 0;  ///< of the smallest fleet that holds after a node is lost
  PoolStep step;
};

enum class PlanStatus {
  kFound,
  kOutOfBounds,  ///< no fleet within the bounds holds
  kInfeasible,   ///< no fleet holds, however large
  kStopped,      ///< interrupted
};

/// The smallest fleet for one scenario as declared.
struct FleetPlan {
  PlanStatus status = PlanStatus::kStopped;
  std::vector<std::size_t> free;  ///< indices of pools
  std::vector<PoolAnswer> pools;  ///< in order of `free`
  FleetSize today, needed, from;  ///< `from`: as far down as nothing is excluded
  bool separated = false;         ///< one step below is excluded, in every free pool
  bool precise = true;            ///< PlanOptions::precision is reached
  bool monotone = true;
  Look look;  ///< at which the verdicts were given
  std::int64_t max_gpus = 0;
  std::optional<CurvePoint> answer;      ///< the fleet needed; without one, the largest tried
  std::vector<CurvePoint> below;         ///< one step below, by free pool
  std::optional<FleetSize> node_loss;    ///< smallest fleet that holds after a node is lost
  std::optional<CurvePoint> after_loss;  ///< that fleet with the node gone, simulated
  std::vector<FloorMiss> floor;          ///< why nothing holds
  std::vector<std::size_t> nobody;  ///< targets that nobody can count for; nothing holds either
  std::vector<CurvePoint> curve;    ///< everything tried, by GPUs
};

/// Delay at today's fleet under more or less demand.
struct KneePoint {
  double multiplier = 1;
  double peak_load_per_gpu = 0;  ///< of the fullest pool
  Judgement judgement;
};

/// Everything a plan found out.
struct PlanResult {
  RunResult today;              ///< today's fleet as declared: what doing nothing means
  std::vector<KneePoint> knee;  ///< by multiplier
  FleetPlan plan;
  EvaluationCounts counts;
  unsigned threads = 1;
};

/// The same demand on another type of GPU.
struct PlanAlternative {
  std::string gpu;
  std::optional<ResolvedScenario> scenario;  ///< nothing: the pool cannot be built of it
  std::string problem;                       ///< then why
  FleetPlan plan;
};
/// Index of the cheapest that was found, by what is minimized (the first of equals); nothing when
/// none was.
std::optional<std::size_t> cheapest(const std::vector<PlanAlternative>& alternatives,
                                    Minimize minimize);

/// Largest demand multiplier tried that holds, and smallest that does not, below and above which
/// the curve turns; nothing where there is none.
struct KneeBracket {
  std::optional<double> holds, fails;
};
KneeBracket knee_bracket(const std::vector<KneePoint>& knee);

/// Pools that may change: those named, else those that a class with a target visits (every pool
/// when a target is about all classes together).
/// REQUIRES: the names are pools of the scenario.
std::vector<std::size_t> free_pools(const ResolvedScenario& scenario,
                                    const std::vector<std::string>& named);

/// Free pools that must be sized together: classes, or a target about all classes, join them. Each
/// with the targets that depend on it.
struct PoolGroup {
  std::vector<std::size_t> pools;
  std::vector<bool> targets;  ///< by index
};
std::vector<PoolGroup> pool_groups(const ResolvedScenario& scenario,
                                   const std::vector<std::size_t>& free);

/// Targets that an almost empty system misses. About 3,000 of the scenario's requests, so far apart
/// that they hardly meet, are simulated on few replicas without deliveries and failures: what a
/// request then takes is the least it ever takes. Minutes are not judged one by one (the worst is
/// never better than the whole), drain times and goodput not at all, nor the classes of a static
/// pool that waits for its batch, which an empty system serves late.
std::vector<FloorMiss> targets_below_floor(const ResolvedScenario& scenario, Evaluator& evaluator,
                                           double confidence, const std::string& family = "");

/// Targets that no request can count for: nothing they are about arrives in their window, in no
/// busy period, or it makes no tokens and they ask for the time of tokens. A target that saw no
/// request is missed (docs/glossary.md), so no fleet holds these. By the declared rates alone;
/// nothing is simulated.
std::vector<std::size_t> targets_about_nobody(const ResolvedScenario& scenario);

/// The smallest fleet. Catches no SearchStopped.
FleetPlan plan_fleet(const ResolvedScenario& scenario, const PlanOptions& options,
                     Evaluator& evaluator);

/// Delay against demand at today's fleet: 0.8, 1 and 1.2 times `centre`, and 1.
std::vector<KneePoint> find_knee(const ResolvedScenario& scenario, double centre,
                                 const Effort& effort, double confidence, Evaluator& evaluator);

/// Everything: today's fleet, the smallest one, the knee. What was found before an interruption is
/// kept, with status kStopped.
PlanResult plan(const ResolvedScenario& scenario, const PlanOptions& options, Evaluator& evaluator);

/// The same with a choice of GPU types: each alternative that has a scenario is planned, and the
/// cheapest is the answer. Today's fleet and the knee are those of `scenario`.
PlanResult plan_types(const ResolvedScenario& scenario, std::vector<PlanAlternative>& alternatives,
                      const PlanOptions& options, const ExecOptions& exec);

/// What one of several answers costs in the currency that is minimized: GPUs, dollars an hour (by
/// the lowest listed price; infinite without one) or watts.
double plan_cost(const ResolvedScenario& scenario, const FleetSize& fleet,
                 const std::vector<std::size_t>& pools, Minimize minimize);

}  // namespace headroom
