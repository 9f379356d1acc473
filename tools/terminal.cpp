#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace headroom::tools {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool wants_colour(const CommonOptions& options, bool is_tty) {
  if (options.color != "auto") return options.color == "always";
  const std::string force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return is_tty && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

/// The first of these that is set decides, as setlocale would have it.
bool locale_is_utf8() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    locale = environment(name);
    if (!locale.empty()) break;
  }
  std::transform(locale.begin(), locale.end(), locale.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

/// Columns of the terminal on standard output, within what a table can be laid out in.
std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::clamp<std::size_t>(size.ws_col, 60, 240);
}

}  // namespace

Terminal look_at_terminal(const CommonOptions& options) {
  Terminal terminal;
  terminal.out_is_tty = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_tty = isatty(STDERR_FILENO) == 1;
  terminal.out_colour = wants_colour(options, terminal.out_is_tty);
  terminal.err_colour = wants_colour(options, terminal.err_is_tty);
  terminal.unicode = locale_is_utf8();
  if (terminal.out_is_tty) terminal.columns = terminal_columns();
  return terminal;
}

}  // namespace headroom::tools
