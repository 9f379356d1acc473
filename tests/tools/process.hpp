#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

/// Runs the command-line tool as its users do: a process with arguments, environment and streams.
namespace headroom::test {

struct Ended {
  int code = 0;
  std::string out, err;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A path of this test process that nothing else writes to.
inline std::string scratch(const std::string& name) {
  return std::string(HEADROOM_BINARY_DIR) + "/tools_test_" + std::to_string(getpid()) + "_" + name;
}

/// `arguments` in shell syntax; `environment` as "NAME=value ..." before the command.
inline Ended tool(const std::string& arguments, const std::string& environment = "") {
  static std::atomic<int> number{0};
  const std::string base = scratch(std::to_string(number++));
  const std::string command = "env -u NO_COLOR -u CLICOLOR_FORCE -u CI -u HEADROOM_JOBS " +
                              environment + " " + HEADROOM_TOOL + " " + arguments + " >" + base +
                              ".out 2>" + base + ".err";
  const int status = std::system(command.c_str());
  Ended ended;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ended.out = read_file(base + ".out");
  ended.err = read_file(base + ".err");
  unlink((base + ".out").c_str());
  unlink((base + ".err").c_str());
  return ended;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A JSON report as text, without the block that says when and how it was run.
inline std::string without_run_block(const std::string& text) {
  auto report = nlohmann::ordered_json::parse(text);
  report.erase("run");
  return report.dump();
}

/// A scenario file for one test; removed at the end of its scope.
class ScenarioFile {
 public:
  explicit ScenarioFile(const std::string& text, const std::string& name = "scenario.json")
      : path_(scratch(name)) {
    std::ofstream(path_) << text;
  }
  ~ScenarioFile() { unlink(path_.c_str()); }
  ScenarioFile(const ScenarioFile&) = delete;
  ScenarioFile& operator=(const ScenarioFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline const char* const kTiny = R"({
  "schema_version": "1.0",
  "name": "tiny",
  "time": {"duration": "10min"},
  "fleet": {"pools": [{"name": "servers", "gpus": 4, "service_time": "1s"}]},
  "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": {"base": "3/s"}}],
  "targets": [{"id": "delay", "metric": "queue_delay", "statistic": "p95", "max": "1ms"}],
  "seed": 1,
  "replications": 3
})";

}  // namespace headroom::test
