#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "messages.hpp"
#include "version.hpp"

namespace headroom::tools {

int version_command(const CommandLine& line, const Terminal&) {
  if (line.json) {
    const nlohmann::ordered_json version = {{"name", "headroom"},       {"version", kVersion},
                                            {"commit", kCommit},        {"compiler", kCompiler},
                                            {"scenario_schema", "1.0"}, {"report_schema", "1.0"}};
    print_answer(version.dump(2) + "\n");
  } else {
    print_answer(fmt::format("{} (commit {}, {})\n", version_line(), kCommit, kCompiler));
  }
  return kOk;
}

}  // namespace headroom::tools
