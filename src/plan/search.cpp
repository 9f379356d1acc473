#include "headroom/plan/search.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

class AxisSearch {
 public:
  AxisSearch(const AxisRange& range, const AxisJudge& judge)
      : range_(range), judge_(judge), stride_(std::max<std::int64_t>(1, range.stride)) {}

  /// Where probes turn from failing to holding; `high` when none holds.
  std::int64_t bracket() {
    std::int64_t fails = range_.low - 1;
    std::int64_t holds = range_.high + 1;
    for (const std::int64_t x : range_.known) {
      if (x <= fails || x >= holds) continue;
      (at(x, 0).holds ? holds : fails) = x;
    }
    bool halve = true;
    if (range_.guess > fails && range_.guess < holds) {
      const std::int64_t x = cheapest_near(range_.guess, fails, holds);
      (at(x, 0).holds ? holds : fails) = x;
    }
    while (holds - fails > 1) {
      std::int64_t x = 0;
      if (holds > range_.high) {
        x = std::min(range_.high, fails + outward(fails));
      } else if (fails < range_.low) {
        x = std::max(range_.low, holds - outward(holds));
      } else {
        halve = !halve;
        x = inside(fails, holds, halve);
      }
      x = cheapest_near(x, fails, holds);
      (at(x, 0).holds ? holds : fails) = x;
    }
    return std::min(holds, range_.high);
  }

  /// From `start`, the place where the row turns from failing to holding at `level`.
  std::optional<std::int64_t> turn(std::int64_t start, std::size_t level) {
    std::int64_t fails = range_.low - 1;
    std::int64_t holds = range_.high + 1;
    const bool down = at(start, level).holds;
    (down ? holds : fails) = start;
    for (std::int64_t step = 1; down ? fails < range_.low : holds > range_.high; step *= 2) {
      const std::int64_t x = down ? within_block(holds, std::max(range_.low, holds - step))
                                  : within_block(fails, std::min(range_.high, fails + step));
      if (down ? holds == range_.low : fails == range_.high) break;
      (at(x, level).holds ? holds : fails) = x;
    }
    while (holds - fails > 1) {
      const std::int64_t middle = fails + (holds - fails) / 2;
      (at(middle, level).holds ? holds : fails) = middle;
    }
    if (holds > range_.high) return std::nullopt;
    return holds;
  }

  /// Smallest x, at or below `answer`, that is not excluded.
  std::int64_t smallest_left_open(std::int64_t answer, std::size_t level) {
    std::int64_t open = answer;
    std::int64_t excluded = range_.low - 1;
    for (std::int64_t step = 1; open > range_.low; step *= 2) {
      const std::int64_t x = within_block(open, std::max(range_.low, open - step));
      if (at(x, level).excluded) {
        excluded = x;
        break;
      }
      open = x;
    }
    while (open - excluded > 1 && excluded >= range_.low) {
      const std::int64_t middle = excluded + (open - excluded) / 2;
      (at(middle, level).excluded ? excluded : open) = middle;
    }
    return open;
  }

  bool monotone(std::size_t level) const {
    bool held = false;
    for (const auto& [key, verdict] : known_) {
      if (key.second != level) continue;
      if (held && !verdict.holds) return false;
      held = held || verdict.holds;
    }
    return true;
  }

  const AxisVerdict& at(std::int64_t x, std::size_t level) {
    const auto key = std::pair{x, level};
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    return known_.emplace(key, judge_(x, level)).first->second;
  }

 private:
  std::int64_t block_end(std::int64_t x) const {
    return (x + range_.block - 1) / range_.block * range_.block;
  }

  /// The end of a block nearest to x that is still between the two; x where there is none.
  std::int64_t cheapest_near(std::int64_t x, std::int64_t fails, std::int64_t holds) const {
    const auto between = [&](std::int64_t at) {
      return at > fails && at < holds && at >= range_.low && at <= range_.high;
    };
    const std::int64_t above = block_end(x);
    const std::int64_t below = above - range_.block;
    const bool up = between(above) && (!between(below) || above - x <= x - below);
    if (up) return above;
    return between(below) ? below : x;
  }

