#include "headroom/plan/worlds.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "support/catch.hpp"

namespace headroom {
namespace {

/// Eight calls a second of 1 s each, as stated; the rate is anywhere between 6 and 12.
std::string queue(const std::string& uncertain, const std::string& fleet = "") {
  return R"({"schema_version": "1.0", "name": "queue", "seed": 5,
    "time": {"duration": "40min", "warmup": "5min"},
    "fleet": )" +
         (fleet.empty() ? R"({"pools": [{"name": "servers", "gpus": 9,
                   "service_time": {"kind": "exponential", "mean": "1s"}}]})"
                        : fleet) +
         R"(,
    "classes": [{"name": "call", "stages": [{"pool": "servers"}], "rate": "8/s"}],
    "targets": [{"class": "call", "metric": "queue_delay", "statistic": "mean", "max": "150ms"}],
    "uncertain": [)" +
         uncertain + R"(], "replications": 6})";
}

const std::string kRate =
    R"({"name": "rate", "paths": ["classes.call.rate"], "range": ["6/s", "12/s"]})";

struct PlannedOnce {
  LoadedScenario loaded;
  ResolvedScenario scenario;
  FleetPlan plan;
};

PlannedOnce planned(const std::string& text) {
  LoadedScenario loaded = parse_scenario(text, "queue.json", ".");
  ResolvedScenario scenario = resolve(loaded);
  PlanOptions options;
  options.looks = fixed_look(6, 0.95);
  options.node_loss = false;
  options.about_today = false;
  Evaluator evaluator({});
  FleetPlan plan = plan_fleet(scenario, options, evaluator);
  return {std::move(loaded), std::move(scenario), std::move(plan)};
}

TEST_CASE("a share's interval is that of Clopper and Pearson", "[plan][worlds]") {
  // Of 10, all: low^10 = 0.025, so low is 0.6915.
  const ShareEstimate all = clopper_pearson(10, 10, 0.95);
  CHECK(all.share == 1);
  CHECK(all.low == Approx(0.6915).margin(1e-4));
  CHECK(all.high == 1);
  const ShareEstimate none = clopper_pearson(0, 10, 0.95);
  CHECK(none.low == 0);
  CHECK(none.high == Approx(0.3085).margin(1e-4));
  // 9 of 10: tabulated 0.5550 to 0.9975.
  const ShareEstimate nine = clopper_pearson(9, 10, 0.95);
  CHECK(nine.low == Approx(0.5550).margin(1e-4));
  CHECK(nine.high == Approx(0.9975).margin(1e-4));
}

TEST_CASE("the answer holds in the share of worlds, one step fewer does not", "[plan][worlds]") {
  const PlannedOnce p = planned(queue(kRate));
  WorldsOptions options;
  options.worlds = 30;
  options.assurance = 0.8;
  const WorldsPlan found = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  REQUIRE(found.status == PlanStatus::kFound);
  REQUIRE(found.answer);
  REQUIRE(found.below);
  CHECK(found.answer->gpus == found.needed_gpus);
  CHECK(found.answer->hold >= 24);
  CHECK(found.below->hold < 24);
  CHECK(found.below->gpus == found.needed_gpus - 1);
  // Both are simulated in every world; nothing follows from something else there.
  for (const WorldsPoint& point : found.curve) {
    if (point.gpus == found.needed_gpus || point.gpus == found.needed_gpus - 1) {
      CHECK(point.simulated == 30);
    }
  }
  CHECK(found.from_gpus <= found.needed_gpus);
  CHECK(found.answer->share.low < 0.8);
  CHECK(found.worlds.size() == 30);
  // A world that needs more calls needs more servers.
  for (const WorldKnown& a : found.worlds) {
    for (const WorldKnown& b : found.worlds) {
      const bool far_apart = b.world.values[0][0] > a.world.values[0][0] + 1.5;
      if (far_apart && b.holds_gpus && a.fails_gpus) CHECK(*b.holds_gpus > *a.fails_gpus);
    }
  }
  CHECK(found.counts.candidates <= 150);  // of 30 worlds, few fleets each
}

