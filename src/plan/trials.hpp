#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "headroom/plan/evaluate.hpp"
#include "headroom/plan/search.hpp"

namespace headroom {

/// With more replications a verdict would be by a bound of the mean (Judgement), not by the mean.
inline constexpr std::size_t kMostTrialReplications = 2;

/// A variant of a scenario on a fleet.
struct Trial {
  const ResolvedScenario* variant = nullptr;
  FleetSize fleet;
  std::optional<TimeSpan> arrivals;  ///< who arrives then is simulated; everybody when empty
};

/// Tries variants, many at once so that all threads have work though each is small.
class TrialRunner {
 public:
  /// Each trial has `replications`; the mean of them is compared with the limits.
  /// REQUIRES: 1 <= replications <= kMostTrialReplications.
  TrialRunner(std::size_t replications, ExecOptions exec)
      : replications_(replications), exec_(std::move(exec)) {}

  /// In the order of the trials. Throws SearchStopped when cancelled.
  std::vector<Judgement> run(const std::vector<Trial>& trials);

  const EvaluationCounts& counts() const { return counts_; }

 private:
  std::size_t replications_;
  ExecOptions exec_;
  EvaluationCounts counts_;
};

/// What is known of a variant on a row of fleets, where what holds on a fleet is taken to hold on
/// every larger one, and what misses to miss on every smaller one.
class RowKnown {
 public:
  struct Tried {
    bool holds = false;
    double severity = 0;
    bool whole = false;  ///< not of the busiest hours alone
  };

  void add(std::int64_t x, const Judgement& judgement);
  bool was_tried(std::int64_t x) const { return tried_.contains(x); }
  bool was_tried_whole(std::int64_t x) const { return was_tried(x) && tried_.at(x).whole; }
  /// As tried; else what follows, with the severity of the nearest fleet that was tried.
  std::optional<Tried> at(std::int64_t x) const;
  std::optional<std::int64_t> smallest_that_holds() const;
  std::optional<std::int64_t> largest_that_fails() const;

 private:
  std::map<std::int64_t, Tried> tried_;
};

}  // namespace headroom
