#include "headroom/scenario/axis.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace headroom {
namespace {

std::vector<std::string> values_of(const std::string& text) {
  std::string problem;
  const auto axis = parse_axis(text, problem);
  INFO(text << ": " << problem);
  REQUIRE(axis);
  return axis->values;
}

std::string problem_of(const std::string& text) {
  std::string problem;
  CHECK_FALSE(parse_axis(text, problem));
  return problem;
}

TEST_CASE("a range of an axis holds its last value when a step meets it", "[scenario][sweep]") {
  CHECK(values_of("a.b=1..4") == std::vector<std::string>{"1", "2", "3", "4"});
  CHECK(values_of("a=1..64:21") == std::vector<std::string>{"1", "22", "43", "64"});
  CHECK(values_of("a=1..6:4") == std::vector<std::string>{"1", "5"});
  CHECK(values_of("a=0.1..0.3:0.1") == std::vector<std::string>{"0.1", "0.2", "0.3"});
  CHECK(values_of("a=5..5") == std::vector<std::string>{"5"});
  CHECK(values_of("a=30..10:-10") == std::vector<std::string>{"30", "20", "10"});
}

TEST_CASE("a range keeps its unit", "[scenario][sweep]") {
  CHECK(values_of("r=10/s..30/s:10") == std::vector<std::string>{"10/s", "20/s", "30/s"});
  CHECK(values_of("r=1..3min") == std::vector<std::string>{"1min", "2min", "3min"});
  CHECK(problem_of("r=1s..3min").find("mixes the units") != std::string::npos);
}

TEST_CASE("a list of an axis is taken word by word", "[scenario][sweep]") {
  CHECK(values_of("gpu=A100-SXM-80GB,H100-SXM-80GB") ==
        std::vector<std::string>{"A100-SXM-80GB", "H100-SXM-80GB"});
  CHECK(values_of("x=a=b") == std::vector<std::string>{"a=b"});
}

TEST_CASE("an axis that is none says what it should be", "[scenario][sweep]") {
  CHECK(problem_of("gpus").find("PATH=") != std::string::npos);
  CHECK(problem_of("=1..2").find("PATH=") != std::string::npos);
  CHECK(problem_of("a=").find("PATH=") != std::string::npos);
  CHECK(problem_of("a=1,,2").find("empty value") != std::string::npos);
  CHECK(problem_of("a=4..1").find("never gets") != std::string::npos);
  CHECK(problem_of("a=1..4:0").find("never gets") != std::string::npos);
  CHECK(problem_of("a=x..4").find("FIRST..LAST") != std::string::npos);
  CHECK(problem_of("a=1..1000000").find("more than") != std::string::npos);
}

TEST_CASE("a grid has every combination, the last axis fastest", "[scenario][sweep]") {
  const std::vector<Axis> axes{{"a", {"1", "2"}}, {"b", {"x", "y", "z"}}};
  const auto points = grid_points(axes);
  REQUIRE(points.size() == 6);
  CHECK(points[0] == std::vector<std::string>{"1", "x"});
  CHECK(points[1] == std::vector<std::string>{"1", "y"});
  CHECK(points[3] == std::vector<std::string>{"2", "x"});
  CHECK(points[5] == std::vector<std::string>{"2", "z"});
}

}  // namespace
}  // namespace headroom
