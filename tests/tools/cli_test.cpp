#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

using namespace headroom::test;

namespace {
/// Characters of a UTF-8 text.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}
}  // namespace

TEST_CASE("help and version are answers: standard output, exit 0", "[tools][cli]") {
  for (const char* arguments :
       {"--help", "help", "help run", "run --help", "--version", "version", "help explain"}) {
    CAPTURE(arguments);
    const Ended ended = tool(arguments);
    CHECK(ended.code == 0);
    CHECK_FALSE(ended.out.empty());
    CHECK(ended.err.empty());
  }
  CHECK(has(tool("help run").out, "Examples:"));
  CHECK(tool("help run").out == tool("run --help").out);
  CHECK(has(tool("version --json").out, "\"version\""));
}

TEST_CASE("help fits 80 columns, but for examples to be copied", "[tools][cli]") {
  for (const char* verb : {"", "run", "plan", "report", "compare", "check", "sweep", "init"}) {
    std::istringstream help(tool(std::string("help ") + verb).out);
    std::string line;
    while (std::getline(help, line)) {
      CAPTURE(verb, line);
      CHECK((line.size() <= 80 || line.starts_with("  headroom ") || has(line, "(Env:")));
    }
  }
}

TEST_CASE("help names every verb that is built and none that is not", "[tools][cli]") {
  const std::string help = tool("--help").out;
  for (const char* verb :
       {"run", "plan", "report", "compare", "check", "sweep", "fit", "kernels", "validate",
        "explain", "schema", "gpus", "models", "list", "init", "completion", "version"}) {
    CHECK(has(help, "\n  " + std::string(verb) + " "));
  }
  for (const char* verb : {"complete", "merge", "junit"}) {
    CHECK_FALSE(has(help, "\n  " + std::string(verb) + " "));
  }
}

TEST_CASE("a command line that does not read well is exit 2, on standard error", "[tools][cli]") {
  for (const char* arguments :
       {"", "rnu", "run", "run --sed 7 x.json", "run x.json -n 0", "run x.json -n many",
        "run x.json -j 0", "run x.json --set nonsense", "run x.json --format xml", "schema nothing",
        "--color=sometimes run x.json", "list colours", "gpus NOSUCH",
        "run x.json --format csv --format md"}) {
    CAPTURE(arguments);
    const Ended ended = tool(arguments);
    CHECK(ended.code == 2);
    CHECK(ended.out.empty());
    CHECK_FALSE(ended.err.empty());
  }
}

TEST_CASE("an unknown word gets the nearest known one", "[tools][cli]") {
  CHECK(has(tool("rnu").err, "did you mean 'run'?"));
  CHECK(has(tool("validte x").err, "did you mean 'validate'?"));
  CHECK(has(tool("run x.json --sede 7").err, "did you mean '--seed'?"));
  CHECK(has(tool("run x.json --tiemline=10s").err, "did you mean '--timeline'?"));
  CHECK(has(tool("gpus A100-SXM-80G").err, "did you mean 'A100-SXM-80GB'?"));
}

TEST_CASE("an input that cannot be used is exit 3", "[tools][cli]") {
  CHECK(tool("run /no/such/file.json").code == 3);
  CHECK(tool("explain /no/such/file.json").code == 3);
  CHECK(tool("validate /no/such/file.json").code == 3);
  const ScenarioFile broken("{\"name\": }");
  const Ended ended = tool("run " + broken.path());
  CHECK(ended.code == 3);
  CHECK(ended.out.empty());
  CHECK(has(ended.err, broken.path() + ":1:10"));
  // Where nothing can be written is found out before the simulation or after, but is no crash.
  const ScenarioFile tiny(kTiny);
  CHECK(tool("run " + tiny.path() + " -o /proc/no/report.json").code == 3);
  CHECK(tool("run " + tiny.path() + " --requests /proc/no/rows.csv").code == 3);
}

TEST_CASE("every error of a scenario is reported at once", "[tools][cli]") {
  std::string text = kTiny;
  text.replace(text.find("\"duration\""), 10, "\"durration\"");
  text.replace(text.find("\"1ms\""), 5, "1");
  const ScenarioFile file(text);
  const Ended ended = tool("validate " + file.path());
  CHECK(ended.code == 3);
  CHECK(has(ended.err, "durration"));
  CHECK(has(ended.err, "did you mean \"duration\""));
  CHECK(has(ended.err, "/targets/0/max"));
}

TEST_CASE("flags may be given as environment variables, and win over them", "[tools][cli]") {
  const ScenarioFile tiny(kTiny);
  const std::string run = "run " + tiny.path() + " --json --color=never";
  CHECK(has(tool(run, "HEADROOM_SEED=77").out, "\"seed\": 77"));
  CHECK(has(tool(run + " --seed 5", "HEADROOM_SEED=77").out, "\"seed\": 5"));
  CHECK(tool(run, "HEADROOM_JOBS=none").code == 2);
}

TEST_CASE("the catalogue shows where numbers come from", "[tools][cli]") {
  const Ended gpu = tool("gpus A100-SXM-80GB");
  CHECK(gpu.code == 0);
  CHECK(has(gpu.out, "source of"));
  CHECK(has(tool("models Llama-3.1-70B --json").out, "\"provenance\""));
  CHECK(has(tool("gpus").out, "H100-SXM-80GB"));
  CHECK(has(tool("list metrics").out, "queue_delay"));
  CHECK(has(tool("list surges").out, "logistic"));
  CHECK(has(tool("list distributions").out, "lognormal"));
}

