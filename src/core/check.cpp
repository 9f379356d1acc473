#include "headroom/core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace headroom {

void check_failed(const char* condition, const char* meaning, const char* file, int line) {
  std::fprintf(stderr, "headroom: internal error at %s:%d: %s (%s)\n", file, line, meaning,
               condition);
  std::abort();
}

}  // namespace headroom
