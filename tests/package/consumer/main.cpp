// Uses an installed headroom as an outside program would: random streams, which are header-only and
// bring Random123 along, and error texts, which need the library.
#include <cstdio>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/core/random.hpp"

int main() {
  headroom::RandomStream first({.seed = 1}, headroom::Purpose::kTest, 0, 0);
  headroom::RandomStream again({.seed = 1}, headroom::Purpose::kTest, 0, 0);
  const bool reproducible = first.uniform() == again.uniform();

  const std::vector<std::string> known{"A100-SXM-80GB", "H100-SXM-80GB"};
  const std::string nearest = headroom::nearest_word("A100-SXM-90GB", known);
  std::printf("nearest word: %s\n", nearest.c_str());
  return reproducible && nearest == "A100-SXM-80GB" ? 0 : 1;
}
