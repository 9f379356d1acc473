#include <cstdlib>

#include "comparison.hpp"
#include "support/catch.hpp"

// The fast engine against the plain one. HEADROOM_DIFF_SEED=n runs scenario n alone.

namespace headroom::reference {
namespace {

constexpr std::uint64_t kScenarios = 8000;
constexpr std::uint64_t kCrowdedScenarios = 1500;

TEST_CASE("the fast engine agrees with the plain one where batches are large",
          "[reference][differential]") {
  if (std::getenv("HEADROOM_DIFF_SEED") != nullptr) return;  // the next one's
  Reach reach;
  int large = 0;
  for (std::uint64_t seed = kCrowdedSeeds; seed < kCrowdedSeeds + kCrowdedScenarios; ++seed) {
    const Comparison comparison = compare_engines(random_scenario(seed), reach);
    large += comparison.largest_batch >= 60 ? 1 : 0;
    INFO(comparison.difference);
    REQUIRE(comparison.difference.empty());
  }
  CHECK(large > 50);
  CHECK(reach.preemptions > 1000);
}

TEST_CASE("the fast engine agrees with the plain one to the last tick",
          "[reference][differential]") {
  Reach reach;
  double plans = 0, cut_plans = 0;
  const auto compare = [&](std::uint64_t seed) {
    const Comparison comparison = compare_engines(random_scenario(seed), reach);
    plans += comparison.plans;
    cut_plans += comparison.cut_plans;
    INFO(comparison.difference);
    REQUIRE(comparison.difference.empty());
  };
  if (const char* seed = std::getenv("HEADROOM_DIFF_SEED")) {
    compare(std::strtoull(seed, nullptr, 10));
    return;
  }
  for (std::uint64_t seed = 1; seed <= kScenarios; ++seed) compare(seed);

  // Agreement means little where nothing happened.
  INFO(reach.text() << plans << " plans, " << cut_plans << " of them cut");
  CHECK(reach.scenarios >= 2000);
  CHECK(reach.preemptions > 5000);
  CHECK(reach.scenarios_with_preemption > 500);
  CHECK(reach.repeated_preemptions > 1000);
  CHECK(reach.blocks_reused > 1000);
  CHECK(reach.abandonments > 5000);
  CHECK(reach.mixed_steps > 10'000);
  CHECK(reach.tier_inversions > 3000);
  CHECK(reach.shared_ticks > 3000);
  CHECK(reach.hand_overs > 20'000);
  CHECK(reach.refused_hand_overs > 300);
  CHECK(reach.never_fits > 300);
  CHECK(reach.context_limit > 300);
  CHECK(reach.horizons_that_cut > 500);
  CHECK(reach.gaps > 100'000);
  CHECK(reach.starts > 3000);
  CHECK(reach.faults > 3000);
  CHECK(reach.removals > 3000);
  CHECK(reach.failed_running > 3000);
  CHECK(reach.failed_queued > 3000);
  CHECK(reach.moved > 2000);
  CHECK(reach.held > 3000);
  CHECK(reach.retries > 10'000);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kTokenBucket)] > 5000);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kQuota)] > 3000);
  CHECK(reach.refused[static_cast<std::size_t>(RejectReason::kQueueCap)] > 5000);
  CHECK(reach.in_service > 3000);
  CHECK(reach.wasted > 5000);
  CHECK(reach.finished_late > 2000);
  CHECK(reach.backing_off > 300);
  CHECK(cut_plans > 1000);
  CHECK(plans > 10'000);
  for (const std::int64_t pools : reach.mode_pools) CHECK(pools > 400);
  for (const std::int64_t pools : reach.queueings) CHECK(pools > 400);
  for (const std::int64_t pools : reach.combinations) CHECK(pools > 50);
}

}  // namespace
}  // namespace headroom::reference
