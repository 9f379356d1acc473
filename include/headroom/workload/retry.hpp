#pragma once

#include <cstdint>

#include "headroom/core/ids.hpp"
#include "headroom/core/random.hpp"
#include "headroom/core/units.hpp"

namespace headroom {

/// Attempts of one request are told apart in random streams by so many.
inline constexpr std::int32_t kMostAttempts = 1000;

/// What users do when an attempt is lost. docs/serving.md#retries
struct RetryRule {
  std::int32_t max_attempts = 1;            ///< in all; 1 = nobody tries again
  bool abandoned = false;                   ///< after an attempt that was abandoned
  bool rejected = false;                    ///< after one refused by a token bucket or a queue cap
  bool failed = false;                      ///< after one that failed
  Ticks backoff{kTicksPerSecond};           ///< before the second attempt
  double factor = 2;                        ///< of every further back-off to the one before
  Ticks max_backoff{60 * kTicksPerSecond};  ///< largest back-off
  double jitter = 0.5;     ///< share of the back-off that is uniformly random: 1 = all of it
  double probability = 1;  ///< that a user tries again at all
};

/// Time from the end of attempt `attempt` (the first is 1) to the next one: the back-off
/// b = min(backoff x factor^(attempt - 1), max_backoff) less u x jitter x b, at least 1 tick;
/// kNever when the user gives up. Depends on nothing else, so it is the same on any fleet.
/// REQUIRES: 1 <= attempt < kMostAttempts; a valid rule.
Ticks retry_delay(const RetryRule& rule, const RunKey& key, ClassId request_class,
                  std::uint64_t entity, std::int32_t attempt);

}  // namespace headroom
