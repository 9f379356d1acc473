#include "headroom/report/format.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace headroom;

TEST_CASE("seconds are shown with three digits and the unit that suits them", "[report][format]") {
  CHECK(format_seconds(0) == "0 s");
  CHECK(format_seconds(8.5e-13) == "0 s");
  CHECK(format_seconds(350e-6) == "350 us");
  CHECK(format_seconds(0.048) == "48 ms");
  CHECK(format_seconds(0.72) == "0.72 s");
  CHECK(format_seconds(1.93) == "1.93 s");
  CHECK(format_seconds(63.34) == "63.3 s");
  CHECK(format_seconds(373) == "6m 13s");
  CHECK(format_seconds(120) == "2m 00s");
  CHECK(format_seconds(3599.7) == "1h 00m");  // rounding carries into the next unit
  CHECK(format_seconds(2 * 3600 + 5 * 60) == "2h 05m");
  CHECK(format_seconds(3 * 86400 + 4 * 3600) == "3d 4h");
  CHECK(format_seconds(std::nan("")) == "-");
  CHECK(format_seconds(-1.5) == "-1.5 s");
}

TEST_CASE("counts, shares and rates read like a person wrote them", "[report][format]") {
  CHECK(format_count(9900) == "9,900");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_short_count(46440) == "46.4 k");
  CHECK(format_short_count(18e6) == "18 M");
  CHECK(format_share(0.9734) == "97.3 %");
  CHECK(format_share(1) == "100 %");
  CHECK(format_number(41.83) == "41.8");
  CHECK(format_number(12345.6) == "12,346");
  CHECK(format_value(41.83, "1/s") == "41.8/s");
}

TEST_CASE("a chart fills its height at the largest value and marks what is lost",
          "[report][chart]") {
  const ChartStyle ascii{4, 2, false};
  const auto rows = draw_chart({0, 1, 2, std::nan("")}, 0, Combine::kMax, ascii);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == "  #!");
  CHECK(rows[1] == " ##!");
}

TEST_CASE("few values are spread over all columns so that charts line up", "[report][chart]") {
  const auto rows = draw_chart({0, 1}, 0, Combine::kMean, {6, 1, false});
  CHECK(rows[0] == "   ###");
}

TEST_CASE("the least positive value can be seen", "[report][chart]") {
  const auto rows = draw_chart({0, 1e-6, 1}, 0, Combine::kMax, {3, 1, true});
  CHECK(rows[0] == " ▁█");
}

TEST_CASE("padding counts characters, not bytes", "[report][format]") {
  CHECK(display_width("▁█a") == 3);
  CHECK(pad_right("▁", 3) == "▁  ");
  CHECK(pad_left("7", 3) == "  7");
}

TEST_CASE("Markdown and CSV show a name as it is", "[report][format]") {
  CHECK(markdown_text("image-answer p_95") == "image-answer p_95");
  CHECK(markdown_text("_x_ ~y~ &lt;") == "\\_x\\_ \\~y\\~ \\&lt;");
  CHECK(markdown_text("a|b <i> `c`") == "a\\|b \\<i\\> \\`c\\`");
  CHECK(csv_text("plain") == "plain");
  CHECK(csv_text("a,\"b\"") == "\"a,\"\"b\"\"\"");
}