TEST_CASE("worlds are the same for one thread and two, and more assurance needs no less",
          "[plan][worlds]") {
  const PlannedOnce p = planned(queue(kRate));
  WorldsOptions options;
  options.worlds = 16;
  ExecOptions one, two;
  one.threads = 1;
  two.threads = 2;
  const WorldsPlan a = plan_worlds(p.loaded, p.scenario, p.plan, options, one);
  const WorldsPlan b = plan_worlds(p.loaded, p.scenario, p.plan, options, two);
  REQUIRE(a.curve.size() == b.curve.size());
  for (std::size_t i = 0; i < a.curve.size(); ++i) {
    CHECK(a.curve[i].gpus == b.curve[i].gpus);
    CHECK(a.curve[i].hold == b.curve[i].hold);
    CHECK(a.curve[i].simulated == b.curve[i].simulated);
  }
  options.assurance = 0.5;
  CHECK(plan_worlds(p.loaded, p.scenario, p.plan, options, one).needed_gpus <= a.needed_gpus);
}

TEST_CASE("within bounds that are too narrow no fleet holds in enough worlds", "[plan][worlds]") {
  const PlannedOnce p = planned(queue(kRate));
  WorldsOptions options;
  options.worlds = 10;
  options.max_gpus = 8;  // the load of eight calls a second alone
  const WorldsPlan found = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  CHECK(found.status == PlanStatus::kOutOfBounds);
  CHECK(found.max_gpus == 8);
  REQUIRE(found.answer);
  CHECK(found.answer->gpus == 8);
  CHECK(found.answer->hold < 9);
}

TEST_CASE("worlds in which an empty fleet misses a target are told from those that want GPUs",
          "[plan][worlds]") {
  // A call takes 1 s as stated and at most 1.2 s may pass until it ends: from a mean of 1.2 s on no
  // fleet holds. Of the means drawn between 0.8 and 1.6 s about half are such.
  std::string text = queue(
      R"({"name": "service", "paths": ["fleet.pools.servers.service_time.mean"], "range": ["0.8s", "1.6s"]})");
  const std::string delay = R"("queue_delay", "statistic": "mean", "max": "150ms")";
  text.replace(text.find(delay), delay.size(), R"("e2e", "statistic": "mean", "max": "1200ms")");
  const PlannedOnce p = planned(text);
  WorldsOptions options;
  options.worlds = 20;
  const WorldsPlan found = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  CHECK(found.status == PlanStatus::kOutOfBounds);
  CHECK(found.wanted == 18);
  std::size_t below = 0;
  for (const WorldKnown& world : found.worlds) {
    const double mean_s = world.world.values[0][0];
    if (std::abs(mean_s - 1.2) > 0.02) CHECK(world.floor.empty() == (mean_s < 1.2));
    below += world.floor.empty() ? 0 : 1;
    if (!world.floor.empty()) CHECK_FALSE((world.holds_gpus || world.fails_gpus));
  }
  CHECK(below >= 5);
  CHECK(found.possible == 20 - below);
  // The answer is the smallest fleet for all the others, and was simulated in them.
  REQUIRE(found.answer);
  CHECK(found.answer->hold == found.possible);
  REQUIRE(found.below);
  CHECK(found.below->hold < found.possible);

  const Tornado tornado = find_tornado(p.loaded, p.scenario, p.plan, options, {});
  REQUIRE(tornado.rows.size() == 1);
  CHECK(tornado.rows[0].low.found);
  CHECK_FALSE(tornado.rows[0].low.below_floor);
  CHECK_FALSE(tornado.rows[0].high.found);
  CHECK(tornado.rows[0].high.below_floor);
}

TEST_CASE("worlds without difference need what the scenario needs", "[plan][worlds]") {
  // A range of a thousandth around the stated rate: all worlds are like the scenario, whose answer
  // by Erlang C is 11 servers (205 ms with 10, 82 ms with 11).
  const PlannedOnce p =
      planned(queue(R"({"paths": ["classes.call.rate"], "factor": [0.9995, 1.0005]})"));
  WorldsOptions options;
  options.worlds = 12;
  CHECK(plan_worlds(p.loaded, p.scenario, p.plan, options, {}).needed_gpus == 11);
}

