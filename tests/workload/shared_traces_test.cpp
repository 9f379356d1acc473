#include <cstdio>
#include <filesystem>

#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

const std::string kData = std::string(HEADROOM_SOURCE_DIR) + "/../shared/data/";

/// The measured data are no part of the repository: without them these tests say so and pass.
bool missing(const std::string& file) {
  if (std::filesystem::exists(kData + file)) return false;
  std::printf("skipped: %s is not there\n", file.c_str());
  return true;
}

WorkloadConfig replay(const std::string& file, const TraceColumns& columns, double end_s) {
  WorkloadConfig config = plain_demand(0, end_s);
  config.base_directory = kData;
  config.classes[0].prompt_tokens.reset();
  config.classes[0].output_tokens.reset();
  TraceConfig trace;
  trace.path = file;
  trace.columns = columns;
  config.classes[0].trace = trace;
  return config;
}

}  // namespace

TEST_CASE("the Azure conversation trace loads whole", "[workload][trace][shared]") {
  const std::string file = "traces/azure_llm_2023_conv.csv";
  if (missing(file)) return;
  WorkloadConfig config =
      replay(file, {"arrival_s", "context_tokens", "generated_tokens", "", ""}, 4000);
  prepare(config);
  const auto requests = all_requests(config);
  CHECK(requests.size() == 19'366);
  CHECK(seconds(requests.back().arrival) == Approx(3502).epsilon(0.001));
  const MeanWork mean = config.compiled->mean_work(ClassId{0}, 0);
  CHECK(mean.prompt_tokens == Approx(1155).epsilon(0.001));
  CHECK(mean.output_tokens == Approx(211).epsilon(0.002));
  // The shipped table stands for these rows.
  WorkloadConfig table = plain_demand(1, 1);
  table.classes[0].prompt_tokens.reset();
  table.classes[0].output_tokens.reset();
  table.classes[0].lengths = LengthsConfig{};
  const MeanWork shipped = compile(table)->mean_work(ClassId{0}, 0);
  CHECK(shipped.prompt_tokens == Approx(mean.prompt_tokens).epsilon(0.01));
  CHECK(shipped.output_tokens == Approx(mean.output_tokens).epsilon(0.01));
}

TEST_CASE("the Mooncake trace loads and is spread within its 3-second steps",
          "[workload][trace][shared]") {
  const std::string file = "traces/mooncake_conversation.csv.gz";
  if (missing(file)) return;
  WorkloadConfig config =
      replay(file, {"arrival_ms", "input_tokens", "output_tokens", "", ""}, 4000);
  config.classes[0].trace->arrival_unit = "ms";
  config.classes[0].trace->spread_s = 3;
  prepare(config);
  const auto requests = all_requests(config);
  CHECK(requests.size() == 12'031);
  std::size_t tied = 0;
  for (std::size_t i = 1; i < requests.size(); ++i) {
    tied += requests[i].arrival == requests[i - 1].arrival ? 1 : 0;
  }
  CHECK(tied == 0);
}

TEST_CASE("a ServeGen rate file is a rate over time", "[workload][rate][shared]") {
  const std::string file = "traces/servegen/m-large_total_rate.csv";
  if (missing(file)) return;
  WorkloadConfig config = plain_demand(0, 86'400);
  config.base_directory = kData;
  RateFileConfig rates;
  rates.path = file;
  config.classes[0].rate.file = rates;
  const RateFunction rate = rate_of(config);
  CHECK(rate.value(300) == Approx(212.78));  // first rows of the file
  CHECK(rate.value(900) == Approx(179.698333));
  CHECK(rate.segments().size() == 144);  // windows of 600 s
}

TEST_CASE("the Stable Diffusion requests bring their own service times",
          "[workload][trace][shared]") {
  const std::string file = "traces/genai_sd/requests.csv";
  if (missing(file)) return;
  TraceColumns columns;
  columns.service = "exec_time_s";
  WorkloadConfig config = replay(file, columns, 20 * 86'400);
  config.classes[0].trace->spread_s = 1;
  config.classes[0].trace->filters = {{"predict_status", {"SUCCEED"}, {}, {}}};
  prepare(config);
  const auto requests = all_requests(config);
  REQUIRE(requests.size() > 1000);
  CHECK(requests[0].work.service == ticks_of(32));  // first row
  CHECK(requests[0].work.prompt_tokens == 0);
  CHECK(has_service(config.classes[0], 0));
  CHECK_FALSE(has_lengths(config.classes[0], 0));
}

TEST_CASE("the measured serving runs load", "[workload][trace][shared]") {
  for (const std::string run : {"rtx4090-llama-3.1-8b", "rtxpro6000-qwen3-32b-tp2"}) {
    const std::string file = "serving_runs/" + run + "/requests.csv";
    if (missing(file)) return;
    WorkloadConfig config =
        replay(file, {"arrival_s", "input_tokens", "output_tokens", "", ""}, 600);
    CHECK(all_requests(config).size() == 300);
  }
}
