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

Ran report_of(const std::string& document, unsigned threads) {
  const LoadedScenario loaded = parse_scenario(document, "random.json", ".");
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