  /// `to`, or the end of the block of `from` on the way there.
  std::int64_t within_block(std::int64_t from, std::int64_t to) const {
    const std::int64_t last = block_end(from);
    if (to > from) return from < last ? std::min(to, last) : to;
    const std::int64_t first = std::max(range_.low, last - range_.block + 1);
    return from > first ? std::max(to, first) : to;
  }

  /// How far to go from x, outside of which nothing is known on that side.
  std::int64_t outward(std::int64_t x) {
    std::int64_t step = stride_;
    const std::optional<double> root = secant(x);
    if (root) {
      step = std::llround(std::abs(*root - static_cast<double>(x)) * 1.1);
    } else {
      stride_ *= 2;  // all is lost so far, so nothing says how far it is
    }
    return std::clamp<std::int64_t>(step, 1, std::max<std::int64_t>(1, x / 2));
  }

  /// Where the line through x and its nearest probed neighbour crosses severity 0.
  std::optional<double> secant(std::int64_t x) {
    const AxisVerdict& here = at(x, 0);
    std::optional<std::int64_t> near;
    for (const auto& [key, verdict] : known_) {
      if (key.second != 0 || key.first == x || !std::isfinite(verdict.severity)) continue;
      if (!near || std::abs(key.first - x) < std::abs(*near - x)) near = key.first;
    }
    if (!near || !std::isfinite(here.severity)) return std::nullopt;
    const double slope = (at(*near, 0).severity - here.severity) / static_cast<double>(*near - x);
    if (!(slope < 0)) return std::nullopt;
    return static_cast<double>(x) - here.severity / slope;
  }

  std::int64_t inside(std::int64_t fails, std::int64_t holds, bool halve) {
    const std::int64_t middle = fails + (holds - fails) / 2;
    const double below = at(fails, 0).severity;
    const double above = at(holds, 0).severity;
    if (halve || !std::isfinite(below) || !std::isfinite(above) || !(below > above)) return middle;
    const double share = below / (below - above);
    const auto x = fails + std::llround(share * static_cast<double>(holds - fails));
    return std::clamp<std::int64_t>(x, fails + 1, holds - 1);
  }

  AxisRange range_;
  const AxisJudge& judge_;
  std::int64_t stride_;
  std::map<std::pair<std::int64_t, std::size_t>, AxisVerdict> known_;
};

}  // namespace

AxisAnswer search_smallest(const AxisRange& range, std::size_t looks, const AxisJudge& judge) {
  HEADROOM_CHECK(range.low <= range.guess && range.guess <= range.high, "the guess is in range");
  HEADROOM_CHECK(looks >= 1, "there is a look");
  AxisSearch search(range, judge);
  AxisAnswer answer;
  std::int64_t start = search.bracket();
  for (answer.look = 1;; ++answer.look) {
    const std::optional<std::int64_t> turn = search.turn(start, answer.look);
    answer.found = turn.has_value();
    answer.x = turn.value_or(range.high);
    answer.from = answer.x;
    const bool is_lowest = answer.x == range.low;
    answer.separated = answer.found && (is_lowest || search.at(answer.x - 1, answer.look).excluded);
    answer.precise = search.at(answer.x, answer.look).precise;
    const bool settled = answer.found ? answer.separated && answer.precise
                                      : search.at(range.high, answer.look).excluded;
    if (settled || answer.look == looks) break;
    start = answer.x;
  }
  if (!answer.found) return answer;
  if (!answer.separated && range.interval)
    answer.from = search.smallest_left_open(answer.x, answer.look);
  for (std::int64_t above = 1; above <= 2 && answer.x + above <= range.high; ++above) {
    search.at(answer.x + above, answer.look);
  }
  answer.monotone = search.monotone(answer.look);
  return answer;
}

}  // namespace headroom
