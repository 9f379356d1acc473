#include "headroom/plan/busiest.hpp"

#include <algorithm>

#include "headroom/plan/run.hpp"

namespace headroom {
namespace {

/// Of a pool's largest load: hours with so much may have the worst minute of a replication.
constexpr double kBusyShare = 0.9;
/// Of the run's demand: with more than this in them the hours save too little.
constexpr double kMostOfDemand = 0.5;
/// Largest latencies allowed, one after the other, until a queue no longer knows how it began.
constexpr double kLeadLatencies = 10;
constexpr Ticks kLeastLead{900 * kTicksPerSecond};

/// Grows a stretch so that it holds another one.
void include(std::optional<TimeSpan>& hours, TimeSpan more) {
  if (!hours) {
    hours = more;
    return;
  }
  hours->from = std::min(hours->from, more.from);
  hours->to = std::max(hours->to, more.to);
}

void include_busy_bins(std::optional<TimeSpan>& hours, const PoolLoad& load,
                       const TimeSpan& window) {
  const auto bin_at = [&](std::size_t b) {
    return ticks_from_seconds(static_cast<double>(b) * load.bin_s);
  };
  const auto inside = [&](std::size_t b) {
    return bin_at(b + 1) > window.from && bin_at(b) < window.to;
  };
  double most = 0;
  for (std::size_t b = 0; b < load.offered_gpus.size(); ++b) {
    if (inside(b)) most = std::max(most, load.offered_gpus[b]);
  }
  for (std::size_t b = 0; b < load.offered_gpus.size() && most > 0; ++b) {
    if (!inside(b) || load.offered_gpus[b] < kBusyShare * most) continue;
    include(hours, {bin_at(b), bin_at(b + 1)});
  }
}

double share_of_demand(const ResolvedScenario& scenario, const TimeSpan& hours) {
  double within = 0;
  double all = 0;
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const RateFunction& rate = scenario.demand().rate(ClassId{static_cast<std::uint32_t>(c)});
    within += rate.integral(seconds(hours.from), seconds(hours.to));
    all += rate.total();
  }
  return all > 0 ? within / all : 1;
}

}  // namespace

std::optional<BusiestHours> busiest_hours(const ResolvedScenario& scenario) {
  const bool varies = std::any_of(scenario.pools.begin(), scenario.pools.end(),
                                  [](const ResolvedPool& pool) { return pool.varies; });
  const bool all_arrive = scenario.arrivals_from == Ticks{0} && scenario.arrivals_to == kNever;
  if (varies || scenario.arrival_spacing != 1 || !all_arrive) return std::nullopt;
  const RunResult loads = start_run(scenario);
  const MeasureSpec& spec = loads.spec;
  std::optional<TimeSpan> hours;
  double lead_s = 0;
  double drain_s = 0;
  for (const TargetSpec& target : spec.targets) {
    const bool of_window = !target.every_minute && target.window > 0;
    if ((!target.every_minute && !of_window) || target.metric == Metric::kGoodput) {
      return std::nullopt;
    }
    if (of_window) {
      include(hours, spec.windows[target.window].spans.front());
      include(hours, spec.windows[target.window].spans.back());
    }
    if (target.statistic) lead_s = std::max(lead_s, target.limit);
    if (target.metric == Metric::kDrain) drain_s = std::max(drain_s, target.limit);
  }
  for (const PeriodResult& period : loads.periods) {
    for (const PoolLoad& load : period.load) {
      include_busy_bins(hours, load, spec.windows[0].spans.front());
    }
  }
  if (!hours) return std::nullopt;
  const Ticks lead = std::max(kLeastLead, ticks_from_seconds(kLeadLatencies * lead_s));
  const TimeSpan simulate{
      std::max(Ticks{0}, hours->from - lead),
      std::min(scenario.scenario.time.duration, hours->to + ticks_from_seconds(drain_s))};
  if (share_of_demand(scenario, simulate) > kMostOfDemand) return std::nullopt;
  return BusiestHours{*hours, simulate};
}

ResolvedScenario with_arrivals_in(const ResolvedScenario& scenario, TimeSpan hours) {
  ResolvedScenario other = scenario;
  other.arrivals_from = hours.from;
  other.arrivals_to = hours.to;
  return other;
}

bool decided_in(const BusiestHours& hours, const MeasureSpec& spec, const TargetSpec& target,
                const TargetStatistics& so_far) {
  const auto [from, to] = hours.decide;
  if (!target.every_minute) {
    const std::vector<TimeSpan>& spans = spec.windows[target.window].spans;
    return from <= spans.front().from && spans.back().to <= to;
  }
  return !so_far.worst_at_s.empty() &&
         std::all_of(so_far.worst_at_s.begin(), so_far.worst_at_s.end(),
                     [from = from, to = to](double at_s) {
                       return seconds(from) <= at_s && at_s < seconds(to);
                     });
}

}  // namespace headroom
