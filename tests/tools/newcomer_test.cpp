#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

// What somebody types wrong in the first five minutes. Each message names the place, what was
// expected, and the nearest thing that is right.

using namespace headroom::test;

namespace {

const char* const kScenario = R"({
  "schema_version": "1.0",
  "name": "first-try",
  "time": {"duration": "10min"},
  "fleet": {"pools": [
    {"name": "a100", "gpus": 8, "gpu": "A100-SXM-80GB", "model": "Llama-3.1-8B", "tensor_parallel": 1}
  ]},
  "classes": [
    {"name": "chat", "stages": [{"pool": "a100"}], "rate": "3/s", "prompt_tokens": 500, "output_tokens": 100}
  ],
  "windows": [{"name": "crest", "from": "2min", "to": "4min"}],
  "targets": [
    {"id": "ttft", "class": "chat", "metric": "ttft", "statistic": "p95", "max": "2s", "window": "crest"},
    {"id": "left", "metric": "abandoned_share", "max": 0.01}
  ],
  "seed": 1,
  "replications": 1
})";

void check_words(const Ended& ended, int code, const std::vector<std::string>& words) {
  CAPTURE(ended.err);
  CHECK(ended.code == code);
  CHECK(ended.out.empty());
  CHECK_FALSE(has(ended.err, "internal error"));
  for (const std::string& word : words) {
    CAPTURE(word);
    CHECK(has(ended.err, word));
  }
}

/// A folder of its own with what a newcomer has at hand.
class Desk {
 public:
  Desk() : folder_(scratch("desk")) {
    mkdir(folder_.c_str(), 0755);
    put("first.json", kScenario);
    put("requests.csv", "arrival_s,prompt_tokens,output_tokens\n0.1,500,100\n");
    put("first.yaml", "name: first-try\ntime:\n  duration: 10min\n");
    put("empty.json", "");
    put("notes.txt", "Ask for more GPUs\n");
    put("packed.json", "\x1f\x8b\x08");
    const Ended ran = tool("-q run " + at("first.json") + " -o " + at("report.json"));
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
  }
  ~Desk() { std::filesystem::remove_all(folder_); }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

 private:
  void put(const std::string& name, const std::string& text) {
    std::ofstream(at(name), std::ios::binary) << text;
  }
  std::string folder_;
};

}  // namespace

TEST_CASE("a slip on the command line says what was meant", "[tools][newcomer]") {
  const Desk desk;
  const std::string first = desk.at("first.json");
  const struct {
    std::string arguments;
    int code;
    std::vector<std::string> words;
  } slips[] = {
      {"simulate " + first, 2, {"unknown verb 'simulate'", "there are run,", "headroom help"}},
      {"vaildate " + first, 2, {"did you mean 'validate'?"}},
      {first, 2, {"is no verb", "headroom run " + first}},
      {"run " + first + " --replication 3", 2, {"did you mean '--replications'?", "help run"}},
      {"--json run " + first, 2, {"'--json' stands after the verb", "headroom run ... --json"}},
      {"run", 2, {"scenario is required", "help run"}},
      {"run " + desk.at("frist.json"), 3, {"No such file", "did you mean", "first.json"}},
      {"run " + desk.at("something-else"), 3, {"No such file", "headroom init spike"}},
      {"run " + desk.at(""), 3, {"it is a directory", "name a file in it"}},
      {"run " + desk.at("requests.csv"), 3, {"looks like CSV", "headroom init trace"}},
      {"run " + desk.at("first.yaml"), 3, {"looks like YAML", "headroom init spike"}},
      {"run " + desk.at("empty.json"), 3, {"the text is empty", "headroom init spike"}},
      {"run " + desk.at("notes.txt"), 3, {"one JSON object", "headroom init spike"}},
      {"run " + desk.at("packed.json"), 3, {"compressed file", "plain JSON"}},
      {"run " + desk.at("report.json"), 3, {"expected a scenario, found a report", "1 error"}},
      {"report " + first, 3, {"expected a report, found a scenario", "headroom run " + first}},
      {"report " + desk.at("requests.csv"), 3, {"not valid JSON", "looks like CSV"}},
      {"run " + first + " --set fleet.pools.a100.gpus", 2, {"should read PATH=VALUE"}},
      {"run " + first + " --set fleet.pool.a100.gpus=9", 3, {"did you mean \"pools\"?"}},
      {"run " + first + " --set fleet.pools.h100.gpus=9",
       3,
       {"no item \"h100\"", "there are: a100"}},
      {"run " + first + " -n 0", 2, {"-n", "1", "100000"}},
      {"run " + first + " -j x", 2, {"--jobs", "x", "1"}},
      {"run " + first + " --seed -1", 2, {"--seed", "'-1' is no whole number"}},
      {"run " + first + " --until 5", 2, {"--until", "write \"5s\""}},
      {"run " + first + " -o /proc/no/report.json",
       3,
       {"/proc/no/report.json", "cannot be written"}},
      {"run " + first + " -o answer.pdf", 2, {"answer.pdf", ".html", ".json"}},
      {"explain " + first + " fleet.pools.a10", 2, {"no field 'fleet.pools.a10'"}},
      {"models Llama-3.1-80B", 2, {"did you mean 'Llama-3.1-"}},
      {"list router", 2, {"router", "routers"}},
      {"init spik", 2, {"did you mean 'spike'?"}},
  };
  for (const auto& slip : slips) {
    CAPTURE(slip.arguments);
    check_words(tool(slip.arguments), slip.code, slip.words);
  }
}

