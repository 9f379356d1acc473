#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "messages.hpp"
#include "run_outputs.hpp"
#include "templates.hpp"

namespace headroom::tools {
namespace {

std::string list_of_templates() {
  std::string text;
  for (const Template& one : templates()) text += fmt::format("{:<16}{}\n", one.name, one.summary);
  return text;
}

const Template& named(const std::string& name) {
  if (const Template* found = find_template(name)) return *found;
  std::vector<std::string> names;
  std::string all;
  for (const Template& one : templates()) {
    names.emplace_back(one.name);
    all += (all.empty() ? "" : ", ") + std::string(one.name);
  }
  const std::string near = nearest_word(name, names);
  throw UsageError("unknown template '" + name + "'" +
                   (near.empty() ? "; there are " + all : "; did you mean '" + near + "'?"));
}

}  // namespace

int init_command(const CommandLine& line, const Terminal&) {
  const InitOptions& options = line.init;
  if (options.name.empty()) {
    print_answer(list_of_templates());
    return kOk;
  }
  const std::string text(named(options.name).text);
  if (options.out.empty() || options.out == "-") {
    print_answer(text);
    return kOk;
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.out, ignored) && !options.force) {
    throw UsageError("'" + options.out + "' is there already; --force writes over it");
  }
  write_file(options.out, text);
  if (line.common.verbosity >= 0) {
    fmt::print(stderr,
               "written  {0}\n"
               "next:    look for EDIT in it, then\n"
               "         headroom validate {0}\n"
               "         headroom run {0}\n",
               options.out);
  }
  return kOk;
}

}  // namespace headroom::tools
