#pragma once

#include <compare>
#include <cstdint>

namespace headroom {

/// A whole number of one unit. Amounts of different units do not mix, and comparing is exact.
template <class Unit>
struct Amount {
  std::int64_t count = 0;

  friend constexpr auto operator<=>(Amount, Amount) = default;
  friend constexpr Amount operator+(Amount a, Amount b) { return {a.count + b.count}; }
  friend constexpr Amount operator-(Amount a, Amount b) { return {a.count - b.count}; }
  friend constexpr Amount operator*(Amount a, std::int64_t times) { return {a.count * times}; }
  friend constexpr Amount operator*(std::int64_t times, Amount a) { return {times * a.count}; }
  constexpr Amount& operator+=(Amount b) {
    count += b.count;
    return *this;
  }
  constexpr Amount& operator-=(Amount b) {
    count -= b.count;
    return *this;
  }
};

/// Simulated time, whole picoseconds. 64 bits hold 106 days; a run spans at most 90
/// (docs/model.md).
using Ticks = Amount<struct TicksUnit>;
using Tokens = Amount<struct TokensUnit>;
using Bytes = Amount<struct BytesUnit>;

inline constexpr std::int64_t kTicksPerSecond = 1'000'000'000'000;
inline constexpr Ticks kNever{INT64_MAX};
inline constexpr Ticks kMaxRunSpan{90LL * 86'400 * kTicksPerSecond};

/// `from` + `by`, or kNever where 64 bits do not hold it: two spans of at most 90 days are together
/// more than that. REQUIRES: both >= 0.
constexpr Ticks later(Ticks from, Ticks by) {
  return by.count >= kNever.count - from.count ? kNever : from + by;
}

/// How many bins of a width a span has, the last one perhaps cut off. REQUIRES: width > 0.
constexpr std::int64_t bins_of(Ticks span, Ticks width) {
  return span.count / width.count + (span.count % width.count != 0 ? 1 : 0);
}

/// Seconds to the nearest tick. REQUIRES: |seconds| <= 9.2e6, the range of 64 bits.
constexpr Ticks ticks_from_seconds(double seconds) {
  const double ticks = seconds * static_cast<double>(kTicksPerSecond);
  return {static_cast<std::int64_t>(ticks < 0 ? ticks - 0.5 : ticks + 0.5)};
}

constexpr double seconds(Ticks ticks) {
  return static_cast<double>(ticks.count) / static_cast<double>(kTicksPerSecond);
}

}  // namespace headroom
