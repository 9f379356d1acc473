#include <cmath>
#include <nlohmann/json.hpp>

#include "headroom/report/report.hpp"
#include "shipped_scenario.hpp"

// In which month does a fleet sized for today stop holding its targets?

namespace headroom::test {
namespace {

/// The busiest hour of the profile's week is 1.6565 of its mean; half of the swing is kept.
constexpr double kBusyHour = 1 + 0.5 * (1.6565 - 1);

/// What is worked out by hand of a growth scenario.
struct Growth {
  std::string name;
  double mean_rate_per_s;          ///< users x requests per user
  std::vector<double> multiplier;  ///< by month
};

Growth compound(const std::string& name, double users, double per_day, double rate,
                std::size_t months) {
  Growth growth{name, users * per_day / 86'400, {}};
  for (std::size_t k = 0; k < months; ++k) {
    growth.multiplier.push_back(std::pow(1 + rate, static_cast<double>(k)));
  }
  return growth;
}

Growth gemini() { return compound("growth-gemini", 10.9e6, 6, 0.074, 9); }
Growth copilot() { return compound("growth-copilot", 2.4e6, 6, 0.021, 21); }

/// Launches on 24 February, June and October. Months of 30.4375 days from 17 February: month 1
/// begins on 19 March, month 4 on 18 June, month 5 on 19 July, month 8 on 18 October.
Growth claude() {
  const double one = 1.21, two = 1.21 * 1.21;
  return {"growth-claude", 3.3e6 * 25.7 / 604'800, {1, one, one, one, one, two, two, two, two}};
}

struct Answer {
  ResolvedScenario scenario;
  RunResult result;
  std::string headline;
  nlohmann::ordered_json report;
};

Answer answer(const std::string& name, const ScenarioOverrides& overrides) {
  const LoadedScenario loaded = load_shipped(name, overrides);
  Answer made{resolve(loaded), {}, {}, {}};
  made.result = run(made.scenario);
  const ReportInput input{loaded, made.scenario, made.result, {"0", "0", "0"}, {}, {}};
  made.report = make_report(input);
  made.headline = made.report["answer"]["headline"].get<std::string>();
  return made;
}

/// Offered load grows as the demand does, so that today's says when the fleet is full: no month
/// below 90 % of it fails, none beyond it holds, and in between one is the first to fail.
void check_months(const Growth& growth, const Answer& got) {
  INFO(growth.name);
  const auto& periods = got.result.periods;
  REQUIRE(periods.size() == growth.multiplier.size());
  const double gpus = static_cast<double>(got.scenario.pools[0].gpus());
  const double today = periods[0].load[0].peak_gpus / gpus;
  // The smallest fleet with 30 % headroom of as many whole replicas in every cell.
  const double least = static_cast<double>(got.scenario.scenario.cells.count) * 4;
  CHECK(today <= 0.7);
  CHECK(today * gpus / (gpus - least) > 0.7);
  std::size_t full = periods.size();
  for (std::size_t k = 0; k < periods.size(); ++k) {
    INFO("month " << k);
    CHECK(periods[k].rate_multiplier == Approx(growth.multiplier[k]).epsilon(1e-9));
    const double load = periods[k].load[0].peak_gpus / gpus;
    CHECK(load == Approx(today * growth.multiplier[k]).epsilon(1e-6));
    if (load < 0.9) CHECK(periods[k].holds());
    if (load > 1.01) {
      full = std::min(full, k);
      CHECK_FALSE(periods[k].holds());
    }
    // 1 of the cells is simulated and stands for all: the count scatters as one cell's does.
    const double cells = static_cast<double>(got.scenario.scenario.cells.count);
    const double counted_s =
        seconds(got.scenario.scenario.time.duration - got.scenario.scenario.time.warmup);
    const double one_cell =
        growth.mean_rate_per_s * kBusyHour * growth.multiplier[k] * counted_s / cells;
    const auto replications = static_cast<double>(periods[k].statistics.replications);
    const double arrived = periods[k].statistics.groups[0][0].arrived.estimate(0.95).value / cells;
    CHECK(std::abs(arrived - one_cell) < 4.5 * std::sqrt(one_cell / replications));
  }
  const auto first = got.result.first_failing();
  REQUIRE(first.has_value());
  CHECK(*first <= full);
  CHECK(*first > 0);
  CHECK(periods[*first].rate_multiplier == Approx(growth.multiplier[*first]));
  CHECK(periods[*first].load[0].peak_gpus / gpus > 0.9);
  // The report answers with that month.
  CHECK_THAT(got.headline, ContainsSubstring("hold until month " + std::to_string(*first) + ":"));
  CHECK(got.report["busy_periods"]["first_failing"] == *first);
  CHECK(got.report["answer"]["verdict"] == "fail");
}

/// Ten minutes of each month, twice: enough to see months that hold and months that do not.
ScenarioOverrides short_run(const std::string& months) {
  ScenarioOverrides overrides;
  overrides.set = {{"time.duration", "13min"},
                   {"time.warmup", "3min"},
                   {"replications", "3"},
                   {"busy_periods.count", months}};
  return overrides;
}

Growth first_months(Growth growth, std::size_t months) {
  growth.multiplier.resize(months);
  return growth;
}

}  // namespace

TEST_CASE("7.4 % a month fill 30 % of headroom within half a year", "[scenarios][growth]") {
  // 0.7 x 1.074^5 = 1.0002: the fleet is full in month 5, and overloaded in month 6.
  CHECK(0.7 * std::pow(1.074, 5) == Approx(1).epsilon(0.001));
  const Answer got = answer("growth-gemini", short_run("7"));
  check_months(first_months(gemini(), 7), got);
  CHECK(*got.result.first_failing() >= 4);
  CHECK(*got.result.first_failing() <= 6);
}

TEST_CASE("2.1 % a month leave more than a year", "[scenarios][growth]") {
  // ln(1 / 0.7) / ln 1.021 = 17.2 months.
  CHECK(std::log(1 / 0.7) / std::log(1.021) == Approx(17.2).margin(0.1));
  const Answer got = answer("growth-copilot", short_run("21"));
  check_months(copilot(), got);
  CHECK(*got.result.first_failing() >= 13);
}

TEST_CASE("one launch fits in 30 % of headroom, two do not", "[scenarios][growth]") {
  CHECK(0.7 * 1.21 < 0.9);
  CHECK(0.7 * 1.21 * 1.21 > 1);
  const Answer got = answer("growth-claude", short_run("7"));
  check_months(first_months(claude(), 7), got);
  CHECK(*got.result.first_failing() == 5);  // the first month after the second launch
}

TEST_CASE("the growth scenarios as shipped answer with a month", "[scenarios][growth][slow]") {
  for (const Growth& growth : {gemini(), copilot(), claude()}) {
    check_months(growth, answer(growth.name, {}));
  }
}

TEST_CASE("a busy hour of today obeys Little's law and mean lengths", "[scenarios][growth]") {
  for (const Growth& growth : {gemini(), copilot(), claude()}) {
    INFO(growth.name);
    ScenarioOverrides overrides;
    overrides.set = {{"time.duration", "20min"}};
    const ResolvedScenario scenario = resolve(load_shipped(growth.name, overrides));
    const Outcome outcome = run_one_cell(scenario);
    const GroupTally tally = whole_tally(scenario, outcome, "chat");
    const double rate =
        growth.mean_rate_per_s * kBusyHour / static_cast<double>(scenario.scenario.cells.count);
    const double running =
        mean_of_bins(outcome.pools[0].running, scenario.collect.timeline_step, 300, 1200);
    const double stay_s = tally.e2e.histogram.mean_s() - tally.queue_delay.histogram.mean_s();
    CHECK(running == Approx(rate * stay_s).epsilon(0.04));
    // 1,155 and 211 tokens in mean (facts, section A4).
    CHECK(tally.output_tokens / tally.ended[0] == Approx(211).epsilon(0.03));
  }
}

TEST_CASE("every field of the growth scenarios says where it comes from", "[scenarios][growth]") {
  for (const char* name : {"growth-gemini", "growth-copilot", "growth-claude"}) {
    INFO(name);
    const LoadedScenario loaded = load_shipped(name);
    CHECK(fields_without_provenance(loaded) == std::vector<std::string>{});
    CHECK(assumptions_without_range(loaded) == std::vector<std::string>{});
  }
}

}  // namespace headroom::test
