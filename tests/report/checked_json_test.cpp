#include "../../src/report/checked_json.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "support/catch.hpp"

using namespace headroom;

TEST_CASE("a number that is not finite never reaches a report", "[report][json]") {
  CHECK_THROWS_AS(number(std::nan("")), std::logic_error);
  CHECK_THROWS_AS(number(std::numeric_limits<double>::infinity()), std::logic_error);
  CHECK_THROWS_AS(number_or_null(std::numeric_limits<double>::infinity()), std::logic_error);
  CHECK(number_or_null(std::nan("")).is_null());
  // nlohmann itself writes NaN as null, so one put in past `number` is caught by the writer.
  Json report = {{"targets", Json::array({Json{{"value", std::nan("")}}})}};
  CHECK_THROWS_AS(write_checked(report), std::logic_error);
}

TEST_CASE("numbers keep nine digits and whole ones are integers", "[report][json]") {
  CHECK(number(46440).dump() == "46440");
  CHECK(number(0.1 + 0.2).dump() == "0.3");
  CHECK(number(1.23456789012).dump() == "1.23456789");
  CHECK(number(-2.5).dump() == "-2.5");
}

TEST_CASE("what is written is the same JSON, lists of numbers on a line", "[report][json]") {
  const Json report = {{"a", {1, 2, 3}}, {"b", {{"c", "x\"y"}, {"d", Json::array()}}}};
  const std::string text = write_checked(report);
  CHECK(text ==
        "{\n  \"a\": [1, 2, 3],\n  \"b\": {\n    \"c\": \"x\\\"y\",\n    \"d\": []\n  }\n}\n");
  CHECK(Json::parse(text) == report);
}
