#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "headroom/exec/run_jobs.hpp"
#include "headroom/plan/fluid.hpp"
#include "headroom/plan/looks.hpp"
#include "headroom/plan/measure.hpp"
#include "headroom/plan/verdict.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom {

/// Results of one busy period (a scenario without them has one).
struct PeriodResult {
  double start_s = 0;  ///< since the scenario's start
  double rate_multiplier = 1;
  RunStatistics statistics;
  std::vector<TargetVerdict> verdicts;  ///< in order of MeasureSpec::targets
  std::vector<PoolLoad> load;           ///< in order of MeasureSpec::pools

  /// Whether every target passes.
  bool holds() const;
};

/// How a run that chose its own number of replications came to it.
struct SequentialRule {
  double share = 0.05;         ///< half-width asked for / value
  std::vector<Look> looks;     ///< all that were planned
  std::size_t stopped_at = 0;  ///< index of the last one taken
  bool reached = false;        ///< the precision; false: the last look came first
};

/// Everything a run of a scenario found out.
struct RunResult {
  MeasureSpec spec;
  double confidence = 0.95;  ///< of intervals and verdicts: the scenario's, or of the last look
  std::optional<SequentialRule> sequential;
  std::vector<PeriodResult> periods;
  bool complete = true;  ///< false: cancelled; what there is comes from the replications that ended
  ExecResult exec;

  /// Index of the first period that misses a target; nothing when all hold.
  std::optional<std::size_t> first_failing() const;
  /// Index of the period with the most demand, the last of equals.
  std::size_t busiest() const;
  /// The period that the report is about: the first that fails, else the busiest.
  std::size_t main_index() const { return first_failing().value_or(busiest()); }
  const PeriodResult& main_period() const { return periods[main_index()]; }
};

/// Called after each whole (replication, period), in order: for output that streams.
using OnReplication = std::function<void(std::size_t replication, std::size_t period)>;

/// What of each replication is measured.
MeasureSpec measure_spec(const ResolvedScenario& scenario);

/// A run of which no replication has been simulated yet.
RunResult start_run(const ResolvedScenario& scenario);
/// The runs of some replications: all periods, all simulated cells.
JobGrid job_grid(const ResolvedScenario& scenario, std::size_t first_replication,
                 std::size_t replications);

/// Simulates until every interval is as narrow as asked for, looking after the replications of
/// `looks` (spending_looks), and judges the targets at the confidence of the last look taken.
RunResult run_until_precise(const ResolvedScenario& scenario, const Precision& precision,
                            const std::vector<Look>& looks, const ExecOptions& options = {},
                            const OnReplication& on_replication = {});

/// Simulates all replications of all periods and judges the targets.
RunResult run(const ResolvedScenario& scenario, const ExecOptions& options = {},
              const OnReplication& on_replication = {});

}  // namespace headroom
