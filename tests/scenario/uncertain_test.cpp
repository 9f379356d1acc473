#include "headroom/scenario/uncertain.hpp"

#include <algorithm>
#include <cmath>

#include "scenario_support.hpp"

namespace headroom {
namespace {

/// The whole scenario with something called uncertain. `paid` has a range in provenance.
std::string uncertain(const std::string& list) {
  return with(whole_scenario(), R"("provenance": {)", R"("uncertain": [)" + list + R"(],
  "provenance": {"classes.paid.output_tokens": {"kind": "assumption", "range": ["100", "400"]},
                 "classes.plain.rate": {"kind": "assumption", "range": ["0.1/s", "0.2"]}, )");
}

std::vector<UncertainInput> inputs_of(const std::string& list) {
  return uncertain_inputs(load_text(uncertain(list)));
}

/// Values of the first field in many worlds.
std::vector<double> drawn(const std::vector<UncertainInput>& inputs, std::size_t worlds) {
  std::vector<double> values;
  for (std::size_t w = 0; w < worlds; ++w) values.push_back(draw_world(inputs, 1, w).values[0][0]);
  return values;
}

double quantile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

TEST_CASE("ranges are read as the field is, by factor, and from provenance",
          "[scenario][uncertain]") {
  const auto inputs = inputs_of(R"(
    {"name": "rate", "paths": ["classes.paid.rate"], "range": ["90/min", "5/s"]},
    {"paths": ["classes.paid.output_tokens"], "kind": "triangular"},
    {"paths": ["classes.image.stages.0.output_tokens", "classes.image.stages.0.prompt_tokens"],
     "factor": [0.5, 2]},
    {"paths": ["fleet.pools.chat.batching.max_batch"], "range": ["64", "256"]},
    {"paths": ["fleet.pools.pixels.service_time.mean"], "range": ["1500ms", "3s"]})");
  REQUIRE(inputs.size() == 5);
  CHECK(inputs[0].name == "rate");
  CHECK(inputs[0].kind == "uniform");
  CHECK(inputs[0].fields[0].stated == 2);
  CHECK(inputs[0].fields[0].low == 1.5);  // 90 a minute
  CHECK(inputs[0].fields[0].high == 5);
  CHECK(inputs[1].name == "classes.paid.output_tokens");
  CHECK(inputs[1].fields[0].low == 100);
  CHECK(inputs[1].fields[0].high == 400);
  REQUIRE(inputs[2].fields.size() == 2);
  CHECK(inputs[2].fields[0].low == 528);   // half of 1,056
  CHECK(inputs[2].fields[1].high == 200);  // twice 100
  CHECK(inputs[3].fields[0].whole);
  CHECK(inputs[4].fields[0].low == 1.5);
  CHECK(shown_value(inputs[4].fields[0], 1.5) == "1.5s");
  CHECK(written_value(inputs[4].fields[0], 1.5) == "\"1.5s\"");
  CHECK(written_value(inputs[3].fields[0], 64) == "64");
}

TEST_CASE("draws have the distribution they say", "[scenario][uncertain]") {
  const auto with_kind = [](const std::string& kind) {
    return inputs_of(
        R"({"paths": ["classes.paid.output_tokens"], "range": ["100", "400"], "kind": ")" + kind +
        "\"}");
  };
  // 4,000 draws: a quantile p of a uniform on (0, 1) scatters by at most 0.008, so the values
  // below by 0.03 of the width at three standard errors.
  constexpr std::size_t kDraws = 4'000;
  const std::vector<double> uniform = drawn(with_kind("uniform"), kDraws);
  CHECK(quantile(uniform, 0.5) == Approx(250).margin(9));
  CHECK(quantile(uniform, 0.1) == Approx(130).margin(9));
  const std::vector<double> log_uniform = drawn(with_kind("log_uniform"), kDraws);
  CHECK(quantile(log_uniform, 0.5) == Approx(200).margin(9));  // root of 100 x 400
  // Stated 200: of the triangle's area a third lies below it.
  const std::vector<double> triangular = drawn(with_kind("triangular"), kDraws);
  const auto below =
      std::count_if(triangular.begin(), triangular.end(), [](double value) { return value < 200; });
  CHECK(static_cast<double>(below) / kDraws == Approx(1.0 / 3).margin(0.024));
  // 5 % below low, less the half percent that is not drawn: 4.5 / 99.
  for (const char* kind : {"normal", "lognormal"}) {
    const std::vector<double> values = drawn(with_kind(kind), kDraws);
    const auto outside = [&](auto beyond) {
      return static_cast<double>(std::count_if(values.begin(), values.end(), beyond)) / kDraws;
    };
    INFO(kind);
    CHECK(outside([](double v) { return v < 100; }) == Approx(0.0455).margin(0.011));
    CHECK(outside([](double v) { return v > 400; }) == Approx(0.0455).margin(0.011));
    CHECK(quantile(values, 0.5) == Approx(std::string(kind) == "normal" ? 250 : 200).margin(9));
  }
}

TEST_CASE("worlds depend on the seed and their number alone", "[scenario][uncertain]") {
  const auto one = inputs_of(R"({"paths": ["classes.paid.rate"], "factor": [0.5, 2]})");
  const auto two = inputs_of(R"({"paths": ["classes.paid.rate"], "factor": [0.5, 2]},
                                {"paths": ["classes.plain.rate"], "factor": [0.5, 2]})");
  const World first = draw_world(one, 7, 3);
  CHECK(first.values[0] == draw_world(two, 7, 3).values[0]);  // another input behind it
  CHECK(first.seed == draw_world(two, 7, 3).seed);
  CHECK(first.values[0] != draw_world(one, 7, 4).values[0]);
  CHECK(first.values[0] != draw_world(one, 8, 3).values[0]);
  CHECK(first.seed != draw_world(one, 7, 4).seed);
  CHECK(draw_world(two, 7, 3).quantiles[0] != draw_world(two, 7, 3).quantiles[1]);
}

TEST_CASE("a world is the scenario with its values, on its own random numbers",
          "[scenario][uncertain]") {
  const LoadedScenario loaded =
      load_text(uncertain(R"({"paths": ["classes.paid.output_tokens"], "range": ["100", "400"]},
                   {"paths": ["classes.image.rate", "classes.plain.rate"], "factor": [0.5, 2]})"));
  const auto inputs = uncertain_inputs(loaded);
  const World world = draw_world(inputs, 42, 5);
  const ResolvedScenario resolved = resolve_world(loaded, inputs, world);
  CHECK(resolved.seed == world.seed);
  CHECK(resolved.scenario.classes[0].demand.output_tokens->value == world.values[0][0]);
  CHECK(resolved.scenario.classes[1].demand.rate.base_per_s == Approx(world.values[1][0]));
  CHECK(resolved.scenario.classes[2].demand.rate.base_per_s == Approx(world.values[1][1]));
  // Coupled fields have the same factor: 0.5/s and 0.1/s.
  CHECK(world.values[1][0] / 0.5 == Approx(world.values[1][1] / 0.1));
  CHECK(resolved.scenario.uncertain.empty());
  const ResolvedScenario high = resolve_end(loaded, inputs[0], true);
  CHECK(high.scenario.classes[0].demand.output_tokens->value == 400);
  CHECK(high.scenario.classes[1].demand.rate.base_per_s == 0.5);
  CHECK(high.seed == 42);
}

TEST_CASE("what was set from outside is what worlds vary around", "[scenario][uncertain]") {
  const LoadedScenario loaded =
      load_text(uncertain(R"({"paths": ["classes.paid.rate"], "factor": [0.5, 2]})"),
                {{{"classes.paid.rate", "4/s"}, {"classes.plain.rate", "0.3/s"}}, {}});
  const auto inputs = uncertain_inputs(loaded);
  CHECK(inputs[0].fields[0].high == 8);
  const ResolvedScenario low = resolve_end(loaded, inputs[0], false);
  CHECK(low.scenario.classes[0].demand.rate.base_per_s == 2);
  CHECK(low.scenario.classes[2].demand.rate.base_per_s == 0.3);
}

struct BadInput {
  std::string entry, code, pointer, says;
  std::string note = "";  // a part of a note
};

TEST_CASE("every bad declaration is an error at its place", "[scenario][uncertain][errors]") {
  const BadInput bad[] = {
      {R"({"paths": ["classes.payed.rate"], "factor": [0.5, 2]})", "E145", "/uncertain/0/paths/0",
       "names no field", "did you mean \"classes.paid.rate\"?"},
      {R"({"paths": ["classes.paid"], "factor": [0.5, 2]})", "E145", "/uncertain/0/paths/0",
       "holds several", "classes.paid.rate"},
      {R"({"paths": ["fleet.pools.chat.model"], "factor": [0.5, 2]})", "E145",
       "/uncertain/0/paths/0", "no number"},
      {R"({"paths": ["time.start"], "range": ["2025-03-30", "2025-04-01"]})", "E145",
       "/uncertain/0/paths/0", "no number"},
      {R"({"paths": ["fleet.pools.chat.server_factor"], "range": ["1", "1.2"]})", "E145",
       "/uncertain/0/paths/0", "not given"},
      {R"({"paths": ["fleet.pools.chat.gpus"], "factor": [0.5, 2]})", "E145",
       "/uncertain/0/paths/0", "no input"},
      {R"({"paths": ["fleet.cells.count"], "factor": [0.5, 2]})", "E145", "/uncertain/0/paths/0",
       "no input"},
      {R"({"paths": ["classes.paid.rate", "classes.paid.rate"], "factor": [0.5, 2]})", "E145",
       "/uncertain/0/paths/1", "named twice"},
      {R"({"paths": ["classes.paid.rate"]})", "E146", "/uncertain/0/paths/0", "has no range"},
      {R"({"paths": ["classes.plain.rate"]})", "E146", "/uncertain/0/paths/0",
       "\"0.2\" in provenance"},
      {R"({"paths": ["classes.paid.rate"], "range": ["1", "4/s"]})", "E146", "/uncertain/0/range/0",
       "needs a unit"},
      {R"({"paths": ["classes.paid.rate"], "range": ["1/s", "four"]})", "E146",
       "/uncertain/0/range/1", "\"four\" is no value of classes.paid.rate"},
      {R"({"paths": ["classes.paid.rate"], "range": ["4/s", "1/s"]})", "E146", "/uncertain/0/range",
       "low must be below high"},
      {R"({"paths": ["classes.paid.rate"], "range": ["3/s", "4/s"]})", "E146", "/uncertain/0/range",
       "leaves out"},
      {R"({"paths": ["classes.paid.rate"], "factor": [1.1, 2]})", "E146", "/uncertain/0/factor",
       "leaves out"},
      {R"({"paths": ["classes.paid.rate"], "range": ["0/s", "4/s"], "kind": "lognormal"})", "E146",
       "/uncertain/0/range", "low above 0"},
      {R"({"paths": ["classes.paid.rate"], "range": ["0/s", "4/s"], "kind": "normal"})", "E146",
       "/uncertain/0/range", "may be drawn"},
      {R"({"paths": ["targets.targets-min"], "range": ["0.8", "1.2"]})", "E145",
       "/uncertain/0/paths/0", "names no field"},
      {R"({"paths": ["fleet.pools.chat.tensor_parallel"], "range": ["0", "8"]})", "E146",
       "/uncertain/0/range/0", "out of range"},
      {R"({"paths": [], "factor": [0.5, 2]})", "E111", "/uncertain/0/paths", "empty"},
      {R"({"factor": [0.5, 2]})", "E106", "/uncertain/0", "paths"},
      {R"({"paths": ["classes.paid.rate"], "range": ["1/s"]})", "E111", "/uncertain/0/range",
       "two values"},
      {R"({"paths": ["classes.paid.rate"], "factor": [0.5]})", "E111", "/uncertain/0/factor",
       "two factors"},
      {R"({"paths": ["classes.paid.rate"], "factor": [-1, 2]})", "E111", "/uncertain/0/factor",
       "out of range"},
      {R"({"paths": ["classes.paid.rate"], "factor": [0.5, 2], "range": ["1/s", "4/s"]})", "E113",
       "/uncertain/0/factor", "keep one"},
      {R"({"paths": ["classes.paid.rate"], "factor": [0.5, 2], "kind": "gaussian"})", "E112",
       "/uncertain/0/kind", "gaussian"},
      {R"({"paths": ["classes.paid.rate"], "faktor": [0.5, 2]})", "E107", "/uncertain/0",
       "did you mean \"factor\"?"},
  };
  for (const BadInput& fault : bad) {
    INFO(fault.entry);
    const std::string text = uncertain(fault.entry);
    const std::vector<Issue> issues = issues_of(text);
    REQUIRE(issues.size() >= 1);
    CHECK(issues[0].code == fault.code);
    CHECK(issues[0].pointer.rfind(fault.pointer, 0) == 0);
    CHECK_THAT(issues[0].message, ContainsSubstring(fault.says));
    CHECK(issues[0].file == "t.json");
    CHECK(issues[0].line > 0);
    if (fault.note.empty()) continue;
    REQUIRE_FALSE(issues[0].notes.empty());
    CHECK_THAT(issues[0].notes[0], ContainsSubstring(fault.note));
  }
}

TEST_CASE("bad declarations are reported all at once", "[scenario][uncertain][errors]") {
  const std::vector<Issue> issues =
      issues_of(uncertain(R"({"name": "a", "paths": ["classes.payed.rate"], "factor": [0.5, 2]},
                   {"name": "a", "paths": ["classes.paid.rate"], "range": ["3/s", "4/s"]},
                   {"paths": ["classes.paid.output_tokens"], "range": ["x", "y"]})"));
  std::vector<std::string> codes;
  for (const Issue& issue : issues) codes.push_back(issue.code + " " + issue.pointer);
  CHECK(codes == std::vector<std::string>{"E145 /uncertain/0/paths/0", "E108 /uncertain/1/name",
                                          "E146 /uncertain/1/range", "E146 /uncertain/2/range/0",
                                          "E146 /uncertain/2/range/1"});
}

TEST_CASE("values that do not go together say in which world", "[scenario][uncertain][errors]") {
  // A step of 1,024 tokens has no room for 2,048 requests; reading alone cannot tell.
  const LoadedScenario loaded =
      load_text(uncertain(R"({"name": "batch", "paths": ["fleet.pools.chat.batching.max_batch"],
                    "range": ["64", "2048"]})"));
  const auto inputs = uncertain_inputs(loaded);
  try {
    resolve_end(loaded, inputs[0], true);
    FAIL("a batch of 2,048 resolves");
  } catch (const InputError& error) {
    REQUIRE_FALSE(error.issues()[0].notes.empty());
    CHECK_THAT(error.issues()[0].notes.back(), ContainsSubstring("with batch = 2048"));
  }
}

}  // namespace
}  // namespace headroom
