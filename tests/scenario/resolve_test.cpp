#include <algorithm>
#include <fstream>
#include <string>

#include "scenario_support.hpp"

using headroom::BatchMode;
using headroom::CellJob;
using headroom::ClassId;
using headroom::index;
using headroom::PoolConfig;
using headroom::Queueing;
using headroom::resolve_text;
using headroom::ResolvedScenario;
using headroom::ticks_from_seconds;
using headroom::whole_scenario;
using headroom::with;

namespace {

bool warns(const ResolvedScenario& resolved, const std::string& code) {
  return std::any_of(resolved.warnings.begin(), resolved.warnings.end(),
                     [&code](const auto& issue) { return issue.code == code; });
}

/// A scenario of one pool with these fields, and one class of these.
ResolvedScenario one_pool(const std::string& pool, const std::string& request_class) {
  return resolve_text(
      R"({"schema_version": "1.0", "name": "t", "time": {"duration": "1h"}, "fleet": {"pools": [)"
      R"({"name": "p", )" +
      pool +
      R"(}]}, "classes": [{"name": "c", "stages": [{"pool": "p"}], )"
      R"("rate": "1/s", )" +
      request_class + "}]}");
}

}  // namespace

TEST_CASE("a pool of a model gets its replicas, batch, KV blocks and step times",
          "[scenario][resolve]") {
  const ResolvedScenario r = resolve_text(whole_scenario());
  const PoolConfig& chat = r.pools[0].config;
  CHECK(chat.replicas == 8);  // 32 GPUs / 4
  CHECK(chat.gpus_per_replica == 4);
  CHECK(r.pools[0].gpus() == 32);
  CHECK(chat.mode == BatchMode::kChunked);
  CHECK(chat.max_batch == 128);
  CHECK(chat.token_budget == 1024);
  REQUIRE(chat.steps);
  CHECK(chat.steps->max_batch() >= 128);
  // 80 layers x 2 (K, V) x 8 heads / 4 GPUs x 128 x 2 bytes = 81,920 bytes a token on each GPU.
  // 80 GiB x 0.9 = 77.3 GB less 35.3 GB of weights (141 GB / 4) and a little for activations leave
  // (77.3 - 35.3) / 81,920 = 513,000 tokens at most.
  REQUIRE(r.pools[0].kv);
  CHECK(r.pools[0].kv->bytes_per_token == 81'920);
  CHECK(chat.kv_blocks * chat.block_tokens > 470'000);
  CHECK(chat.kv_blocks * chat.block_tokens < 513'000);
  CHECK(chat.max_context == 131'072);
}

TEST_CASE("a pool of a plain service time has slots", "[scenario][resolve]") {
  const ResolvedScenario r = resolve_text(whole_scenario());
  const PoolConfig& pixels = r.pools[1].config;
  CHECK(pixels.mode == BatchMode::kSlots);
  CHECK(pixels.max_batch == 1);
  CHECK(pixels.replicas == 8);
  CHECK(r.pools[1].mean_service_s == 2);
  CHECK(r.pools[1].model == "service_time");
  CHECK(r.demand().mean_work(ClassId{1}, 1).service_s == 2);  // the pool's own reaches the demand
  CHECK(r.demand().mean_work(ClassId{1}, 0).output_tokens == 1056);
}

TEST_CASE("a class's own service time goes before the pool's", "[scenario][resolve]") {
  const ResolvedScenario r =
      resolve_text(with(whole_scenario(), R"("stages": [{"pool": "pixels"}])",
                        R"("stages": [{"pool": "pixels", "service": "5s"}])"));
  CHECK(r.demand().mean_work(ClassId{2}, 0).service_s == 5);
  CHECK(r.demand().mean_work(ClassId{1}, 1).service_s == 2);
}

TEST_CASE("an image pipeline gets static batches by itself", "[scenario][resolve]") {
  const ResolvedScenario r = one_pool(R"("gpus": 2, "gpu": "A100", "model": "SDXL-1.0",
                  "batching": {"max_batch": 4, "max_wait": "100ms"}, "image": {"steps": 10})",
                                      R"("tier": 0)");
  const PoolConfig& pool = r.pools[0].config;
  CHECK(pool.mode == BatchMode::kStatic);
  CHECK(pool.max_wait == ticks_from_seconds(0.1));
  REQUIRE(pool.batch_times);
  REQUIRE(pool.batch_times->batch_ps.size() == 5);  // entry 0 and batches of 1 to 4
  CHECK(pool.batch_times->batch_ps[4] > pool.batch_times->batch_ps[1]);
  CHECK(pool.batch_times->batch_ps[4] < 4 * pool.batch_times->batch_ps[1]);
}

TEST_CASE("batching that is left out is chunked for tokens, with room for every request",
          "[scenario][resolve]") {
  const std::string tokens = R"("prompt_tokens": 100, "output_tokens": 10)";
  const std::string pool = R"("gpus": 1, "gpu": "A100-SXM-80GB", "model": "Llama-3.1-8B")";
  const ResolvedScenario plain = one_pool(pool, tokens);
  CHECK(plain.pools[0].config.mode == BatchMode::kChunked);
  CHECK(plain.pools[0].config.max_batch == 256);
  CHECK(plain.pools[0].config.token_budget == 2048);
  const ResolvedScenario wide =
      one_pool(pool + R"(, "batching": {"mode": "chunked", "max_batch": 4096})", tokens);
  CHECK(wide.pools[0].config.token_budget == 4096);
}

TEST_CASE("the scenario may add GPUs to the catalogue", "[scenario][resolve]") {
  const std::string text =
      with(with(whole_scenario(), "A100-SXM-80GB", "A100-double"), R"("fleet": {)",
           R"("catalogue": {"gpus": [{"like": "A100-SXM-80GB", "name": "A100-double",
               "hbm_bytes": "160GB"}]}, "fleet": {)");
  const ResolvedScenario plain = resolve_text(whole_scenario());
  const ResolvedScenario wide = resolve_text(text);
  CHECK(wide.pools[0].gpu == "A100-double");
  CHECK(wide.pools[0].config.kv_blocks > 2 * plain.pools[0].config.kv_blocks);
}

TEST_CASE("classes carry their stages, tier, limits and drain limit to the engine",
          "[scenario][resolve]") {
  const std::string text =
      with(whole_scenario(), R"("targets": [)",
           R"("targets": [{"metric": "queue_delay", "class": "image", "max": "7s"},
                          {"metric": "queue_delay", "max": "20s"},)");
  const ResolvedScenario r = resolve_text(text);
  REQUIRE(r.classes[1].stages.size() == 2);
  CHECK(index(r.classes[1].stages[1]) == 1);
  CHECK(r.classes[1].tier == 1);
  CHECK(r.classes[0].slo.ttft == ticks_from_seconds(1));
  CHECK_FALSE(r.classes[0].slo.e2e);
  CHECK(r.classes[1].drain_limit == ticks_from_seconds(7));   // its own target's
  CHECK(r.classes[0].drain_limit == ticks_from_seconds(20));  // of the target on all
  CHECK(resolve_text(whole_scenario()).classes[1].drain_limit.count == 0);
}

TEST_CASE("a job is one cell with its replicas, share of demand and random key",
          "[scenario][resolve]") {
  const ResolvedScenario r = resolve_text(whole_scenario());
  REQUIRE(r.cells.size() == 1);
  const CellJob job = r.job(3, 0, 0);
  CHECK(job.config.pools[0].replicas == 4);  // 8 replicas in 2 cells
  CHECK(job.config.pools[1].replicas == 4);
  CHECK(job.demand_share == 0.5);
  CHECK(job.weight == 2);
  CHECK(job.config.key.replication == 3);
  CHECK(job.config.key.seed == 42);
  CHECK(r.expected_requests == Approx(0.5 * 3600 * (2 + 0.5 + 0.1)));
  CHECK(r.collect.minute_ttft);  // a target judges it by the minute
  CHECK_FALSE(r.collect.minute_e2e);
}

TEST_CASE("a fleet of another size is laid out anew from the same tables", "[scenario][resolve]") {
  const ResolvedScenario r = resolve_text(whole_scenario());
  const ResolvedScenario other = r.with_replicas(0, 11);  // 5.5 a cell: two sizes
  CHECK(other.pools[0].gpus() == 44);
  CHECK(other.scenario.pools[0].gpus == 44);
  REQUIRE(other.cells.size() == 2);
  CHECK(other.cells[0].replicas[0] == 6);
  CHECK(other.cells[1].replicas[0] == 5);
  CHECK(other.pools[0].config.steps == r.pools[0].config.steps);  // shared, not compiled again
  CHECK(other.job(0, 0, 0).config.key.cell == r.job(0, 0, 0).config.key.cell);
}

TEST_CASE("derived rows tell what is in effect", "[scenario][explain]") {
  const auto rows = headroom::derived_rows(resolve_text(whole_scenario()));
  const auto value = [&rows](const std::string& path) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&path](const auto& r) { return r.path == path; });
    REQUIRE(found != rows.end());
    CHECK(found->source == "derived");
    return found->value;
  };
  CHECK(value("time.horizon") == "1h10min");
  CHECK(value("fleet.pools.chat.replicas") == "8");
  CHECK(value("fleet.pools.chat.batching.max_batch") == "128");
  CHECK(value("fleet.pools.pixels.batching.mode") == "slots");
  CHECK(value("fleet.pools.pixels.service_time.mean") == "2s");
  CHECK(value("fleet.cells.sizes.0.replicas.chat") == "4");
  CHECK(value("classes.paid.requests") == "7200");  // 2/s for an hour
  CHECK(value("classes.image.stages.0.mean_output_tokens") == "1056");
}

