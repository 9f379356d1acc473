#include "shrink.hpp"

#include <map>
#include <utility>

#include "comparison.hpp"

namespace headroom::reference {
namespace {

bool differs(const Scenario& scenario) {
  Reach reach;
  return !compare_engines(scenario, reach).difference.empty();
}

/// No replica starts while it serves.
bool events_make_sense(const Scenario& scenario) {
  std::map<std::pair<PoolId, ReplicaId>, bool> serves;
  for (const FleetEvent& event : scenario.config.fleet_events) {
    const auto starting = scenario.config.pools[index(event.pool)].replicas;
    const auto [at, is_new] =
        serves.try_emplace({event.pool, event.replica}, index(event.replica) < starting);
    if (event.kind == FleetEventKind::kStart && at->second) return false;
    at->second = event.kind == FleetEventKind::kStart;
  }
  return true;
}

Scenario without(const Scenario& scenario, std::size_t dropped) {
  Scenario fewer = scenario;
  const auto at = static_cast<std::ptrdiff_t>(dropped);
  fewer.requests.erase(fewer.requests.begin() + at);
  fewer.later_work.erase(fewer.later_work.begin() + at);
  for (std::size_t i = 0; i < fewer.requests.size(); ++i) {
    fewer.requests[i].id = RequestId{i};
    fewer.requests[i].entity = i;
  }
  return fewer;
}

/// One simpler scenario after another that changes `change` of request i; kept while they differ.
template <class Change>
bool simplify(Scenario& scenario, std::size_t i, const Change& change) {
  Scenario simpler = scenario;
  if (!change(simpler.requests[i], simpler.later_work[i]) || !differs(simpler)) return false;
  scenario = std::move(simpler);
  return true;
}

}  // namespace

Scenario shrink(Scenario scenario) {
  for (bool any = true; any;) {
    any = false;
    for (std::size_t i = scenario.requests.size(); i-- > 0;) {
      Scenario fewer = without(scenario, i);
      if (!differs(fewer)) continue;
      scenario = std::move(fewer);
      any = true;
    }
    for (std::size_t i = scenario.config.fleet_events.size(); i-- > 0;) {
      Scenario fewer = scenario;  // a replica's start may go with its fault alone: then it stays
      auto& events = fewer.config.fleet_events;
      events.erase(events.begin() + static_cast<std::ptrdiff_t>(i));
      if (events_make_sense(fewer) && differs(fewer)) {
        scenario = std::move(fewer);
        any = true;
      }
    }
    for (std::size_t i = 0; i < scenario.requests.size(); ++i) {
      any |= simplify(scenario, i, [](Request& request, auto&) {
        return std::exchange(request.patience, kNever) != kNever;
      });
      any |= simplify(scenario, i, [](Request& request, auto&) {
        return std::exchange(request.timeout, kNever) != kNever;
      });
      any |= simplify(scenario, i, [](Request& request, auto&) {
        return std::exchange(request.work.cached_tokens, 0) != 0;
      });
      any |= simplify(scenario, i, [](Request& request, auto&) {
        return request.work.output_tokens > 1 && (request.work.output_tokens /= 2) > 0;
      });
      any |= simplify(scenario, i, [](Request&, std::vector<StageWork>& later) {
        bool changed = false;
        for (StageWork& work : later) {
          if (work.output_tokens > 1) work.output_tokens = 1, changed = true;
        }
        return changed;
      });
    }
  }
  return scenario;
}

}  // namespace headroom::reference
