#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;

namespace {

/// Words offered at the end of a command line, without what they mean.
std::string offered(const std::string& words) {
  const Ended ended = tool("complete -- " + words);
  CHECK(ended.code == 0);
  std::string all;
  std::string line;
  for (const char c : ended.out) {
    if (c != '\n') {
      line += c;
      continue;
    }
    all += line.substr(0, line.find('\t')) + " ";
    line.clear();
  }
  return all;
}

bool installed(const std::string& shell) {
  return std::system(("command -v " + shell + " >/dev/null 2>&1").c_str()) == 0;
}

/// What a shell prints that ran `script` with the tool on its path as "headroom".
std::string shell_says(const std::string& shell, const std::string& script) {
  const std::string file = scratch(shell + "_script");
  std::ofstream(file) << script;
  const std::string out = scratch(shell + "_out");
  const std::string directory =
      std::string(HEADROOM_TOOL).substr(0, std::string(HEADROOM_TOOL).find_last_of('/'));
  const int status = std::system(
      ("PATH=" + directory + ":$PATH " + shell + " " + file + " >" + out + " 2>&1").c_str());
  CHECK(status == 0);
  const std::string text = read_file(out);
  unlink(file.c_str());
  unlink(out.c_str());
  return text;
}

}  // namespace

TEST_CASE("completion offers verbs, flags and the words that options take", "[tools][completion]") {
  CHECK(offered("''").find("run ") != std::string::npos);
  CHECK(offered("va") == "validate ");
  CHECK(offered("run --rep") == "--replications ");
  CHECK(offered("validate --format ''") == "text json github ");
  CHECK(offered("schema sc") == "scenario ");
  CHECK(offered("gpus A100-SXM-8") == "A100-SXM-80GB ");
  CHECK(has(offered("init ''"), "multi-class"));
  CHECK(offered("run ''") == ":files ");
  CHECK(offered("nonsense ''").empty());
  CHECK_FALSE(has(offered("''"), "complete "));  // it is for the scripts alone
}

TEST_CASE("bash completes a line through the script", "[tools][completion]") {
  const std::string script =
      "eval \"$(headroom completion bash)\"\n"
      "COMP_WORDS=(headroom run --se); COMP_CWORD=2; _headroom; echo \"<${COMPREPLY[*]}>\"\n"
      "COMP_WORDS=(headroom models Llama-3.3); COMP_CWORD=2; _headroom; echo "
      "\"<${COMPREPLY[*]}>\"\n";
  const std::string said = shell_says("bash", script);
  CHECK(has(said, "<--set --set-json --seed>"));
  CHECK(has(said, "<Llama-3.3-70B>"));
}

TEST_CASE("fish completes a line through the script", "[tools][completion]") {
  if (!installed("fish")) {
    WARN("skipped: fish is not installed");
    return;
  }
  const std::string said =
      shell_says("fish", "headroom completion fish | source\ncomplete -C 'headroom run --see'\n");
  CHECK(has(said, "--seed"));
}

TEST_CASE("zsh reads the script and asks the program", "[tools][completion]") {
  if (!installed("zsh")) {
    WARN("skipped: zsh is not installed");
    return;
  }
  // -D: no dump of what compinit finds, which as root would take the place of any file.
  // _describe and compdef need a terminal; here they are replaced by what they are handed.
  const std::string said = shell_says("zsh",
                                      "autoload -Uz compinit; compinit -u -D 2>/dev/null\n"
                                      "eval \"$(headroom completion zsh)\"\n"
                                      "_describe() { print -rl -- \"${(@P)3}\"; }\n"
                                      "_files() { print files }\n"
                                      "words=(headroom validate --fo); CURRENT=3; _headroom\n"
                                      "words=(headroom run ''); CURRENT=3; _headroom\n");
  CHECK(has(said, "--format:"));
  CHECK(has(said, "files"));
}

TEST_CASE("init writes a scenario that validates, and never over another", "[tools][init]") {
  const Ended list = tool("init");
  CHECK(list.code == 0);
  const std::string file = scratch("started.json");
  for (const std::string name : {"spike", "diurnal", "multi-class", "image-pipeline"}) {
    INFO(name);
    CHECK(has(list.out, name));
    unlink(file.c_str());
    REQUIRE(tool("init " + name + " -o " + file).code == 0);
    CHECK(tool("validate " + file).code == 0);
    const Ended ran = tool("run " + file + " -n 1 --until 15min --json -q");
    CHECK(ran.code == 0);
    const auto report = nlohmann::ordered_json::parse(ran.out);
    CHECK(report["requests"]["all"]["finished"] > 100);
  }
  CHECK(tool("init spike -o " + file).code == 2);
  CHECK(tool("init spike --force -o " + file).code == 0);
  CHECK(has(read_file(file), "my-spike"));
  unlink(file.c_str());
  const Ended near = tool("init spik");
  CHECK(near.code == 2);
  CHECK(has(near.err, "did you mean 'spike'"));
}

TEST_CASE("the trace template runs once it has a trace", "[tools][init]") {
  const std::string file = scratch("trace.json");
  const std::string trace = scratch("trace.csv");
  REQUIRE(tool("init trace -o " + file).code == 0);
  CHECK(tool("validate " + file).code == 3);  // requests.csv is yours to bring
  std::ofstream(trace) << "arrival_s,prompt_tokens,output_tokens\n0,100,20\n1.5,200,30\n";
  const Ended ran =
      tool("run " + file + " --set classes.request.trace.path=" + trace + " --json -q");
  CHECK(ran.code == 0);
  CHECK(nlohmann::ordered_json::parse(ran.out)["requests"]["all"]["finished"] == 2);
  unlink(file.c_str());
  unlink(trace.c_str());
}
