#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "shipped_scenario.hpp"

// replay-trace.json with every layout of trace that its description tells how to load.

namespace headroom::test {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string kData = std::string(HEADROOM_SOURCE_DIR) + "/../shared/data/";
const std::string kTrace = "classes.request.trace.";

/// The measured data are no part of the repository: without them these tests say so and pass.
bool missing(const std::string& file) {
  if (std::filesystem::exists(kData + file)) return false;
  std::printf("skipped: %s is not there\n", file.c_str());
  return true;
}

struct Replay {
  ResolvedScenario scenario;
  Outcome outcome;
  GroupTally tally;
};

Replay replay(const std::string& path, Pairs set, Pairs set_json = {}) {
  ScenarioOverrides overrides;
  if (!path.empty()) set.insert(set.begin(), {kTrace + "path", path});
  overrides.set = std::move(set);
  overrides.set_json = std::move(set_json);
  Replay made{resolve(load_shipped("replay-trace", overrides)), Outcome(), GroupTally()};
  made.outcome = run_one_cell(made.scenario);
  made.tally = whole_tally(made.scenario, made.outcome, "request");
  return made;
}

Pairs vllm_columns() {
  return {{kTrace + "columns.prompt_tokens", "input_tokens"},
          {kTrace + "columns.output_tokens", "output_tokens"}};
}

double finished(const Replay& replay) {
  return replay.tally.ended[static_cast<std::size_t>(EndState::kFinished)];
}

/// Little's law over the whole run, which ends empty: time-mean of the requests in the pool, times
/// the run's length, is the sum of their stays.
void check_little(const Replay& replay) {
  const Ticks step = replay.scenario.collect.timeline_step;
  const double horizon_s = seconds(replay.scenario.horizon);
  const PoolTimeline& pool = replay.outcome.pools[0];
  const double inside = mean_of_bins(pool.running, step, 0, horizon_s) +
                        mean_of_bins(pool.queued, step, 0, horizon_s);
  const double covered_s = seconds(step) * static_cast<double>(pool.running.size());
  CHECK(inside * covered_s == Approx(replay.tally.e2e.histogram.sum_s()).epsilon(0.01));
}

}  // namespace

TEST_CASE("without a path the replay says how to name one", "[scenarios][replay]") {
  try {
    load_shipped("replay-trace");
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 1);
    const Issue& issue = error.issues()[0];
    CHECK(issue.code == "E111");
    CHECK(issue.pointer == "/classes/0/trace/path");
    CHECK(issue.line > 0);
    CHECK(issue.column > 0);
    CHECK(issue.message == "the path is empty: no trace is named");
    REQUIRE(issue.notes.size() == 1);
    CHECK_THAT(issue.notes[0], ContainsSubstring("--set classes.0.trace.path=FILE"));
  }
}

TEST_CASE("a trace of three requests is replayed to the second", "[scenarios][replay]") {
  const auto path = std::filesystem::temp_directory_path() / "headroom-replay-three.csv";
  std::ofstream(path) << "arrival_s,context_tokens,generated_tokens\n"
                         "100,1000,100\n160,2000,200\n280,3000,300\n";
  const Replay made = replay(path.string(), {});
  std::filesystem::remove(path);
  CHECK(made.tally.arrived == 3);
  CHECK(finished(made) == 3);
  CHECK(made.tally.output_tokens == 600);
  // The first row falls on the start, the others 60 s and 180 s later.
  const auto& arrivals = made.outcome.classes[0].arrivals;
  const auto bin = [&made](double at_s) {
    return static_cast<std::size_t>(at_s / seconds(made.scenario.collect.timeline_step));
  };
  CHECK(arrivals[bin(0)] == 1);
  CHECK(arrivals[bin(60)] == 1);
  CHECK(arrivals[bin(180)] == 1);
  // Alone on its replica a request waits for nobody, and makes n - 1 tokens after the first: 8B
  // weights of 2 bytes, read once a token at no more than 2,039 GB/s, take 7.9 ms.
  CHECK(made.tally.queue_delay.histogram.quantile_s(1.0) < 1e-3);
  CHECK(made.tally.tpot.histogram.mean_s() > 16.06e9 / 2039e9);
  CHECK(made.tally.tpot.histogram.mean_s() < 2 * 16.06e9 / 2039e9);
}

