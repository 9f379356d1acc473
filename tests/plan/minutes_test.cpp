#include <cmath>

#include "hand_outcome.hpp"
#include "support/catch.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

std::vector<MinuteTally> minutes_with(const std::vector<double>& arrivals) {
  std::vector<MinuteTally> minutes(arrivals.size());
  for (std::size_t i = 0; i < arrivals.size(); ++i) minutes[i].arrived = arrivals[i];
  return minutes;
}

/// Joined arrivals, and the joined lengths in minutes.
std::pair<std::vector<double>, std::vector<double>> joined(const std::vector<double>& arrivals,
                                                           const std::vector<TimeSpan>& spans) {
  std::pair<std::vector<double>, std::vector<double>> result;
  for (const JoinedMinute& m : join_minutes(minutes_with(arrivals), at(60), spans, 20)) {
    result.first.push_back(m.tally.arrived);
    result.second.push_back(seconds(m.to - m.from) / 60);
  }
  return result;
}

std::vector<TimeSpan> whole(std::size_t minutes) {
  return {{Ticks{0}, at(60.0 * static_cast<double>(minutes))}};
}

using Numbers = std::vector<double>;

}  // namespace

TEST_CASE("minutes with fewer than 20 arrivals join the next until there are 20",
          "[plan][minutes]") {
  const auto [arrivals, lengths] = joined({30, 5, 10, 7, 25}, whole(5));
  CHECK(arrivals == Numbers{30, 22, 25});  // 5 + 10 + 7 = 22
  CHECK(lengths == Numbers{1, 3, 1});
}

TEST_CASE("a rest at the end joins the minute before it", "[plan][minutes]") {
  const auto [arrivals, lengths] = joined({20, 20, 3, 4}, whole(4));
  CHECK(arrivals == Numbers{20, 27});
  CHECK(lengths == Numbers{1, 3});
}

TEST_CASE("a run with fewer than 20 arrivals is one minute", "[plan][minutes]") {
  const auto [arrivals, lengths] = joined({1, 2, 3}, whole(3));
  CHECK(arrivals == Numbers{6});
  CHECK(lengths == Numbers{3});
}

TEST_CASE("only minutes that begin inside the window count", "[plan][minutes]") {
  // Window 0:30 to 3:30 holds the starts 1:00, 2:00 and 3:00.
  const auto [arrivals, lengths] = joined({100, 20, 30, 40, 50}, {{at(30), at(210)}});
  CHECK(arrivals == Numbers{20, 30, 40});
}

TEST_CASE("the end of the arrivals cuts the last minute, which judges its goodput",
          "[plan][minutes]") {
  const auto minutes = join_minutes(minutes_with({60, 30, 0}), at(60), whole(2), 20, at(90));
  REQUIRE(minutes.size() == 2);
  CHECK(seconds(minutes[1].to - minutes[1].from) == 30);
  const auto alone = join_minutes(minutes_with({20}), at(60), whole(1), 20, at(20));
  REQUIRE(alone.size() == 1);
  CHECK(seconds(alone[0].to) == 20);
}

TEST_CASE("a window shorter than a minute has the minute around it", "[plan][minutes]") {
  const auto [arrivals, lengths] = joined({100, 20}, {{at(70), at(80)}});
  CHECK(arrivals == Numbers{20});
}

TEST_CASE("drain runs from the window's end to the end of the late stretch", "[plan][drain]") {
  const std::vector<LateStretch> late{{at(600), at(1800), false}};
  CHECK(drain_seconds(late, at(1000)) == Approx(800));
  CHECK(drain_seconds(late, at(1800)) == 0);
  CHECK(drain_seconds(late, at(2000)) == 0);
}

TEST_CASE("a queue that is young again before the window ends drains in no time", "[plan][drain]") {
  // Late again 700 s later: the quiet between is longer than 5 minutes.
  const std::vector<LateStretch> late{{at(600), at(900), false}, {at(1600), at(1700), false}};
  CHECK(drain_seconds(late, at(1000)) == 0);
  CHECK(drain_seconds(late, at(1550)) == 0);
  CHECK(drain_seconds(late, at(1650)) == Approx(50));
}

TEST_CASE("a queue that is late to the horizon never drains", "[plan][drain]") {
  const std::vector<LateStretch> late{{at(600), at(7200), true}};
  CHECK(std::isnan(drain_seconds(late, at(1000))));
  CHECK(drain_seconds(late, at(500)) == 0);  // before it: 600 s of quiet from the start
}

TEST_CASE("nobody late is drained at once", "[plan][drain]") {
  CHECK(drain_seconds({}, at(5)) == 0);
}