TEST_CASE("a slip in a scenario is shown at its place, with what to write", "[tools][newcomer]") {
  const struct {
    const char* written;
    const char* instead;
    std::vector<std::string> words;
  } slips[] = {
      {"\"replications\": 1\n", "\"replications\": 1,\n", {"remove the comma before }"}},
      {"\"name\": \"first-try\"", "name: \"first-try\"", {"JSON keys stand in double quotes"}},
      {"\"name\": \"first-try\"", "'name': \"first-try\"", {"double quotes"}},
      {"\"duration\": \"10min\"", "\"duration\": 600", {":4:24:", "600 needs a unit"}},
      {"\"10min\"", "\"10 minutes\"", {"unknown unit \"minutes\"", "did you mean \"min\"?"}},
      {"\"10min\"", "\"10 mins\"", {"did you mean \"min\"?"}},
      {"\"10min\"", "\"10m\"", {"unknown unit \"m\"", "ms, s, min, h, d"}},
      {"\"10min\"", "\"91d\"", {"at most 90 days", "busy_periods"}},
      {"\"duration\": \"10min\"", "", {"missing field \"duration\"", "how long requests arrive"}},
      {"\"duration\"", "\"durration\"", {"did you mean \"duration\"?"}},
      {"\"3/s\"", "3", {"3 needs a unit", "write \"3/s\""}},
      {"\"3/s\"", "\"3 rps\"", {"unknown unit \"rps\"", "did you mean \"/s\"?"}},
      {"\"3/s\"", "\"3 req/minute\"", {"did you mean \"/min\"?"}},
      {"\"3/s\"", "\"3 per second\"", {"did you mean \"/s\"?"}},
      {"A100-SXM-80GB", "A100-SXM-90GB", {"unknown gpu", "did you mean", "headroom gpus"}},
      {"Llama-3.1-8B", "Llama-3.1-9B", {"unknown model", "did you mean", "headroom models"}},
      {"Llama-3.1-8B", "Llama-3.1-405B", {"does not fit", "tensor_parallel"}},
      {"\"gpus\": 8",
       "\"gpus\": -8",
       {"-8 is out of range", "between 1 and", "/fleet/pools/0/gpus"}},
      {"\"gpus\": 8", "\"gpus\": \"8\"", {"a whole number", "write 8, without quotes"}},
      {"\"gpus\": 8", "\"gpus\": 8.5", {"a whole number", "8.5"}},
      {"\"gpus\": 8", "\"gpu_count\": 8", {"missing field \"gpus\"", "\"gpu_count\""}},
      {"\"tensor_parallel\": 1", "\"tensor_parallel\": 3", {"heads", "do not divide by 3"}},
      {"\"pool\": \"a100\"",
       "\"pool\": \"a10\"",
       {"unknown pool \"a10\"", "did you mean \"a100\"?"}},
      {"\"class\": \"chat\"", "\"class\": \"chats\"", {"unknown class", "did you mean \"chat\"?"}},
      {"\"metric\": \"ttft\"",
       "\"metric\": \"tttf\"",
       {"unknown metric", "did you mean \"ttft\"?"}},
      {"\"window\": \"crest\"", "\"window\": \"crst\"", {"did you mean \"crest\"?"}},
      {"\"max\": \"2s\"", "\"min\": \"2s\"", {"missing field \"max\"", "unknown field \"min\""}},
      {"\"max\": \"2s\"", "\"max\": 2", {"2 needs a unit", "write \"2s\""}},
      {"\"p95\"", "\"p96\"", {"unknown statistic", "p90, p95"}},
      {"\"max\": 0.01", "\"max\": \"1%\"", {"expected a number", "write 0.01"}},
      {"\"max\": 0.01", "\"max\": 1.5", {"out of range", "between 0 and 1"}},
      {"\"to\": \"4min\"", "\"to\": \"40min\"", {"outside the run", "0 to 10min"}},
      {"\"to\": \"4min\"", "\"to\": \"1min\"", {"it must end after it begins"}},
      {", \"prompt_tokens\": 500", "", {"makes tokens", "prompt_tokens", "in its class"}},
      {"\"schema_version\": \"1.0\"", "\"schema_version\": \"2\"", {"expected one of: 1.0"}},
  };
  for (const auto& slip : slips) {
    CAPTURE(slip.written, slip.instead);
    std::string text = kScenario;
    const std::size_t at = text.find(slip.written);
    REQUIRE(at != std::string::npos);
    text.replace(at, std::string(slip.written).size(), slip.instead);
    const ScenarioFile file(text, "slip.json");
    std::vector<std::string> words = slip.words;
    words.push_back(file.path() + ":");  // and its line and column
    words.push_back(": error[E1");
    check_words(tool("validate " + file.path()), 3, words);
  }
}

TEST_CASE("GPUs that are no whole number of replicas get the nearest numbers that are",
          "[tools][newcomer]") {
  const ScenarioFile file(kScenario, "replicas.json");
  const Ended ended = tool("validate " + file.path());
  CHECK(ended.code == 0);
  check_words(tool("run " + file.path() +
                   " --set fleet.pools.a100.tensor_parallel=4 --set fleet.pools.a100.gpus=10"),
              3, {"10 GPUs are no whole number of replicas of 4", "nearest: 8 or 12"});
}
