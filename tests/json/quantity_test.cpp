#include "quantity.hpp"

#include <cmath>
#include <random>

#include "headroom/json/document.hpp"
#include "support/catch.hpp"

using headroom::json::Dimension;

namespace {

double si(const std::string& text, Dimension dimension) {
  double value = -1e99;
  std::string problem;
  INFO(text);
  const bool good = headroom::json::parse_quantity(text, dimension, value, problem);
  INFO(problem);
  CHECK(good);
  return value;
}

std::string problem_of(const std::string& text, Dimension dimension) {
  double value = 0;
  std::string problem;
  CHECK_FALSE(headroom::json::parse_quantity(text, dimension, value, problem));
  return problem;
}

constexpr Dimension kAll[] = {Dimension::kDuration,     Dimension::kRate,  Dimension::kBytes,
                              Dimension::kBytesPerS,    Dimension::kFlops, Dimension::kFlop,
                              Dimension::kMoneyPerHour, Dimension::kPower};

}  // namespace

TEST_CASE("durations read in every unit, alone and one after another", "[json][quantity]") {
  const auto duration = [](const std::string& text) { return si(text, Dimension::kDuration); };
  CHECK(duration("90s") == 90);
  CHECK(duration("250ms") == 0.25);
  CHECK(duration("12us") == 12e-6);
  CHECK(duration("12µs") == 12e-6);
  CHECK(duration("3ns") == 3e-9);
  CHECK(duration("7ps") == 7e-12);
  CHECK(duration("5min") == 5 * 60);
  CHECK(duration("2h") == 2 * 3600);
  CHECK(duration("7d") == 7 * 86400);
  CHECK(duration("2w") == 14 * 86400);
  CHECK(duration("1h30min") == 3600 + 30 * 60);
  CHECK(duration("1d 2h 3min 4.5s") == 86400 + 2 * 3600 + 3 * 60 + 4.5);
  CHECK(duration(" 1.5 h ") == 1.5 * 3600);
  CHECK(duration("-1h30min") == -5400);
  CHECK(duration("1e3s") == 1000);
  CHECK(duration("0s") == 0);
}

TEST_CASE("rates, sizes, bandwidths, operations, prices and powers read", "[json][quantity]") {
  CHECK(si("120/s", Dimension::kRate) == 120);
  CHECK(si("1.2M/h", Dimension::kRate) == 1.2e6 / 3600);
  CHECK(si("1B/day", Dimension::kRate) == 1e9 / 86400);
  CHECK(si("5/min", Dimension::kRate) == 5.0 / 60);
  CHECK(si("3/week", Dimension::kRate) == 3.0 / (7 * 86400));
  CHECK(si("80GiB", Dimension::kBytes) == 80 * 1073741824.0);
  CHECK(si("40GB", Dimension::kBytes) == 40e9);
  CHECK(si("16KiB", Dimension::kBytes) == 16384);
  CHECK(si("5B", Dimension::kBytes) == 5);
  CHECK(si("2039GB/s", Dimension::kBytesPerS) == 2039e9);
  CHECK(si("2TB/s", Dimension::kBytesPerS) == 2e12);
  CHECK(si("400Gbit/s", Dimension::kBytesPerS) == 400e9 / 8);
  CHECK(si("312TFLOPS", Dimension::kFlops) == 312e12);
  CHECK(si("1.3PFLOPS", Dimension::kFlops) == 1.3e15);
  CHECK(si("5EFLOPS", Dimension::kFlops) == 5e18);
  CHECK(si("5.98TFLOP", Dimension::kFlop) == 5.98e12);
  CHECK(si("5.12USD/h", Dimension::kMoneyPerHour) == 5.12);
  CHECK(si("400W", Dimension::kPower) == 400);
  CHECK(si("1.5MW", Dimension::kPower) == 1.5e6);
}

TEST_CASE("a quantity that does not read says what to write", "[json][quantity]") {
  CHECK(problem_of("500", Dimension::kDuration) == "500 needs a unit; write \"500ms\"");
  CHECK(problem_of("90", Dimension::kDuration) == "90 needs a unit; write \"90s\"");
  CHECK(problem_of("120", Dimension::kRate) == "120 needs a unit; write \"120/s\"");
  CHECK(problem_of("80", Dimension::kBytes) == "80 needs a unit; write \"80GiB\"");
  CHECK(problem_of("90sek", Dimension::kDuration) ==
        "unknown unit \"sek\" in \"90sek\"; expected ns, us, ms, s, min, h, d");
  CHECK(problem_of("80gib", Dimension::kBytes) ==
        "unknown unit \"gib\" in \"80gib\"; expected B, kB, MB, GB, TB, KiB, MiB, GiB, TiB (did "
        "you mean \"GiB\"?)");
  CHECK(problem_of("5GB", Dimension::kDuration) ==
        "\"5GB\" is a size, not a duration; write for example \"90s\"");
  for (const char* month : {"1month", "2 months", "1mo", "1year"}) {
    CHECK_THAT(problem_of(month, Dimension::kDuration),
               ContainsSubstring("is not a unit, since its length varies"));
  }
  for (const char* word : {"", "s", "abc", "nan", "infs", "NaNs", "1h30", "30min1h", "1h1h", "--5s",
                           "1..5s", "+5s", "1e999s", "0x10s", "5s!", ".5s", "1,5s"}) {
    INFO(word);
    problem_of(word, Dimension::kDuration);
  }
}

