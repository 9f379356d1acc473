// `plan` against queues whose right size is known. headroom_plan_study does the same at length.
#include <cmath>

#include "plan_cases.hpp"
#include "support/catch.hpp"

namespace headroom::validation {
namespace {

TEST_CASE("the limits of the plan cases lie at least a tenth from either side",
          "[validation][plan]") {
  for (const PlanCase& plan_case : plan_cases()) {
    INFO(plan_case.name);
    CHECK(nearest_share(plan_case) >= 0.1);
  }
  CHECK(plan_cases().size() == 12);
}

TEST_CASE("a plan returns Erlang's number of servers", "[validation][plan]") {
  // Each right answer has a chance of about 95 % or more, so 24 of 24 seeds would be too much to
  // ask; a miss by more than one below never happens.
  int right = 0;
  for (const PlanCase& plan_case : plan_cases()) {
    for (const std::uint64_t seed : {1, 2}) {
      const std::int64_t servers = planned_servers(plan_case, seed);
      INFO(plan_case.name << ", seed " << seed << ": " << servers << ", by Erlang "
                          << plan_case.servers);
      CHECK(servers >= plan_case.servers - 1);
      CHECK(servers <= plan_case.servers + 1);
      right += servers == plan_case.servers ? 1 : 0;
    }
  }
  CHECK(right >= 21);
}

TEST_CASE("differences between fleets scatter less when they are paired", "[validation][plan]") {
  const ResolvedScenario scenario = plan_scenario(plan_cases()[1], 5);
  Evaluator evaluator({});
  const auto values = [&](std::int64_t servers) {
    return evaluator.evaluate({"", with_fleet(scenario, {servers})}, 20)
        .result.main_period()
        .statistics.targets[0]
        .value.values();
  };
  const auto variance = [](const std::vector<double>& v) {
    double mean = 0;
    for (const double x : v) mean += x / static_cast<double>(v.size());
    double sum = 0;
    for (const double x : v) sum += (x - mean) * (x - mean);
    return sum / static_cast<double>(v.size() - 1);
  };
  const std::vector<double> few = values(10);
  const std::vector<double> more = values(11);
  std::vector<double> difference;
  for (std::size_t i = 0; i < few.size(); ++i) difference.push_back(few[i] - more[i]);
  CHECK(variance(difference) < 0.6 * (variance(few) + variance(more)));
}

}  // namespace
}  // namespace headroom::validation