TEST_CASE("explain lists every field with its source", "[tools][cli]") {
  const ScenarioFile tiny(kTiny);
  const Ended all = tool("explain " + tiny.path() + " --set seed=9");
  CHECK(all.code == 0);
  CHECK(has(all.out, "confidence"));
  CHECK(has(all.out, "default"));
  CHECK(has(all.out, "--set"));
  const Ended part = tool("explain " + tiny.path() + " fleet");
  CHECK(has(part.out, "fleet.pools"));
  CHECK_FALSE(has(part.out, "confidence"));
  CHECK(tool("explain " + tiny.path() + " flet").code == 2);
  CHECK(tool("explain " + tiny.path() + " --json").out.front() == '[');
}

TEST_CASE("explain keeps to 80 columns where nobody sees a wider terminal", "[tools][cli]") {
  for (const char* file : {"image-generation-spike.json", "small-fleet.json", "erlang-c.json"}) {
    const Ended all = tool(std::string("explain ") + HEADROOM_SOURCE_DIR + "/scenarios/" + file);
    REQUIRE(all.code == 0);
    std::istringstream lines(all.out);
    for (std::string line; std::getline(lines, line);) {
      // Only a word that is longer by itself may stick out.
      const bool fits = width(line) <= 80;
      const std::size_t text = line.find_first_not_of(' ');
      if (!fits) CHECK(line.find(' ', text) == std::string::npos);
    }
  }
}

TEST_CASE("validate takes overrides, for every file", "[tools][cli]") {
  const ScenarioFile tiny(kTiny);
  CHECK(tool("validate " + tiny.path() + " --set seed=9").code == 0);
  const Ended wrong = tool("validate " + tiny.path() + " --set sed=9");
  CHECK(wrong.code == 3);
  CHECK(has(wrong.err, "did you mean"));
  const Ended json = tool("validate " + tiny.path() + " --set-json seed=-1 --format json");
  CHECK(json.code == 3);
  CHECK(has(json.out, "\"severity\": \"error\""));
  CHECK(has(json.out, "\"pointer\": \"/seed\""));
  const Ended github = tool("validate " + tiny.path() + " --set-json seed=-1 --format github");
  CHECK(has(github.out, "::error "));
}

TEST_CASE("columns of the catalogues do not touch", "[tools][cli]") {
  for (const char* verb : {"gpus", "models"}) {
    std::istringstream lines(tool(verb).out);
    std::string head;
    std::getline(lines, head);
    std::vector<std::size_t> starts;
    for (std::size_t at = head.find("  "); at != std::string::npos; at = head.find("  ", at)) {
      at = head.find_first_not_of(' ', at);
      starts.push_back(at);
    }
    CHECK(starts.size() >= 4);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      CHECK(width(line) <= 80);
      for (const std::size_t start : starts) {
        CHECK(line.substr(start - 2, 2) == "  ");
        CHECK(line[start] != ' ');
      }
    }
  }
}

TEST_CASE("entries and lists of words keep to 80 columns, but for a word that is longer",
          "[tools][cli]") {
  for (const char* arguments :
       {"gpus A100-SXM-80GB", "gpus H100", "models DeepSeek-V3", "models GPT-4-class-rumour",
        "list metrics", "list routers", "list batching", "list surges", "list distributions"}) {
    const Ended ended = tool(arguments);
    CHECK(ended.code == 0);
    CHECK(std::count(ended.out.begin(), ended.out.end(), '\n') >= 4);
    std::istringstream lines(ended.out);
    for (std::string line; std::getline(lines, line);) {
      INFO(line);
      const bool one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
      CHECK((width(line) <= 80 || one_word));
    }
  }
}

TEST_CASE("schemas are JSON", "[tools][cli]") {
  for (const char* what : {"", "scenario", "report", "plan", "kernel-model"}) {
    const Ended ended = tool(std::string("schema ") + what);
    CHECK(ended.code == 0);
    CHECK(ended.out.front() == '{');
    CHECK(has(ended.out, "\"$schema\""));
  }
  CHECK(tool("schema").out == tool("schema scenario").out);
}

TEST_CASE("validate writes for people, programs and workflows", "[tools][cli]") {
  const ScenarioFile good(kTiny, "good.json");
  std::string text = kTiny;
  text.replace(text.find("\"1ms\""), 5, "1");
  const ScenarioFile bad(text, "bad.json");
  const Ended people = tool("validate " + good.path());
  CHECK(people.code == 0);
  CHECK(has(people.out, "good.json: valid"));
  const Ended both = tool("validate " + good.path() + " " + bad.path() + " --format json");
  CHECK(both.code == 3);
  CHECK(has(both.out, "\"valid\": true"));
  CHECK(has(both.out, "\"pointer\": \"/targets/0/max\""));
  const Ended github = tool("validate " + bad.path() + " --format github");
  CHECK(github.code == 3);
  CHECK(github.out.rfind("::error file=", 0) == 0);
  CHECK(has(github.out, ",line="));
}
