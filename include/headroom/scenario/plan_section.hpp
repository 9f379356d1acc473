#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headroom/json/archive.hpp"
#include "headroom/workload/config.hpp"

/// The scenario's `plan` object: what `headroom plan` is to weigh beside more GPUs, and what its
/// answer is to be read against. Nothing in it changes a run.
namespace headroom {

/// A number of GPUs that somebody named, to stand beside the answer.
struct PlanClaim {
  std::string name;             ///< "asked for in public"
  std::int64_t extra_gpus = 0;  ///< more than today's
  std::string source;
};
void describe(json::Archive& archive, PlanClaim& claim);

/// Something else than GPUs that can be done. `rate_limit` and `quota` cap one class, and a plan
/// finds the largest cap that holds; `degrade` serves something cheaper, and a plan finds the fleet
/// that then suffices.
struct PlanLever {
  std::string name;
  std::string kind = "rate_limit";
  bool always = false;                ///< every plan works it out, not only one with --solve
  std::string request_class;          ///< rate_limit, quota
  double burst = 0;                   ///< rate_limit: as RateLimitConfig::burst
  QuotaConfig quota;                  ///< quota: users, and the mildest cap that is tried
  std::vector<std::string> set;       ///< degrade: PATH=VALUE, as --set
  std::vector<std::string> set_json;  ///< degrade: PATH=JSON
};
void describe(json::Archive& archive, PlanLever& lever);

struct PlanSection {
  std::vector<PlanClaim> claims;
  std::vector<std::string> rests_on;  ///< provenance paths of what moves the answer most
  std::vector<PlanLever> levers;
};
void describe(json::Archive& archive, PlanSection& plan);

/// "PATH=VALUE" in two; nothing without a path or without "=".
std::optional<std::pair<std::string, std::string>> split_setting(const std::string& text);

}  // namespace headroom
