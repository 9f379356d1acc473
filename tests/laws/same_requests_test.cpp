#include <algorithm>
#include <tuple>

#include "headroom/engine/run_cell.hpp"
#include "random_documents.hpp"
#include "support/catch.hpp"

// Common random numbers: what users ask for does not depend on the fleet that serves them.

namespace headroom::laws {
namespace {

class Records : public RecordSink {
 public:
  void on_end(const RequestRecord& record) override { records.push_back(record); }
  std::vector<RequestRecord> records;
};

std::vector<RequestRecord> records_of(const std::string& document,
                                      const ScenarioOverrides& overrides) {
  const ResolvedScenario scenario = resolve(parse_scenario(document, "t.json", ".", overrides));
  const CellJob job = scenario.job(1, 0, 0);
  RequestStream requests(*job.workload, job.config.key, job.demand_share, job.rate_multiplier,
                         job.demand_offset);
  Records sink;
  run_cell(job.config, requests, &sink);
  std::sort(sink.records.begin(), sink.records.end(),
            [](const RequestRecord& a, const RequestRecord& b) { return a.id < b.id; });
  return sink.records;
}

/// One pool of token replicas, two classes with random lengths and patience.
std::string chat() {
  return R"({"schema_version": "1.0", "name": "crn", "time": {"duration": "5min", "drain": "1min"},
  "fleet": {"pools": [{"name": "p", "gpus": 6, "gpu": "L40S", "model": "Llama-3.1-8B",
    "queueing": "central", "batching": {"mode": "chunked", "max_batch": 64},
    "kv": {"blocks": 3000}}]},
  "classes": [
    {"name": "a", "stages": [{"pool": "p"}], "rate": "10/s", "lengths": {"kind": "table"},
     "patience": {"kind": "exponential", "mean": "5s"}, "prefix_hit_share": 0.2},
    {"name": "b", "tier": 1, "stages": [{"pool": "p"}], "rate": "4/s",
     "arrivals": {"process": "gamma", "cv": 3},
     "prompt_tokens": {"kind": "lognormal", "mean": 300, "cv": 1}, "output_tokens": 80}]})";
}

using Set = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("another fleet, router or batching serves the very same requests", "[laws][crn]") {
  const std::vector<RequestRecord> plain = records_of(chat(), {});
  REQUIRE(plain.size() > 3500);  // 300 s of 14 a second
  const Set changes[] = {
      {{"fleet.pools.p.gpus", "2"}},
      {{"fleet.pools.p.gpus", "40"}},
      {{"fleet.pools.p.queueing", "round_robin"}},
      {{"fleet.pools.p.queueing", "random"}},
      {{"fleet.pools.p.queueing", "least_loaded"}},
      {{"fleet.pools.p.queueing", "power_of_two"}},
      {{"fleet.pools.p.batching.mode", "continuous"}},
      {{"fleet.pools.p.batching.max_batch", "8"}},
      {{"fleet.pools.p.batching.token_budget", "512"}},
      {{"fleet.pools.p.kv.blocks", "600"}},
      {{"fleet.pools.p.gpu", "H100-SXM-80GB"}},
  };
  for (const Set& change : changes) {
    INFO(change[0].first << " = " << change[0].second);
    const std::vector<RequestRecord> other = records_of(chat(), {change, {}});
    REQUIRE(other.size() == plain.size());
    std::size_t served_differently = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      REQUIRE(other[i].id == plain[i].id);
      REQUIRE(other[i].request_class == plain[i].request_class);
      REQUIRE(other[i].arrival == plain[i].arrival);
      REQUIRE(other[i].prompt_tokens == plain[i].prompt_tokens);
      REQUIRE(other[i].output_tokens == plain[i].output_tokens);
      // Patience is drawn with the request: who leaves in both fleets waited the same.
      if (plain[i].end == EndState::kAbandoned && other[i].end == EndState::kAbandoned) {
        REQUIRE(other[i].finish == plain[i].finish);
      }
      served_differently += other[i] == plain[i] ? 0 : 1;
    }
    CHECK(served_differently > plain.size() / 10);
  }
}

TEST_CASE("a class's requests stay when another class changes its rate", "[laws][crn]") {
  const auto of_class_a = [](const std::vector<RequestRecord>& records) {
    std::vector<std::tuple<Ticks, int, int>> rows;
    for (const RequestRecord& r : records) {
      if (index(r.request_class) == 0) {
        rows.emplace_back(r.arrival, r.prompt_tokens, r.output_tokens);
      }
    }
    return rows;
  };
  const auto plain = of_class_a(records_of(chat(), {}));
  const auto other = of_class_a(records_of(chat(), {{{"classes.b.rate", "9/s"}}, {}}));
  CHECK(plain.size() > 2500);
  CHECK(plain == other);
}

}  // namespace headroom::laws
