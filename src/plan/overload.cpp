#include "headroom/plan/overload.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "headroom/json/document.hpp"
#include "headroom/workload/quota.hpp"

namespace headroom {
namespace {

std::string gpus_text(double gpus) {
  char text[32];
  std::snprintf(text, sizeof text, gpus < 100 ? "%.1f" : "%.0f", gpus);
  return text;
}

Issue overload(const ResolvedScenario& scenario, std::size_t pool, std::size_t period,
               const PoolLoad& load) {
  Issue issue;
  issue.code = "W201";
  issue.pointer = "/fleet/pools/" + std::to_string(pool) + "/gpus";
  const bool all_along = load.mean_gpus >= load.in_service_mean;
  issue.message =
      "pool \"" + load.pool + "\" has " +
      gpus_text(all_along ? load.in_service_mean : load.gpus_then) + " GPUs and is offered " +
      (all_along ? gpus_text(load.mean_gpus) + " GPUs of load in mean"
                 : gpus_text(load.offered_then) + " GPUs of load " +
                       json::format_quantity(load.peak_per_gpu_at_s, json::Dimension::kDuration) +
                       " after the start");
  if (scenario.periods.size() > 1) {
    issue.message += ", in " + scenario.scenario.busy_periods->every + " " + std::to_string(period);
  }
  issue.message += all_along ? ": its queue grows to the end" : ": a queue builds up then";
  return issue;
}

}  // namespace

GpusInService expected_in_service(const ResolvedScenario& scenario) {
  return [&scenario](std::size_t pool, double from_s, double to_s) {
    return scenario.expected_gpus(pool, from_s, to_s);
  };
}

AdmittedRate expected_admitted(const ResolvedScenario& scenario) {
  std::vector<double> shares;
  for (std::size_t c = 0; c < scenario.classes.size(); ++c) {
    const auto& quota = scenario.workload->classes[c].quota;
    const std::int64_t per_day = scenario.classes[c].daily_quota;
    shares.push_back(quota && per_day > 0 ? share_within_quota(quota->requests_per_user, per_day)
                                          : 1.0);
  }
  return [&scenario, shares = std::move(shares)](std::size_t c, double rate_per_s) {
    const double within = rate_per_s * shares[c];
    const auto& limit = scenario.scenario.classes[c].rate_limit;
    return limit ? std::min(within, limit->rate_per_s) : within;
  };
}

std::vector<Issue> overload_warnings(const ResolvedScenario& scenario) {
  const std::vector<PoolConfig> pools = scenario.pool_configs();
  std::vector<Issue> warnings;
  std::vector<bool> named(pools.size(), false);
  const WindowSpec run{scenario.windows[0].name,
                       scenario.windows[0].stretches,
                       {{scenario.windows[0].from, scenario.windows[0].to}}};
  for (std::size_t period = 0; period < scenario.periods.size(); ++period) {
    const std::vector<PoolLoad> loads = offered_load(
        pools, scenario.classes, scenario.demand(), scenario.periods[period].rate_multiplier,
        {&run, 1}, scenario.scenario.time.duration, expected_in_service(scenario),
        expected_admitted(scenario));
    for (std::size_t p = 0; p < loads.size(); ++p) {
      if (named[p] || loads[p].peak_per_gpu < 1) continue;
      named[p] = true;
      warnings.push_back(overload(scenario, p, period, loads[p]));
    }
  }
  return warnings;
}

}  // namespace headroom
