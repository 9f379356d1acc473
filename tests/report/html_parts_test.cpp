#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "html/markup.hpp"
#include "html/policy.hpp"
#include "html/scale.hpp"
#include "html/svg.hpp"
#include "html/time_chart.hpp"
#include "html/view.hpp"
#include "support/catch.hpp"

using namespace headroom;
using namespace headroom::html;

TEST_CASE("what HTML gives a meaning to is escaped in text and in attributes", "[report][html]") {
  CHECK(text("a < b && \"c\" > 'd'").str() == "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
  CHECK(text("&lt;").str() == "&amp;lt;");
  CHECK(element("p", {{"title", "\"><script>"}}, text("x")).str() ==
        "<p title=\"&quot;&gt;&lt;script&gt;\">x</p>");
  CHECK(text("測試 ü 🚀").str() == "測試 ü 🚀");
}

TEST_CASE("control characters and marks that turn the text never reach a page", "[report][html]") {
  CHECK(text(std::string_view("a\0b\x1b[0m\x7f", 8)).str() == "a\uFFFDb\uFFFD[0m\uFFFD");
  CHECK(text("line\nbreak\ttab").str() == "line\nbreak\ttab");
  for (const char* mark : {"\u200E", "\u200F", "\u202A", "\u202E", "\u2066", "\u2069"}) {
    CHECK(text(mark).str() == "\uFFFD");
  }
  // Neighbours of these code points are letters like others: a thin space, a dagger, a euro sign.
  CHECK(text("\u2009\u2020\u20AC").str() == "\u2009\u2020\u20AC");
}

TEST_CASE("a policy names scripts by the hash that browsers compute", "[report][html]") {
  // Content Security Policy Level 3 gives this pair as its example.
  CHECK(policy_hash("alert('Hello, world.');") ==
        "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
  const std::string policy = content_security_policy({}, {"p{}"});
  CHECK(policy.find("default-src 'none'") == 0);
  CHECK(policy.find("script-src 'none'") != std::string::npos);
  CHECK(policy.find("style-src 'sha256-") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);
}

TEST_CASE("axes tick at round values", "[report][html]") {
  CHECK(value_ticks(72, "1/s") == std::vector<double>{0, 20, 40, 60});   // 72 / 4 = 18, so 20
  CHECK(value_ticks(222, "s") == std::vector<double>{0, 60, 120, 180});  // 55.5 s, so a minute
  CHECK(value_ticks(2, "s") == std::vector<double>{0, 0.5, 1, 1.5, 2});
  CHECK(value_ticks(0, "s") == std::vector<double>{0});
  CHECK(round_duration(75) == 120);
  CHECK(round_duration(86'401) == 2 * 86'400);
}

TEST_CASE("positions are written short", "[report][html]") {
  CHECK(coordinate(12.04) == "12");
  CHECK(coordinate(-0.04) == "0");
  CHECK(coordinate(3.25) == "3.3");
  CHECK(percent(0.5) == "50%");
  CHECK(percent(1.0 / 3) == "33.33%");
}

TEST_CASE("a path starts anew after a value that is lost, and rounding does not add up",
          "[report][html]") {
  const double lost = std::numeric_limits<double>::quiet_NaN();
  CHECK(path_through({{0, 10}, {0.1, 10}, {0.2, lost}, {0.3, 5}}) == "M0 10l100 0M300 5");
  // 0.04 of a pixel a step rounds to nothing each time; the line must still come down.
  std::vector<PlotPoint> slow;
  for (int i = 0; i <= 50; ++i) slow.push_back({i / 100.0, 0.04 * i});
  double y = 0;
  const std::string path = path_through(slow);
  for (std::size_t at = path.find(' ', 5); at != std::string::npos; at = path.find(' ', at + 1)) {
    y += std::stod(path.substr(at + 1));
  }
  CHECK(y == Approx(2.0));
}

TEST_CASE("bins over a limit and lost ones join into stretches", "[report][html]") {
  const double lost = std::numeric_limits<double>::quiet_NaN();
  const auto spans = spans_over({1, 3, lost, 2, 5}, 2, 60);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].from_s == 60);
  CHECK(spans[0].to_s == 180);
  CHECK(spans[1].from_s == 240);
  CHECK(spans_over({1, 2}, 2, 60).empty());  // at the limit is within it
  CHECK(spans_over({1, lost}, std::numeric_limits<double>::infinity(), 60).size() == 1);
}

TEST_CASE("times of a dated report go by the clock", "[report][html]") {
  const Json dated = {{"method", {{"start_utc", "2025-03-31T22:00:00Z"}}}};
  const Clock clock(dated);
  CHECK(clock.moment(2 * 3600 + 40 * 60) == "1 Apr 00:40 UTC");
  CHECK(clock.tick(2 * 3600, 3600) == "1 Apr");
  CHECK(clock.tick(3600, 3600) == "23:00");
  const Json undated = {{"method", {{"start_utc", nullptr}}}};
  CHECK(Clock(undated).moment(90) == "90 s");
}

TEST_CASE("a number on the page says where in the report it stands", "[report][html]") {
  const Json report = {{"a/b", {{"value", 211.25}, {"none", nullptr}}}};
  const View view(report, 0);
  CHECK(view.value(pointer({"a/b", "value"}), "s").str() ==
        "<data value=\"211.25\" data-path=\"/a~1b/value\">3m 31s</data>");
  CHECK(view.value(pointer({"a/b", "none"}), "s", "lost").str() ==
        "<span data-path=\"/a~1b/none\">lost</span>");
}