TEST_CASE("a tornado has the answer at each end, the widest first", "[plan][worlds]") {
  // By Erlang C a mean wait of at most 150 ms takes 11 servers as stated, 9 at 6 calls a second
  // (178 ms with 8, 65 with 9) and 15 at 12 (241, 106); 9 at a mean service time of 0.8 s (229, 81)
  // and 13 at 1.25 s (281, 119). How long the warm-up is changes nothing.
  const PlannedOnce p =
      planned(queue(R"({"name": "warm-up", "paths": ["time.warmup"], "range": ["4min", "6min"]},
               {"name": "service", "paths": ["fleet.pools.servers.service_time.mean"],
                "range": ["800ms", "1250ms"]}, )" +
                    kRate));
  WorldsOptions options;
  for (const unsigned threads : {1U, 2U}) {
    ExecOptions exec;
    exec.threads = threads;
    const Tornado tornado = find_tornado(p.loaded, p.scenario, p.plan, options, exec);
    REQUIRE(tornado.status == PlanStatus::kFound);
    CHECK(tornado.stated.gpus == 11);
    REQUIRE(tornado.rows.size() == 3);
    CHECK(tornado.inputs[tornado.rows[0].input].name == "rate");
    CHECK(tornado.rows[0].low.gpus == 9);
    CHECK(tornado.rows[0].high.gpus == 15);
    CHECK(tornado.rows[0].low.values == std::vector<double>{6});
    CHECK(tornado.inputs[tornado.rows[1].input].name == "service");
    CHECK(tornado.rows[1].low.gpus == 9);
    CHECK(tornado.rows[1].high.gpus == 13);
    CHECK(tornado.inputs[tornado.rows[2].input].name == "warm-up");
    CHECK(tornado.rows[2].low.gpus == 11);
    CHECK(tornado.rows[2].high.gpus == 11);
  }
}

/// Three hours at half the rate of half an hour's rush in the second; how high the rush is, is
/// uncertain.
std::string rush(const std::string& classes) {
  return R"({"schema_version": "1.0", "name": "rush", "seed": 3,
    "time": {"duration": "3h", "drain": "10min"},
    "fleet": {"pools": [{"name": "servers", "gpus": 22,
      "service_time": {"kind": "exponential", "mean": "1s"}}]},
    "classes": [)" +
         classes + R"(],
    "targets": [{"class": "call", "metric": "queue_delay", "statistic": "mean", "max": "1s",
                 "window": "every_minute"}],
    "uncertain": [{"paths": ["classes.call.rate.surges.rush.multiply"], "range": ["1.6", "2.4"]}],
    "replications": 4})";
}

const std::string kCall =
    R"({"name": "call", "stages": [{"pool": "servers"}], "rate": {"base": "8/s", "surges": [
      {"name": "rush", "kind": "step", "start": "90min", "duration": "30min", "multiply": 2}]}})";

TEST_CASE("worlds tried in their busiest hours have the answer of whole runs", "[plan][worlds]") {
  const PlannedOnce p = planned(rush(kCall));
  WorldsOptions options;
  options.worlds = 8;
  const WorldsPlan whole = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  const Tornado whole_ends = find_tornado(p.loaded, p.scenario, p.plan, options, {});
  options.in_busiest_hours = true;
  const WorldsPlan part = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  const Tornado ends = find_tornado(p.loaded, p.scenario, p.plan, options, {});
  REQUIRE(whole.answer);
  REQUIRE(part.answer);
  CHECK(part.needed_gpus == whole.needed_gpus);
  CHECK(part.answer->hold == whole.answer->hold);
  CHECK(whole.answer->whole == 8);
  // Where the hours say that it misses, no whole run is needed; the fleet below misses there.
  CHECK(part.answer->whole == part.answer->hold);
  CHECK(part.answer->simulated == 8);
  REQUIRE(part.below);
  CHECK(part.below->whole == 0);
  CHECK(part.counts.requests < 0.7 * whole.counts.requests);

  CHECK(ends.in_busiest_hours);
  CHECK_FALSE(whole_ends.in_busiest_hours);
  CHECK(ends.stated.gpus == whole_ends.stated.gpus);
  CHECK(ends.rows[0].low.gpus == whole_ends.rows[0].low.gpus);
  CHECK(ends.rows[0].high.gpus == whole_ends.rows[0].high.gpus);
  CHECK(ends.counts.requests < 0.6 * whole_ends.counts.requests);
}

