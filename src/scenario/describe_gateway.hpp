#pragma once

#include "headroom/scenario/scenario.hpp"

namespace headroom {

/// rate_limit, queue_share, patience_in_service and retry, in the class's own object.
void describe_gateway(json::Archive& archive, ScenarioClass& request_class);

}  // namespace headroom
