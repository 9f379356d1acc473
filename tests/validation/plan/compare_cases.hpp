#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace headroom::validation {

/// A steady scenario at a load of 0.8 whose every step can be slowed by one factor.
struct CompareCase {
  std::string name;
  std::string scenario;  ///< JSON text
  std::string slower;    ///< the same with every step 5 % longer
};

/// A queue with plain service times, and a model whose engine makes its steps.
std::vector<CompareCase> compare_cases();

/// Offered load per GPU by the fluid estimate.
double offered_load(const CompareCase& compare_case);

/// The report of a run, one thread.
nlohmann::ordered_json report_of(const CompareCase& compare_case, std::uint64_t seed, bool slower);

/// What `compare` with its default gates calls.
struct Called {
  bool any = false;       ///< some metric differs
  bool e2e_mean = false;  ///< mean E2E is called regressed
};
Called called(const nlohmann::ordered_json& base, const nlohmann::ordered_json& now);

}  // namespace headroom::validation
