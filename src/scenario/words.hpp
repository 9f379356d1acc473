#pragma once

#include <span>
#include <vector>

#include "headroom/json/archive.hpp"
#include "headroom/policy/names.hpp"

namespace headroom {

/// A table of policies as the words a field may have.
inline std::vector<json::Choice> choices_of(std::span<const PolicyName> policies) {
  std::vector<json::Choice> choices;
  for (const PolicyName& policy : policies) choices.push_back({policy.name, policy.summary});
  return choices;
}

}  // namespace headroom
