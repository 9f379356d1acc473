#pragma once

#include <cstdint>

#include "headroom/core/check.hpp"

namespace headroom {

/// Division by a number known beforehand as one multiplication, exact where (x + 1) * d <= 2^64.
///
/// m = floor((2^64 - 1) / d) is at least 2^64 / d - 1 and below 2^64 / d. So (x + 1) m / 2^64 is
/// below (x + 1) / d, and at least (x + 1) / d - (x + 1) / 2^64 >= x / d: its whole part is that of
/// x / d.
class Divisor {
 public:
  /// REQUIRES: d >= 1.
  explicit Divisor(std::int64_t d = 1)
      : d_(static_cast<std::uint64_t>(d)), reciprocal_(UINT64_MAX / d_) {
    HEADROOM_CHECK(d >= 1, "a divisor is at least 1");
  }
  std::uint64_t quotient(std::uint64_t x) const {
    __extension__ using Product = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Product>(x + 1) * reciprocal_) >> 64U);
  }
  std::uint64_t remainder(std::uint64_t x) const { return x - quotient(x) * d_; }

 private:
  std::uint64_t d_, reciprocal_;
};

}  // namespace headroom
