#pragma once

#include <string>
#include <vector>

#include "html/markup.hpp"

namespace headroom::html {

/// What an input at one end makes of the answer.
struct TornadoMark {
  std::string value;  ///< of the input
  double gpus = 0;
  bool bounded = true;  ///< false: more than that
};

struct TornadoBar {
  std::string input;
  TornadoMark low, high;
};

/// One bar an input, from the answer at its low to that at its high, widest first.
struct TornadoChart {
  std::string id, title, summary;
  double stated = 0;  ///< the answer with everything as stated
  std::vector<TornadoBar> bars;
};

/// REQUIRES: at least one bar.
Markup draw_tornado(const TornadoChart& chart);

}  // namespace headroom::html
