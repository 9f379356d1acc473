#pragma once

#include <cstdint>

#include "headroom/workload/distribution.hpp"

namespace headroom {

/// Share of a class's requests that a daily quota lets through: E[min(N, q)] / E[N], N the requests
/// of a user a day (rounded, at least 1), q the quota. REQUIRES: a valid distribution, per_day
/// >= 1.
double share_within_quota(const Distribution& requests_per_user, std::int64_t per_day);

}  // namespace headroom
