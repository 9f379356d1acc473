#pragma once

#include <cstdint>

namespace headroom {

/// A count in a formula of real numbers.
inline double real(std::int64_t value) { return static_cast<double>(value); }

}  // namespace headroom
