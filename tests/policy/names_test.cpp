#include "headroom/policy/names.hpp"

#include <set>
#include <string_view>

#include "headroom/engine/config.hpp"
#include "support/catch.hpp"

using headroom::batching_modes;
using headroom::BatchMode;
using headroom::Queueing;
using headroom::queueing_policies;

TEST_CASE("names of queueing policies stand in the order of the engine's", "[policy]") {
  const auto name = [](Queueing q) {
    return queueing_policies()[static_cast<std::size_t>(q)].name;
  };
  CHECK(name(Queueing::kCentral) == "central");
  CHECK(name(Queueing::kRoundRobin) == "round_robin");
  CHECK(name(Queueing::kRandom) == "random");
  CHECK(name(Queueing::kLeastLoaded) == "least_loaded");
  CHECK(name(Queueing::kPowerOfTwo) == "power_of_two");
  CHECK(queueing_policies().size() == 5);
}

TEST_CASE("names of batching modes stand in the order of the engine's", "[policy]") {
  const auto name = [](BatchMode m) { return batching_modes()[static_cast<std::size_t>(m)].name; };
  CHECK(name(BatchMode::kStatic) == "static");
  CHECK(name(BatchMode::kContinuous) == "continuous");
  CHECK(name(BatchMode::kChunked) == "chunked");
  CHECK(name(BatchMode::kSlots) == "slots");
  CHECK(batching_modes().size() == 4);
}

TEST_CASE("routers are the policies that choose a replica on arrival", "[policy]") {
  CHECK(headroom::routers().size() == 4);
  std::set<std::string_view> names;
  for (const auto& router : headroom::routers()) {
    names.insert(router.name);
    CHECK_FALSE(router.summary.empty());
  }
  CHECK(names.size() == 4);
  CHECK(names.count("central") == 0);
}
