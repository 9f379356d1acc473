#include "github.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "messages.hpp"

namespace headroom::tools {
namespace {

/// The characters that a workflow command's value may not hold.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == '\r') {
      out += "%0D";
    } else if (property && c == ':') {
      out += "%3A";
    } else if (property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string github_annotation(const Issue& issue, const char* level) {
  return fmt::format(
      "::{} file={},line={},col={},title={}::{}\n", level, escaped(issue.file, true), issue.line,
      issue.column, escaped(issue.code, true),
      escaped(issue.message + (issue.pointer.empty() ? "" : " at " + issue.pointer), false));
}

void append_step_summary(const std::string& markdown) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return;
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << markdown;
  out.close();
  if (!out) cannot_write(path);
}

}  // namespace headroom::tools
