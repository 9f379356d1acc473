#include "headroom/workload/retry.hpp"

#include <algorithm>

#include "headroom/core/check.hpp"

namespace headroom {

Ticks retry_delay(const RetryRule& rule, const RunKey& key, ClassId request_class,
                  std::uint64_t entity, std::int32_t attempt) {
  HEADROOM_CHECK(attempt >= 1 && attempt < kMostAttempts, "random streams tell attempts apart");
  RandomStream random(key, Purpose::kRetry,
                      index(request_class) | (static_cast<std::uint32_t>(attempt) << 12U), entity);
  if (random.uniform() >= rule.probability) return kNever;
  const double most = seconds(rule.max_backoff);
  double backoff_s = seconds(rule.backoff);
  for (std::int32_t i = 1; i < attempt && backoff_s < most; ++i) backoff_s *= rule.factor;
  backoff_s = std::min(backoff_s, most);
  backoff_s -= random.uniform() * rule.jitter * backoff_s;
  return std::max(Ticks{1}, ticks_from_seconds(backoff_s));
}

}  // namespace headroom
