#pragma once

#include <cstddef>

#include "headroom/report/report.hpp"
#include "options.hpp"

namespace headroom::tools {

/// What the process writes to, and how it may look there.
struct Terminal {
  bool out_is_tty = false;
  bool err_is_tty = false;
  bool out_colour = false;
  bool err_colour = false;
  bool unicode = false;      ///< the locale is UTF-8
  std::size_t columns = 80;  ///< of a terminal on standard output; else 80

  TextStyle text_style() const { return {out_colour, unicode, 80}; }
};

/// Colour: only on a terminal, with NO_COLOR unset or empty and TERM not "dumb"; CLICOLOR_FORCE and
/// --color=always go before all of that, --color=never before everything.
Terminal look_at_terminal(const CommonOptions& options);

}  // namespace headroom::tools
