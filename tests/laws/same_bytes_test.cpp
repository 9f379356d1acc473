#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "headroom/report/report.hpp"
#include "random_documents.hpp"
#include "support/catch.hpp"

// Contract 3: the report's bytes do not depend on threads. Contract 2 is checked inside every run.

namespace headroom::laws {
namespace {

struct Ran {
  std::string bytes;  ///< of the report without its run block
  RunResult result;
};

Ran report_of(const std::string& document, unsigned threads,
              const ScenarioOverrides& overrides = {}) {
  const LoadedScenario loaded = parse_scenario(document, "random.json", ".", overrides);
  const ResolvedScenario resolved = resolve(loaded);
  ExecOptions options;
  options.threads = threads;
  Ran ran{{}, run(resolved, options)};
  auto report = make_report(
      {loaded, resolved, ran.result, {"1", "2", "3"}, {"2026-01-01T00:00:00Z", "here"}, {}});
  report.erase("run");
  ran.bytes = report_text(report);
  return ran;
}

}  // namespace

TEST_CASE("random documents give the same bytes on one, two and three threads", "[laws]") {
  double abandoned = 0, preempted = 0, unfinished = 0, finished = 0;
  std::size_t misses = 0, chains = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const std::string document = random_document(seed);
    INFO(document);
    const Ran one = report_of(document, 1);
    CHECK(one.bytes == report_of(document, 2).bytes);
    CHECK(one.bytes == report_of(document, 3).bytes);
    CHECK(one.bytes == report_of(document, 1).bytes);
    CHECK(one.bytes.find("nan") == std::string::npos);
    const RunStatistics& statistics = one.result.main_period().statistics;
    const GroupStatistics& all = statistics.groups.back()[0];
    const auto mean = [](const Series& s) { return s.estimate(0.95).value; };
    const auto ended = [&](EndState s) { return mean(all.ended[static_cast<std::size_t>(s)]); };
    // Every request ends in exactly one state.
    double sum = 0;
    for (const Series& state : all.ended) sum += mean(state);
    CHECK(sum == Approx(mean(all.arrived)).epsilon(1e-9));
    abandoned += ended(EndState::kAbandoned);
    unfinished += ended(EndState::kUnfinished);
    finished += ended(EndState::kFinished);
    for (const PoolStatistics& pool : statistics.pools) preempted += mean(pool.preemptions);
    chains += one.result.spec.pools.size() > 1 ? 1 : 0;
    misses += one.result.main_period().holds() ? 0 : 1;
  }
  // What the documents reach.
  CHECK(finished > 5'000);
  CHECK(abandoned > 100);
  CHECK(preempted > 20);
  CHECK(unfinished > 5);
  CHECK(misses > 3);
  CHECK(misses < 25);
  CHECK(chains > 3);
}

TEST_CASE("gateways, users who leave and users who come back give the same bytes too", "[laws]") {
  ScenarioOverrides rules;
  rules.set_json = {{"classes.a.rate_limit", R"({"rate": "60/min", "burst": 20})"},
                    {"classes.a.retry", R"({"max_attempts": 3, "backoff": "4s", "jitter": 1})"},
                    {"classes.a.patience", R"("5s")"},
                    {"classes.a.patience_in_service", "true"},
                    {"classes.b.quota",
                     R"({"per_day": 3, "utc_offset": "-5min",
            "requests_per_user": {"kind": "lognormal", "mean": 5, "cv": 1.2}})"},
                    {"classes.b.timeout", R"({"after": {"kind": "exponential", "mean": "6s"}})"},
                    {"fleet.pools.one.queue_cap", "3"},
                    {"classes.b.queue_share", "0.5"}};
  double retries = 0, left = 0;
  std::array<double, kRejectReasons> refused{};
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::string document = random_document(seed);
    INFO(document);
    const Ran one = report_of(document, 1, rules);
    CHECK(one.bytes == report_of(document, 2, rules).bytes);
    CHECK(one.bytes.find("nan") == std::string::npos);
    const GroupStatistics& all = one.result.main_period().statistics.groups.back()[0];
    const auto mean = [](const Series& s) { return s.estimate(0.95).value; };
    double ended = 0;
    for (const Series& state : all.attempts_ended) ended += mean(state);
    CHECK(ended == Approx(mean(all.attempts)).epsilon(1e-9));
    retries += mean(all.attempts) - mean(all.arrived);
    left += mean(all.in_service);
    for (std::size_t i = 1; i < kRejectReasons; ++i) refused[i] += mean(all.attempts_rejected[i]);
  }
  CHECK(retries > 500);
  CHECK(left > 50);
  CHECK(refused[static_cast<std::size_t>(RejectReason::kTokenBucket)] > 200);
  CHECK(refused[static_cast<std::size_t>(RejectReason::kQuota)] > 100);
  CHECK(refused[static_cast<std::size_t>(RejectReason::kQueueCap)] > 25);
}

TEST_CASE("another seed gives another report, the same seed the same", "[laws]") {
  const std::string document = random_document(3);
  const auto with_seed = [&](const char* seed) {
    const LoadedScenario loaded =
        parse_scenario(document, "random.json", ".", {{{"seed", seed}}, {}});
    const RunResult result = run(resolve(loaded));
    return result.main_period().statistics.groups.back()[0].arrived.values();
  };
  CHECK(with_seed("1") == with_seed("1"));
  CHECK(with_seed("1") != with_seed("2"));
}

}  // namespace headroom::laws
