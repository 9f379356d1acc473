#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/scenario/load.hpp"
#include "scenario_support.hpp"

namespace headroom::testing {

/// A folder of its own, removed at the end, with a scenario in it and what belongs to that.
class ScenarioFile {
 public:
  explicit ScenarioFile(const std::string& text) {
    static int number = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("headroom-errors-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    std::filesystem::create_directories(folder_);
    write("scenario.json", text);
  }
  ~ScenarioFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ScenarioFile(const ScenarioFile&) = delete;
  ScenarioFile& operator=(const ScenarioFile&) = delete;

  std::string path() const { return (folder_ / "scenario.json").string(); }
  std::string folder() const { return folder_.string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

 private:
  std::filesystem::path folder_;
};

/// All that is wrong with a scenario file, from opening it to compiling its demand.
inline std::vector<Issue> issues_of_file(const ScenarioFile& file) {
  try {
    resolve(load_scenario(file.path()));
  } catch (const InputError& error) {
    return {error.issues().begin(), error.issues().end()};
  }
  return {};
}

/// Line and column, from 1, of a place in a text of ASCII.
inline std::pair<int, int> place_of(const std::string& text, std::size_t at) {
  const std::string before = text.substr(0, at);
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string::npos ? 0 : newline + 1;
  return {static_cast<int>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<int>(at - start + 1)};
}

}  // namespace headroom::testing
