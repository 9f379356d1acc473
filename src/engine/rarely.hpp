#pragma once

namespace headroom {

/// `condition`, which holds seldom where speed matters: what is done then is moved out of the way
/// of the rest.
inline bool rarely(bool condition) {
  return __builtin_expect(static_cast<long>(condition), 0L) != 0;
}

}  // namespace headroom
