#pragma once

#include <string>

#include "headroom/scenario/resolved.hpp"
#include "problems.hpp"

namespace headroom {

/// What resolving a pool needs beside the pool.
struct PoolContext {
  const CatalogueExtras& extras;
  std::string base_directory;
  Problems& problems;
  Problems& warnings;
};

/// Looks up GPU and model, settles batching and KV memory and compiles the step times. Appends
/// problems under `pointer`; what it returns is whole when there are none.
ResolvedPool resolve_pool(const ScenarioPool& pool, const std::string& pointer,
                          const PoolContext& context);

}  // namespace headroom
