#include "github.hpp"

#include <cstdlib>
#include <fstream>

#include "messages.hpp"

namespace headroom::tools {
void append_step_summary(const std::string& markdown) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return;
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << markdown;
  out.close();
  if (!out) cannot_write(path);
}

}  // namespace headroom::tools