TEST_CASE("a worst minute outside the busiest hours is seen by the answer's whole runs",
          "[plan][worlds]") {
  // From the half hour on calls of another class come in heaps. They offer three quarters of what
  // the rush does, so that the hours do not hold them, but who comes behind a heap waits longer.
  const PlannedOnce p = planned(rush(kCall + R"(, {"name": "heap", "stages": [{"pool": "servers"}],
      "arrivals": {"process": "gamma", "cv": 12}, "rate": {"base": "0.001/s", "surges": [
        {"name": "night", "kind": "step", "start": "30min", "duration": "30min", "add": "4/s"}]}})"));
  WorldsOptions options;
  options.worlds = 4;
  const WorldsPlan whole = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  options.in_busiest_hours = true;
  const WorldsPlan part = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  REQUIRE(part.status == PlanStatus::kFound);
  REQUIRE(part.answer);
  CHECK(part.answer->whole == part.answer->hold);
  CHECK(part.answer->hold >= 4);
  CHECK(part.needed_gpus == whole.needed_gpus);
  // The fleet below holds in enough worlds by their hours alone, so that it was tried whole too.
  REQUIRE(part.below);
  CHECK(part.below->whole > 0);
  CHECK(part.below->hold < 4);
}

TEST_CASE("an end that nothing holds within the bounds says so", "[plan][worlds]") {
  const PlannedOnce p = planned(queue(kRate));
  WorldsOptions options;
  options.max_gpus = 12;
  const Tornado tornado = find_tornado(p.loaded, p.scenario, p.plan, options, {});
  CHECK(tornado.stated.found);
  CHECK(tornado.rows[0].low.found);
  CHECK_FALSE(tornado.rows[0].high.found);  // 15 are needed
  CHECK(tornado.rows[0].high.gpus == 12);
}

TEST_CASE("pools that no class visits stay, those that a class visits grow together",
          "[plan][worlds]") {
  const PlannedOnce p = planned(queue(kRate, R"({"pools": [
      {"name": "servers", "gpus": 9, "service_time": {"kind": "exponential", "mean": "1s"}},
      {"name": "idle", "gpus": 2, "service_time": "1s"}]})"));
  REQUIRE(p.plan.free == std::vector<std::size_t>{0});  // no class visits the other
  WorldsOptions options;
  options.worlds = 10;
  const WorldsPlan found = plan_worlds(p.loaded, p.scenario, p.plan, options, {});
  REQUIRE(found.answer);
  CHECK(found.answer->fleet[1] == 2);
  CHECK(found.answer->gpus == found.answer->fleet[0]);

  const std::string two = queue(kRate, R"({"pools": [
      {"name": "servers", "gpus": 9, "service_time": {"kind": "exponential", "mean": "1s"}},
      {"name": "second", "gpus": 5, "service_time": {"kind": "exponential", "mean": "500ms"}}]})");
  std::string both = two;
  const std::string stage = R"([{"pool": "servers"}])";
  both.replace(both.find(stage), stage.size(), R"([{"pool": "servers"}, {"pool": "second"}])");
  const PlannedOnce joined = planned(both);
  REQUIRE(joined.plan.free.size() == 2);
  const WorldsPlan larger = plan_worlds(joined.loaded, joined.scenario, joined.plan, options, {});
  REQUIRE(larger.answer);
  // In proportion: more of both than as stated.
  CHECK(larger.answer->fleet[0] > joined.plan.needed[0]);
  CHECK(larger.answer->fleet[1] > joined.plan.needed[1]);
}

}  // namespace
}  // namespace headroom
