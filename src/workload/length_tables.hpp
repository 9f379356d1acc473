#pragma once

#include <string>

#include "headroom/workload/config.hpp"

namespace headroom {

/// Looks up a built-in joint length table. False when there is none of that name.
bool find_length_table(const std::string& name, JointLengths& table);

}  // namespace headroom
