#include "timing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "headroom/core/check.hpp"
#include "headroom/json/document.hpp"

namespace headroom {
namespace {

constexpr std::int64_t kMostBins = 1440;  // design contract 4
/// A chart shows no more bins than it has room for.
constexpr std::int64_t kChosenBins = 360;
constexpr std::array<std::int64_t, 15> kStepsS{1,   2,   5,   10,   15,   30,   60,    120,
                                               300, 600, 900, 1800, 3600, 7200, 21'600};
constexpr Ticks kMinute{60 * kTicksPerSecond};

Ticks chosen_step(Ticks horizon) {
  for (const std::int64_t step_s : kStepsS) {
    if (bins_of(horizon, {step_s * kTicksPerSecond}) <= kChosenBins) {
      return {step_s * kTicksPerSecond};
    }
  }
  return {kStepsS.back() * kTicksPerSecond};  // 360 bins of 6 h are 90 days, the longest run
}

/// The given step, or the smallest multiple of it that keeps to kMostBins.
Ticks widened(Ticks horizon, Ticks step) {
  const std::int64_t wanted = bins_of(horizon, step);
  return step * ((wanted + kMostBins - 1) / kMostBins);
}

std::string duration_text(Ticks ticks) {
  return json::format_quantity(seconds(ticks), json::Dimension::kDuration);
}

void resolve_timeline(const Scenario& scenario, ResolvedScenario& resolved, Problems& warnings) {
  CollectConfig& collect = resolved.collect;
  collect.minute = widened(resolved.horizon, kMinute);
  const Ticks asked = scenario.time.timeline_step;
  if (asked.count == 0) {
    collect.timeline_step = chosen_step(resolved.horizon);
    return;
  }
  collect.timeline_step = widened(resolved.horizon, asked);
  if (collect.timeline_step != asked) {
    warnings.add("W206", "/time/timeline_step",
                 "timeline bins of " + duration_text(asked) + " are widened to " +
                     duration_text(collect.timeline_step) + ", so that there are at most 1,440");
  }
}

/// The stretches of arrival time that the windows are made of.
void cut_stretches(ResolvedScenario& resolved) {
  std::set<Ticks> edges{Ticks{0}};
  for (const ResolvedWindow& window : resolved.windows) edges.insert({window.from, window.to});
  edges.erase(edges.lower_bound(resolved.horizon), edges.end());
  resolved.collect.stretch_starts.assign(edges.begin(), edges.end());
  for (ResolvedWindow& window : resolved.windows) {
    window.stretches.clear();
    for (std::size_t s = 0; s < resolved.collect.stretch_starts.size(); ++s) {
      const Ticks start = resolved.collect.stretch_starts[s];
      if (window.from <= start && start < window.to) window.stretches.push_back(s);
    }
  }
}

}  // namespace

void resolve_timing(const Scenario& scenario, ResolvedScenario& resolved, Problems& warnings) {
  const ScenarioTime& time = scenario.time;
  resolve_timeline(scenario, resolved, warnings);

  resolved.windows.push_back({"run", time.warmup, time.duration, {}});
  for (std::size_t i = 0; i < scenario.windows.size(); ++i) {
    const ScenarioWindow& window = scenario.windows[i];
    const Ticks from = ticks_from_seconds(seconds_since_start(time, window.from));
    const Ticks to = ticks_from_seconds(seconds_since_start(time, window.to));
    if (from < time.warmup) {
      warnings.add("W208", at_item("/windows", i, "/from"),
                   "window \"" + window.name + "\" begins in the warm-up, which is left out");
    }
    resolved.windows.push_back({window.name, std::max(from, time.warmup), to, {}});
  }

  cut_stretches(resolved);
}

ResolvedScenario ResolvedScenario::with_results_in(Ticks from, Ticks to) const {
  ResolvedScenario other = *this;
  other.windows.clear();
  std::vector<std::string> gone;
  for (ResolvedWindow window : windows) {
    window.from = std::max(window.from, from);
    window.to = std::min(window.to, to);
    if (window.from < window.to) {
      other.windows.push_back(std::move(window));
    } else {
      gone.push_back(window.name);
    }
  }
  HEADROOM_CHECK(!other.windows.empty() && other.windows.front().name == "run",
                 "some of the run is left");
  std::erase_if(other.scenario.targets, [&gone](const ScenarioTarget& target) {
    return std::find(gone.begin(), gone.end(), target.window) != gone.end();
  });
  cut_stretches(other);
  return other;
}

std::vector<ResolvedPeriod> resolve_periods(const Scenario& scenario) {
  if (!scenario.busy_periods) return {ResolvedPeriod{}};
  const BusyPeriods& busy = *scenario.busy_periods;
  const double days = busy.every == "day"     ? 1
                      : busy.every == "week"  ? 7
                      : busy.every == "month" ? 30.4375
                                              : 365.25;
  std::vector<ResolvedPeriod> periods;
  for (std::int64_t k = 0; k < busy.count; ++k) {
    const double start_s = static_cast<double>(k) * days * 86'400;
    periods.push_back({start_s, growth_factor(busy.growth, start_s, scenario.time.start.seconds)});
  }
  return periods;
}

void check_periods(const std::vector<ResolvedPeriod>& periods, const Scenario& scenario,
                   Problems& problems) {
  for (std::size_t p = 0; p < periods.size(); ++p) {
    const double multiplier = periods[p].rate_multiplier;
    if (multiplier > 0 && std::isfinite(multiplier)) continue;
    problems.add("E113", "/busy_periods/growth",
                 scenario.busy_periods->every + " " + std::to_string(p) + " has " +
                     (multiplier > 0 ? "unlimited" : "no") + " demand: its multiplier is " +
                     (multiplier > 0 ? "beyond numbers" : "0"));
    return;
  }
}

}  // namespace headroom
