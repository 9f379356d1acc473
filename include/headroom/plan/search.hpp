#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

/// The smallest of a row of candidates that holds, where trying one is dear. Knows nothing of
/// fleets: x may count replicas, steps of a multiplier, batches of a delivery.
namespace headroom {

/// What trying x says.
struct AxisVerdict {
  bool holds = false;     ///< every target's bound is within its limit
  bool excluded = false;  ///< some target is missed beyond doubt
  double severity = 0;    ///< Judgement::severity: above 0 too small, below 0 room to spare
  bool precise = true;    ///< its intervals are as narrow as asked for
};

/// Tries x with the effort of a level: 0 is a probe of few replications, 1, 2, ... are the looks.
/// The same x at a higher level knows more, never something else.
using AxisJudge = std::function<AxisVerdict(std::int64_t x, std::size_t level)>;

/// Where to look. REQUIRES: low <= guess <= high.
struct AxisRange {
  std::int64_t low = 1;
  std::int64_t high = 1;
  std::int64_t guess = 1;             ///< where to begin
  std::int64_t stride = 1;            ///< a first guess at how far off `guess` may be
  std::vector<std::int64_t> known{};  ///< within the range; probing these costs nothing
  bool interval = true;               ///< AxisAnswer::from is looked for; else it is x
  /// Once x is tried, all others from k block + 1 to (k + 1) block cost next to nothing, the last
  /// of them even less: steps stop at the ends of a block before they leave it, and wide ones of
  /// probes end at its last. 1 = all cost the same.
  std::int64_t block = 1;
};

/// The outcome of a search.
struct AxisAnswer {
  bool found = false;      ///< some x within the range holds
  std::int64_t x = 0;      ///< the smallest that holds at the last look; `high` when none does
  std::int64_t from = 0;   ///< smallest x that is not excluded: the interval is [from, x]
  bool separated = false;  ///< x - 1 is excluded, or x is the smallest there is
  bool precise = true;     ///< AxisVerdict::precise of x
  bool monotone = true;    ///< at the last look nothing that holds lies below something that fails
  std::size_t look = 1;    ///< level at which the verdicts were given
};

/// Finds the smallest x that holds.
///
/// Probes bracket it: what is known first, then, where that leaves it open, from the guess outwards
/// by the secant of the severities, by `stride` where there is none yet (twice as far each time),
/// never by more than half of x; then inwards by secant and halving in turn. Probes only say where
/// to look. From where they end, level 1 walks until x holds and x - 1 does not, both judged at
/// that level, in steps that double away from the start and halve back. Then `from` is sought
/// downwards in the same way, and x + 1 and x + 2 are tried. While x is not separated, or not
/// precise, and there are further looks (`looks` in all), the same is done at the next one. Where
/// the row is not monotone, x is a place where it turns from failing to holding.
AxisAnswer search_smallest(const AxisRange& range, std::size_t looks, const AxisJudge& judge);

}  // namespace headroom
