#include <algorithm>

#include "reach.hpp"
#include "scripted_source.hpp"
#include "support/catch.hpp"

// Laws that hold for any demand, on the plain engine alone, and the reach of the random scenarios.

namespace headroom::reference {
namespace {

constexpr std::uint64_t kSeeds = 600;

/// Attempts begun = attempts ended, by class; the records have made them all.
void check_attempts(const Scenario& scenario, const ReferenceCounts& counts,
                    const std::vector<RequestRecord>& records) {
  std::int64_t begun = 0, recorded = 0;
  for (const AttemptCounts& each : counts.attempts) {
    std::int64_t ended = 0;
    for (const std::int64_t state : each.ended) ended += state;
    REQUIRE(each.begun == ended);
    begun += each.begun;
  }
  for (const RequestRecord& record : records) recorded += record.attempts;
  REQUIRE(begun == recorded);
  REQUIRE(begun == static_cast<std::int64_t>(scenario.requests.size()) + counts.retries);
}

void check_laws(const Scenario& scenario, const std::vector<RequestRecord>& records) {
  REQUIRE(records.size() == scenario.requests.size());
  std::vector<int> seen(records.size(), 0);
  for (const RequestRecord& record : records) {
    ++seen.at(index(record.id));
    const Request& request = scenario.requests[index(record.id)];
    REQUIRE(record.arrival == request.arrival);
    REQUIRE(record.finish >= record.arrival);
    REQUIRE(record.finish <= scenario.config.horizon);
    REQUIRE(record.time_in_queue <= record.finish - record.arrival);
    REQUIRE(record.made_tokens <= record.output_tokens);
    if (record.first_scheduled != kNever) {
      REQUIRE(record.first_scheduled >= record.arrival);
      // A back-off is spent in no queue.
      const bool always_queued = record.attempts == 1;
      REQUIRE((!always_queued || record.time_in_queue >= record.first_scheduled - record.arrival));
    }
    if (record.end == EndState::kFinished) {
      REQUIRE(record.made_tokens == record.output_tokens);
      REQUIRE(record.finish < scenario.config.horizon);
    }
    if (record.end == EndState::kFailed) {
      const auto& events = scenario.config.fleet_events;
      REQUIRE(std::any_of(events.begin(), events.end(), [&](const FleetEvent& event) {
        return event.kind == FleetEventKind::kFault && event.at == record.finish;
      }));
    }
    const ClassConfig& of = scenario.config.classes[index(record.request_class)];
    REQUIRE(record.attempts >= 1);
    REQUIRE(record.attempts <= of.retry.max_attempts);
    REQUIRE(record.wasted <= record.finish - record.arrival);
    if (record.end == EndState::kAbandoned && record.attempts == 1 && !of.leaves_in_service()) {
      REQUIRE(record.finish - record.arrival == request.patience);
    }
    if (record.in_service) {
      REQUIRE(record.end == EndState::kAbandoned);
      REQUIRE(of.leaves_in_service());
    }
    if (record.reason == RejectReason::kQuota) {
      REQUIRE(request.earlier_today >= of.daily_quota);
      REQUIRE(record.attempts == 1);
    }
  }
  REQUIRE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

TEST_CASE("every request of a random scenario ends once, lawfully, and everything happens",
          "[reference][laws]") {
  Reach reach;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    INFO("seed " << seed);
    const Scenario scenario = random_scenario(seed);
    ScriptedSource source(scenario.requests, scenario.later_work);
    ReferenceCounts counts;
    const auto records = run_reference(scenario.config, source, &counts);
    check_laws(scenario, records);
    check_attempts(scenario, counts, records);
    reach.add(scenario, counts, records);
  }
  INFO(reach.text());
  CHECK(reach.preemptions > 500);
  CHECK(reach.repeated_preemptions > 50);
  CHECK(reach.abandonments > 200);
  CHECK(reach.mixed_steps > 1000);
  CHECK(reach.tier_inversions > 200);
  CHECK(reach.shared_ticks > 1000);
  CHECK(reach.refused_hand_overs > 20);
  CHECK(reach.context_limit > 50);
  CHECK(reach.never_fits > 50);
  CHECK(reach.horizons_that_cut > 50);
  CHECK(reach.retries > 500);
  CHECK(reach.in_service > 200);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kTokenBucket)] > 200);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kQuota)] > 200);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kQueueCap)] > 200);
  CHECK(reach.failed_running > 200);
  CHECK(reach.failed_queued > 200);
  CHECK(reach.moved > 100);
  CHECK(reach.held > 200);
  for (const std::int64_t pools : reach.combinations) CHECK(pools > 3);
}

}  // namespace
}  // namespace headroom::reference
