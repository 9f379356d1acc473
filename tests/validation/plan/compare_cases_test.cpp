// `compare` of runs that do not differ and of runs that do. headroom_plan_study does it at length.
#include "compare_cases.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "support/catch.hpp"

namespace headroom::validation {
namespace {

struct Counts {
  int any = 0;   ///< pairs of identical scenarios that are called different
  int slow = 0;  ///< pairs with slower steps whose mean E2E is called regressed
};

Counts compare_pairs(const CompareCase& compare_case, int pairs) {
  Counts counts;
  for (int i = 0; i < pairs; ++i) {
    const auto seed = static_cast<std::uint64_t>(2 * i + 1);
    const auto base = report_of(compare_case, seed, false);
    counts.any += called(base, report_of(compare_case, seed + 1, false)).any ? 1 : 0;
    counts.slow += called(base, report_of(compare_case, seed, true)).e2e_mean ? 1 : 0;
  }
  return counts;
}

TEST_CASE("the compared scenarios have a load of 0.8", "[validation][compare]") {
  for (const CompareCase& compare_case : compare_cases()) {
    INFO(compare_case.name);
    CHECK(offered_load(compare_case) == Approx(0.8).margin(0.02));
  }
}

TEST_CASE("runs that differ in their seed alone are rarely called different",
          "[validation][compare]") {
  // At most 5 % each: five or more of 20 come once in 400 times then.
  for (const CompareCase& compare_case : compare_cases()) {
    INFO(compare_case.name);
    CHECK(compare_pairs(compare_case, 20).any <= 4);
  }
}

TEST_CASE("steps that take 5 % longer are called on mean E2E", "[validation][compare]") {
  for (const CompareCase& compare_case : compare_cases()) {
    INFO(compare_case.name);
    CHECK(compare_pairs(compare_case, 20).slow >= 18);
  }
}

TEST_CASE("of 200 pairs of identical scenarios at most 21 are called different, and 95 % of slowed",
          "[validation][compare][slow]") {
  // 21 is the quantile 99.9 % of 200 chances of 5 %.
  for (const CompareCase& compare_case : compare_cases()) {
    INFO(compare_case.name);
    const Counts counts = compare_pairs(compare_case, 200);
    CHECK(counts.any <= 21);
    CHECK(counts.slow >= 190);
  }
}

}  // namespace
}  // namespace headroom::validation
