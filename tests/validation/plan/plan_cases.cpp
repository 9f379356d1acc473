#include "plan_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "../queue_case.hpp"
#include "headroom/core/check.hpp"
#include "headroom/scenario/load.hpp"

namespace headroom::validation {
namespace {

const PlanCase kCases[] = {
    {"M/M/c, load 4, mean queue delay", 4, 0, "queue_delay", "mean", 6, 20'000},
    {"M/M/c, load 8, mean queue delay", 8, 0, "queue_delay", "mean", 11, 20'000},
    {"M/M/c, load 8, p95 queue delay", 8, 0, "queue_delay", "p95", 10, 20'000},
    {"M/M/c, load 20, mean queue delay", 20, 0, "queue_delay", "mean", 24, 20'000},
    {"M/M/c, load 20, p95 queue delay", 20, 0, "queue_delay", "p95", 25, 20'000},
    {"M/M/c, load 30, mean queue delay", 30, 0, "queue_delay", "mean", 36, 80'000},
    {"M/M/c+M, load 5, patience 1 s, abandoned share", 5, 1, "abandoned_share", "", 5, 20'000},
    {"M/M/c+M, load 10, patience 1 s, abandoned share", 10, 1, "abandoned_share", "", 11, 20'000},
    {"M/M/c+M, load 12, patience 2 s, abandoned share", 12, 2, "abandoned_share", "", 13, 20'000},
    {"M/M/c+M, load 30, patience 3 s, abandoned share", 30, 3, "abandoned_share", "", 32, 45'000},
    {"M/M/c+M, load 10, patience 1 s, mean time in queue", 10, 1, "time_in_queue", "mean", 12,
     20'000},
    {"M/M/c+M, load 20, patience 1 s, abandoned share", 20, 1, "abandoned_share", "", 20, 20'000},
};

/// Value beyond which a share `rest` of all waits in M/M/c lies: P(W > t) = C exp(-(c - a) t).
double wait_quantile(const PlanCase& plan_case, std::int64_t servers, double rest) {
  const double waits = erlang_c(servers, plan_case.rate_per_s);
  if (waits <= rest) return 0;
  return std::log(waits / rest) / (static_cast<double>(servers) - plan_case.rate_per_s);
}

}  // namespace

std::span<const PlanCase> plan_cases() { return kCases; }

double known_value(const PlanCase& plan_case, std::int64_t servers) {
  if (plan_case.patience_s > 0) {
    const ErlangA known = erlang_a(servers, plan_case.rate_per_s, 1, 1 / plan_case.patience_s);
    return plan_case.metric == "abandoned_share" ? known.abandon_probability
                                                 : known.mean_time_in_queue_s;
  }
  if (plan_case.statistic == "mean") {
    return erlang_c(servers, plan_case.rate_per_s) /
           (static_cast<double>(servers) - plan_case.rate_per_s);
  }
  return wait_quantile(plan_case, servers, 0.05);
}

double limit_between(const PlanCase& plan_case) {
  return std::sqrt(known_value(plan_case, plan_case.servers) *
                   known_value(plan_case, plan_case.servers - 1));
}

double nearest_share(const PlanCase& plan_case) {
  const double limit = limit_between(plan_case);
  return std::min(limit - known_value(plan_case, plan_case.servers),
                  known_value(plan_case, plan_case.servers - 1) - limit) /
         limit;
}

ResolvedScenario plan_scenario(const PlanCase& plan_case, std::uint64_t seed) {
  const double warmup_s = 60;
  const double duration_s = warmup_s + plan_case.requests / plan_case.rate_per_s;
  const std::string patience =
      plan_case.patience_s > 0
          ? fmt::format(R"("patience": {{"kind": "exponential", "mean": "{}s"}}, )",
                        plan_case.patience_s)
          : "";
  const std::string statistic =
      plan_case.statistic.empty() ? "" : fmt::format(R"("statistic": "{}", )", plan_case.statistic);
  const double limit = limit_between(plan_case);
  const std::string most = plan_case.metric == "abandoned_share"
                               ? fmt::format("{:.6g}", limit)
                               : fmt::format(R"("{:.6g}s")", limit);
  const std::string text = fmt::format(
      R"({{"schema_version": "1.0", "name": "queue", "seed": {},
        "time": {{"duration": "{:.0f}s", "warmup": "{}s"}},
        "fleet": {{"pools": [{{"name": "servers", "gpus": {:.0f},
                   "service_time": {{"kind": "exponential", "mean": "1s"}}}}]}},
        "classes": [{{"name": "customer", "stages": [{{"pool": "servers"}}], {}"rate": "{}/s"}}],
        "targets": [{{"class": "customer", "metric": "{}", {}"max": {}}}]}})",
      seed, duration_s, warmup_s, plan_case.rate_per_s, patience, plan_case.rate_per_s,
      plan_case.metric, statistic, most);
  return resolve(parse_scenario(text, "queue.json", "."));
}

std::int64_t planned_servers(const PlanCase& plan_case, std::uint64_t seed, double* requests) {
  const ResolvedScenario scenario = plan_scenario(plan_case, seed);
  PlanOptions options;
  options.looks = fixed_look(static_cast<std::size_t>(scenario.scenario.replications), 0.95);
  options.about_today = false;
  options.node_loss = false;
  ExecOptions exec;
  exec.threads = 1;
  Evaluator evaluator(exec);
  const FleetPlan found = plan_fleet(scenario, options, evaluator);
  if (requests != nullptr) *requests += evaluator.counts().requests;
  return found.status == PlanStatus::kFound ? found.needed[0] : 0;
}

}  // namespace headroom::validation