TEST_CASE("a path is found from where the user stands as well", "[scenarios][replay]") {
  const std::string name = "headroom-replay-here.csv";
  std::ofstream(name) << "arrival_s,context_tokens,generated_tokens\n0,10,1\n1,20,2\n";
  CHECK(replay(name, {}).tally.arrived == 2);
  std::filesystem::remove(name);
  ScenarioOverrides gone;
  gone.set = {{kTrace + "path", "headroom-replay-gone.csv"}};
  try {
    resolve(load_shipped("replay-trace", gone));
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 1);
    CHECK(error.issues()[0].code == "E131");
    CHECK(error.issues()[0].notes.size() == 2);
  }
}

TEST_CASE("the Azure conversation trace replays with a path alone", "[scenarios][replay][shared]") {
  const std::string file = "traces/azure_llm_2023_conv.csv";
  if (missing(file)) return;
  const Replay made = replay(kData + file, {});
  CHECK(made.tally.arrived == 19'366);
  CHECK(finished(made) == 19'366);
  // 19,366 requests of 211 tokens in mean (facts, section A4).
  CHECK(made.tally.output_tokens / 19'366 == Approx(211).epsilon(0.002));
  check_little(made);
  // Offered load: 19,366 requests in an hour.
  const double mean_rate = expected_arrivals(made.scenario, "request", 0, 3600) / 3600;
  CHECK(mean_rate == Approx(5.379).epsilon(0.001));
}

TEST_CASE("the Azure coding trace replays with a path alone", "[scenarios][replay][shared]") {
  const std::string file = "traces/azure_llm_2023_code_first_half.csv";
  if (missing(file)) return;
  const Replay made = replay(kData + file, {});
  CHECK(made.tally.arrived > 4000);
  CHECK(finished(made) == made.tally.arrived);
  CHECK(made.tally.output_tokens / made.tally.arrived == Approx(28).epsilon(0.03));
  check_little(made);
}

TEST_CASE("the Mooncake trace replays with its columns and milliseconds",
          "[scenarios][replay][shared]") {
  const std::string file = "traces/mooncake_conversation.csv.gz";
  if (missing(file)) return;
  Pairs set = vllm_columns();
  set.insert(set.end(), {{kTrace + "columns.arrival", "arrival_ms"},
                         {kTrace + "arrival_unit", "ms"},
                         {kTrace + "spread", "3s"},
                         {"fleet.pools.server.gpus", "16"}});
  const Replay made = replay(kData + file, set);
  CHECK(made.scenario.pools[0].config.replicas == 16);
  CHECK(made.tally.arrived == 12'031);
  CHECK(finished(made) == 12'031);
  // 12,031 rows on 1,180 distinct steps of 3 s: they last 59 minutes at least.
  CHECK(mean_of_bins(made.outcome.classes[0].arrivals, made.scenario.collect.timeline_step, 3480,
                     3540) > 0);
  check_little(made);
}

TEST_CASE("the Stable Diffusion requests replay with their own service times",
          "[scenarios][replay][shared]") {
  const std::string file = "traces/genai_sd/requests.csv";
  if (missing(file)) return;
  const Replay made =
      replay(kData + file, {{"time.duration", "16d"}, {kTrace + "spread", "1s"}},
             {{kTrace + "columns", R"({"arrival": "arrival_s", "service": "exec_time_s"})"},
              {"fleet.pools.server", R"({"name": "server", "gpus": 8, "service_time": "30s"})"}});
  CHECK(made.tally.arrived == 14'304);
  CHECK(finished(made) == 14'304);
  // Work is rate x mean service time, whatever the pool's own service_time says: the share of time
  // that slots are in use is that work over 8 GPUs.
  const double mean_s = made.scenario.demand().mean_work(ClassId{0}, 0).service_s;
  const double work_s = 14'304 * mean_s;
  CHECK(made.outcome.pool_totals[0].busy_ps * 1e-12 == Approx(work_s).epsilon(1e-6));
  check_little(made);
  CHECK(made.tally.e2e.histogram.mean_s() - made.tally.queue_delay.histogram.mean_s() ==
        Approx(mean_s).epsilon(1e-6));
}

TEST_CASE("a ServeGen total rate takes the place of the trace", "[scenarios][replay][shared]") {
  const std::string file = "traces/servegen/deepseek-r1_total_rate.csv";
  if (missing(file)) return;
  const Replay made = replay(
      "", {{"fleet.pools.server.gpus", "8"}},
      {{"classes.request",
        R"({"name": "request", "stages": [{"pool": "server"}], "rate": {"file": {"path": ")" +
            kData + file +
            R"("}}, "lengths": {"kind": "table"}, "slo": {"queue_delay": "2s", "e2e": "60s"}})"}});
  // The file's first six windows of 600 s.
  std::ifstream in(kData + file);
  std::string line;
  std::getline(in, line);
  double expected = 0;
  for (int row = 0; row < 6; ++row) {
    std::getline(in, line);
    expected += 600 * std::stod(line.substr(line.find(',') + 1));
  }
  CHECK(expected_arrivals(made.scenario, "request", 0, 3600) == Approx(expected).epsilon(1e-6));
  CHECK(std::abs(made.tally.arrived - expected) < 4 * std::sqrt(expected));
  CHECK(made.tally.output_tokens / finished(made) == Approx(211).epsilon(0.02));
  check_little(made);
}

TEST_CASE("the measured vLLM runs replay on the cards that they ran on",
          "[scenarios][replay][shared]") {
  struct Run {
    std::string folder;
    Pairs set;
  };
  const Run runs[] = {
      {"rtx4090-llama-3.1-8b",
       {{"fleet.pools.server.gpus", "1"},
        {"fleet.pools.server.gpu", "RTX-4090"},
        {"fleet.pools.server.kv.blocks", "2588"}}},
      {"rtxpro6000-qwen3-32b-tp2",
       {{"fleet.pools.server.gpus", "2"},
        {"fleet.pools.server.gpu", "RTX-PRO-6000"},
        {"fleet.pools.server.model", "Qwen3-32B"},
        {"fleet.pools.server.tensor_parallel", "2"},
        {"fleet.pools.server.batching.max_batch", "128"}}},
  };
  for (const Run& run : runs) {
    INFO(run.folder);
    const std::string file = "serving_runs/" + run.folder + "/requests.csv";
    if (missing(file)) return;
    Pairs set = vllm_columns();
    set.insert(set.end(), run.set.begin(), run.set.end());
    set.insert(set.end(), {{"time.duration", "1min"}, {"time.drain", "20min"}});
    const Replay made = replay(kData + file, set);
    CHECK(made.tally.arrived == 300);
    CHECK(finished(made) == 300);
    check_little(made);
    // 300 requests at about 10 a second: more than the card can do, so a queue of minutes.
    CHECK(made.tally.queue_delay.histogram.mean_s() > 10);
    CHECK(made.tally.queue_delay.histogram.mean_s() < 200);
  }
}

TEST_CASE("every field of the replay says where it comes from", "[scenarios][replay]") {
  ScenarioOverrides overrides;
  overrides.set = {{kTrace + "path", "any.csv"}};
  const LoadedScenario loaded = load_shipped("replay-trace", overrides);
  CHECK(fields_without_provenance(loaded) == std::vector<std::string>{});
  CHECK(assumptions_without_range(loaded) == std::vector<std::string>{});
}

}  // namespace headroom::test