TEST_CASE("explain shows what is in effect where the scenario says nothing",
          "[scenario][explain]") {
  const auto loaded = headroom::load_text(whole_scenario());
  const auto rows = headroom::explain_scenario(loaded, headroom::resolve(loaded));
  const auto at = [&rows](const std::string& path) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&path](const auto& r) { return r.path == path; });
    REQUIRE(found != rows.end());
    return found;
  };
  CHECK(at("fleet.pools.chat.batching.max_batch")->source == "scenario");
  CHECK(at("fleet.pools.chat.max_context")->value == "131072");  // 0 in the file's defaults
  CHECK(at("fleet.pools.chat.max_context")->source == "derived");
  // A new row stands among those of its pool.
  CHECK(at("fleet.pools.chat.replicas") < at("fleet.pools.pixels.name"));
  CHECK(at("fleet.pools.chat.replicas") > at("fleet.pools.chat.name"));
}

TEST_CASE("a pool may take its GPU from a file", "[scenario][resolve]") {
  const std::string file = std::string(HEADROOM_BINARY_DIR) + "/scenario-test-gpus.json";
  std::ofstream(file) << R"({"gpus": [{"like": "L4", "name": "L4-in-a-file"}]})";
  const std::string pool = R"("gpus": 1, "gpu": "L4-in-a-file", "model": "Llama-3.1-8B")";
  const std::string text =
      R"({"schema_version": "1.0", "name": "t", "time": {"duration": "1h"}, "catalogue": )"
      R"({"files": ["scenario-test-gpus.json"]}, "fleet": {"pools": [{"name": "p", )" +
      pool + R"(}]}, "classes": [{"name": "c", "stages": [{"pool": "p"}], "rate": "1/s",
                "prompt_tokens": 10, "output_tokens": 10}]})";
  const auto resolved =
      headroom::resolve(headroom::parse_scenario(text, "t.json", HEADROOM_BINARY_DIR));
  CHECK(resolved.pools[0].gpu == "L4-in-a-file");
  CHECK_THROWS_AS(headroom::parse_scenario(text, "t.json", "no/such/directory"),
                  headroom::InputError);
}

TEST_CASE("what a reader should know is a warning with its place", "[scenario][warnings]") {
  const ResolvedScenario plain = resolve_text(whole_scenario());
  CHECK(warns(plain, "W209"));  // one assumption
  CHECK_FALSE(warns(plain, "W202"));
  const ResolvedScenario uneven =
      resolve_text(with(whole_scenario(), R"("gpus": 32)", R"("gpus": 36)"));  // 9 replicas
  CHECK(warns(uneven, "W202"));
  CHECK(warns(uneven, "W207"));  // one of each size is simulated
  const ResolvedScenario unused = resolve_text(
      with(whole_scenario(), R"({"name": "pixels", )",
           R"({"name": "spare", "gpus": 8, "service_time": "1s"}, {"name": "pixels", )"));
  CHECK(warns(unused, "W210"));
  const ResolvedScenario many =
      resolve_text(with(whole_scenario(), R"("rate": "0.1/s")", R"("rate": "100k/s")"));
  CHECK(warns(many, "W205"));  // 1e5/s x 3,600 s / 2 x 10 replications = 1.8e9
  for (const auto& issue : many.warnings) CHECK(issue.line > 0);
}
