#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "headroom/plan/busiest.hpp"
#include "headroom/plan/run.hpp"
#include "headroom/plan/variant.hpp"

/// Trying variants of a scenario: simulate what is not known yet, keep what is.
namespace headroom {

/// One thing to try. `family` names everything but the fleet that differs from the scenario as
/// declared ("" when nothing does): two candidates of one family and one fleet are the same.
struct Candidate {
  std::string family;
  ResolvedScenario scenario;
};

/// How many replications, and how many of them simulate the whole run: those after them simulate
/// its busiest hours (busiest.hpp) where it has any.
struct Effort {
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  Effort(std::size_t n, std::size_t whole_ones = kAll) : replications(n), whole(whole_ones) {}
  std::size_t replications;
  std::size_t whole;
};

/// How much of an evaluation is worked out.
enum class Detail {
  kTargets,     ///< what the targets need; may be more
  kEverything,  ///< all statistics of a run
};

/// What is known of a candidate.
struct Evaluation {
  std::string family;
  FleetSize fleet;
  std::int64_t gpus = 0;
  /// Statistics so far; verdicts at the scenario's confidence. Of replications that simulated the
  /// busiest hours alone, after others that simulated all, only the values of targets are in it.
  RunResult result;
  bool hours_only = false;  ///< the replications of `result` simulated the busiest hours alone
  std::size_t added_in_hours = 0;  ///< replications of which it has the values of targets alone

  std::size_t replications() const {
    return result.periods.front().statistics.replications + added_in_hours;
  }
  std::size_t in_busiest_hours() const { return hours_only ? replications() : added_in_hours; }
};

/// What an evaluation says about the targets at some confidence.
struct Judgement {
  std::size_t replications = 0;
  std::size_t in_busiest_hours = 0;  ///< of them simulated nothing else
  double confidence = 0.95;
  std::size_t period = 0;               ///< the severest, the busiest of equally severe ones
  std::vector<TargetVerdict> verdicts;  ///< of that period, in the order of the targets
  bool holds = false;     ///< every judged target's bound is within its limit, in every period
  bool excluded = false;  ///< some judged target is missed even by its other bound
  /// How far the worst judged target's bound is beyond its limit, as a logarithm of their ratio:
  /// negative inside, infinite when lost. For steering a search, never for a verdict.
  double severity = 0;
  std::optional<std::size_t> binding;  ///< the judged target that severity is of
};

/// Judges an evaluation. `judged`: which targets count; empty = all. The level of a bound is shared
/// out over all targets of the scenario either way.
Judgement judge_evaluation(const Evaluation& evaluation, double confidence,
                           const std::vector<bool>& judged = {});

/// How far a bound is beyond its limit (Judgement::severity); -infinity without one.
double severity_of(const TargetVerdict& verdict, const TargetSpec& target);

/// What trying has cost.
struct EvaluationCounts {
  std::size_t candidates = 0;  ///< variants tried
  std::size_t fleets = 0;      ///< different fleets among them
  double runs = 0;             ///< simulated: replications x periods x cells
  double requests = 0;         ///< simulated
  double events = 0;

  /// Adds what else was simulated; `more`'s variants are not counted.
  void add_runs_of(const EvaluationCounts& more) {
    runs += more.runs;
    requests += more.requests;
    events += more.events;
  }
};

/// Thrown out of a search when the user asked to stop.
struct SearchStopped {};

/// Simulates candidates and remembers them. Replications have numbers, and number i means the same
/// demand, lengths and patience for every candidate (common random numbers), so two evaluations of
/// as many replications are paired. Results do not depend on the number of threads, nor on the
/// order in which candidates were tried.
///
/// In a fleet of many cells two fleets a few replicas apart are made of the same two sizes of cell
/// in other proportions. Cells share nothing, so each (cell, replication) is simulated once and
/// counted with the weight it has in each fleet: the same numbers as simulating it again. The
/// outcomes kept for this take at most `cell_cache_bytes`, by estimate; the oldest go first.
class Evaluator {
 public:
  explicit Evaluator(ExecOptions exec, std::size_t cell_cache_bytes = std::size_t{2} << 30U);

  /// The candidate with at least so many replications, numbers 0 on. The reference stays valid,
  /// what it refers to grows with later calls. Throws SearchStopped when cancelled.
  ///
  /// Replications that simulate the busiest hours alone count for the targets that are decided in
  /// them (decided_in, by the whole ones so far); where none is, they are left out. An effort
  /// without whole ones is of the busiest hours alone, unless as many whole ones are known already.
  const Evaluation& evaluate(const Candidate& candidate, const Effort& effort,
                             Detail detail = Detail::kTargets);

  const EvaluationCounts& counts() const { return counts_; }
  unsigned threads() const { return threads_; }

  /// Called before simulations begin: the candidate, and how many replications it will have.
  std::function<void(const Evaluation&, std::size_t replications)> on_evaluate;

 private:
  /// All that one cell's run depends on, beside the scenario that its family names.
  struct CellKey {
    std::string family;
    std::size_t replication = 0, period = 0;
    std::uint32_t number = 0;
    FleetSize replicas, delivered;  ///< by pool
    std::vector<FleetEvent> events;
    auto operator<=>(const CellKey&) const = default;
  };
  struct CellEntry {
    std::shared_ptr<const Outcome> outcome;
    std::size_t bytes = 0;
    std::list<CellKey>::iterator age;
  };

  using Known = std::tuple<std::string, FleetSize, Detail>;
  /// What is done with a fleet's outcome, in the order of (replication, period).
  using Consume = std::function<void(std::size_t period, const Outcome& fleet)>;

  Evaluation& whole_runs(const Candidate& candidate, std::size_t replications, Detail detail);
  void add_hours(const Candidate& candidate, Evaluation& evaluation, std::size_t replications,
                 const BusiestHours& hours);
  bool knows(const Candidate& candidate, Detail detail, std::size_t replications) const;
  void note_tried(const std::string& family, const FleetSize& fleet);
  /// Simulates replications [first, last).
  void simulate(const Candidate& candidate, const MeasureSpec& spec, std::size_t first,
                std::size_t last, Detail detail, const Consume& consume);
  void simulate_by_cells(const Candidate& candidate, const MeasureSpec& spec, std::size_t first,
                         std::size_t last, Detail detail, const Consume& consume);
  static CellKey key_of(const Candidate& candidate, const JobIndex& at);
  /// The outcomes of the cells wanted, in their order; simulates those that are not remembered.
  std::vector<std::shared_ptr<const Outcome>> cell_outcomes(const Candidate& candidate,
                                                            const MeasureSpec& spec,
                                                            const std::vector<JobIndex>& wanted,
                                                            Detail detail);
  void remember(CellKey key, std::shared_ptr<const Outcome> outcome);
  void count(const ExecResult& exec, double runs);

  ExecOptions exec_;
  std::size_t cell_cache_bytes_;
  std::map<Known, std::unique_ptr<Evaluation>> known_;
  std::set<std::pair<FleetSize, std::string>> tried_;  ///< whole or not: each counts once
  std::map<CellKey, CellEntry> cells_;
  std::list<CellKey> ages_;  // oldest first
  std::size_t cell_bytes_ = 0;
  EvaluationCounts counts_;
  unsigned threads_ = 1;
};

}  // namespace headroom
