#pragma once

#include <span>
#include <string_view>

namespace headroom {

/// A policy that a scenario picks by name.
struct PolicyName {
  std::string_view name;     ///< as written in a scenario
  std::string_view summary;  ///< shown by `headroom list` and in the JSON Schema
};

/// How a pool's requests find their replica: in the order of engine's Queueing. The first keeps one
/// queue for the pool; the others are routers, which choose when the request arrives.
std::span<const PolicyName> queueing_policies();
/// The routers among them.
std::span<const PolicyName> routers();
/// How a replica forms its batch: in the order of engine's BatchMode.
std::span<const PolicyName> batching_modes();

}  // namespace headroom