TEST_CASE("quantities are written in the shortest unit that reads back", "[json][quantity]") {
  using headroom::json::format_quantity;
  CHECK(format_quantity(90, Dimension::kDuration) == "90s");
  CHECK(format_quantity(300, Dimension::kDuration) == "5min");
  CHECK(format_quantity(5400, Dimension::kDuration) == "1h30min");
  CHECK(format_quantity(7 * 86400, Dimension::kDuration) == "7d");
  CHECK(format_quantity(0.012, Dimension::kDuration) == "12ms");
  CHECK(format_quantity(0.25, Dimension::kDuration) == "250ms");
  CHECK(format_quantity(3e-9, Dimension::kDuration) == "3ns");
  CHECK(format_quantity(-5400, Dimension::kDuration) == "-1h30min");
  CHECK(format_quantity(0, Dimension::kDuration) == "0s");
  CHECK(format_quantity(120, Dimension::kRate) == "120/s");
  CHECK(format_quantity(1.2e6 / 3600, Dimension::kRate) == "1.2M/h");
  CHECK(format_quantity(80 * 1073741824.0, Dimension::kBytes) == "80GiB");
  CHECK(format_quantity(40e9, Dimension::kBytes) == "40GB");
  CHECK(format_quantity(2039e9, Dimension::kBytesPerS) == "2039GB/s");
  CHECK(format_quantity(312e12, Dimension::kFlops) == "312TFLOPS");
  CHECK(format_quantity(5.12, Dimension::kMoneyPerHour) == "5.12USD/h");
  CHECK(format_quantity(400, Dimension::kPower) == "400W");
}

TEST_CASE("any quantity reads back as the same double", "[json][quantity][property]") {
  // Only the inputs are random: any generator will do.
  std::mt19937_64 random(20250331);
  for (int i = 0; i < 4000; ++i) {
    const Dimension dimension = kAll[random() % std::size(kAll)];
    // Magnitudes from 1e-15 to 1e25; every other one a round number, which has short forms.
    const double exponent = static_cast<double>(random() % 40) - 15;
    double value = (static_cast<double>(random() % 1'000'000) + 1) * std::pow(10.0, exponent - 3);
    if (i % 2 == 0) value = std::round(value);
    if (i % 5 == 0) value = -value;
    const std::string text = headroom::json::format_quantity(value, dimension);
    CHECK(si(text, dimension) == value);
  }
}

TEST_CASE("a key names its unit by its ending, in the dimension of the field", "[json][quantity]") {
  using headroom::json::unit_of_key;
  const auto factor = [](const char* key, Dimension dimension) {
    const auto unit = unit_of_key(key, dimension);
    return unit ? unit->numerator / unit->denominator : 0.0;
  };
  CHECK(factor("max_s", Dimension::kDuration) == 1);
  CHECK(factor("delay_ms", Dimension::kDuration) == 1e-3);
  CHECK(factor("span_days", Dimension::kDuration) == 86400);
  CHECK(factor("rate_per_s", Dimension::kRate) == 1);
  CHECK(factor("rate_per_h", Dimension::kRate) == 1.0 / 3600);
  CHECK(factor("hbm_bytes", Dimension::kBytes) == 1);
  CHECK(factor("hbm_gib", Dimension::kBytes) == 1073741824.0);
  CHECK(factor("hbm_bytes_per_s", Dimension::kBytesPerS) == 1);
  CHECK(factor("max", Dimension::kDuration) == 0);
  CHECK(factor("max_s", Dimension::kBytes) == 0);
  CHECK(factor("rate_per_s", Dimension::kBytesPerS) == 0);
}

TEST_CASE("UTC times read to seconds since 1970 and back", "[json][time]") {
  using headroom::json::format_utc;
  using headroom::json::parse_utc;
  double t = 0;
  REQUIRE(parse_utc("1970-01-01T00:00:00Z", t));
  CHECK(t == 0);
  // 55 years of 365 days and 14 leap days (1972 to 2024), then 31 + 28 + 30 days, then 17 h.
  REQUIRE(parse_utc("2025-03-31T17:00:00Z", t));
  CHECK(t == (55 * 365 + 14 + 31 + 28 + 30) * 86400.0 + 17 * 3600);
  CHECK(format_utc(t) == "2025-03-31T17:00:00Z");
  const double whole = t;
  REQUIRE(parse_utc("2025-03-31T17:00Z", t));
  CHECK(t == whole);
  REQUIRE(parse_utc("2025-03-31", t));
  CHECK(t == whole - 17 * 3600);
  REQUIRE(parse_utc("2025-03-31T17:00:00.25Z", t));
  CHECK(t == whole + 0.25);
  CHECK(format_utc(t) == "2025-03-31T17:00:00.25Z");
  REQUIRE(parse_utc("1969-12-31T23:59:59Z", t));
  CHECK(t == -1);
  CHECK(format_utc(-1) == "1969-12-31T23:59:59Z");
  REQUIRE(parse_utc("2024-02-29", t));
  for (const char* wrong :
       {"", "2025", "2025-3-1", "2025-02-29", "2025-13-01", "2025-04-31", "2025-03-31T25:00Z",
        "2025-03-31T17:60Z", "2025-03-31T17:00:60Z", "2025-03-31T17:00:00", "2025-03-31 17:00:00Z",
        "2025-03-31T17:00:00+02:00", "2025-03-31T17:00:00.Z", "2025-03-31T17:00:00Zx"}) {
    INFO(wrong);
    CHECK_FALSE(parse_utc(wrong, t));
  }
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const double second = static_cast<double>(random() % 10'000'000'000ULL) - 2e9;
    REQUIRE(parse_utc(format_utc(second), t));
    CHECK(t == second);
  }
}
