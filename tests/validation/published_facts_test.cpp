#include "models/published_facts.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>

#include "headroom/core/error.hpp"
#include "support/catch.hpp"

namespace headroom::validation {
namespace {

/// A file that is gone with the test.
struct Written {
  explicit Written(const std::string& text)
      : path(std::filesystem::temp_directory_path() /
             ("headroom_facts_" + std::to_string(std::hash<std::string>{}(text)) + ".csv")) {
    std::ofstream(path) << text;
  }
  ~Written() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

TEST_CASE("facts keep commas and quotes inside quoted fields", "[validation][facts]") {
  const Written file("id,note,value\nT1,\"two, and \"\"three\"\"\",4.5\nT2,,\n");
  const std::vector<FactRow> rows = read_facts(file.path);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].text("note") == "two, and \"three\"");
  CHECK(rows[0].number("value") == 4.5);
  CHECK_FALSE(rows[0].number("id").has_value());
  CHECK_FALSE(rows[1].number("value").has_value());
  CHECK(rows[1].text("nowhere").empty());
}

TEST_CASE("a fact row of another length is refused with its line", "[validation][facts]") {
  const Written file("a,b\n1,2\n3\n");
  try {
    read_facts(file.path);
    FAIL("read");
  } catch (const InputError& error) {
    CHECK(error.issues()[0].code == "E105");
    CHECK(error.issues()[0].line == 3);
  }
}

TEST_CASE("row_hash is FNV-1a with its bits mixed", "[validation][facts]") {
  // Published test vectors of the 64-bit variant.
  CHECK(fnv1a("") == 0xcbf29ce484222325ULL);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8ULL);
  // Ids in a row fall on both sides of the middle.
  int high = 0;
  for (int i = 100; i < 200; ++i) high += row_hash("T" + std::to_string(i)) >> 63 ? 1 : 0;
  CHECK(high > 30);
  CHECK(high < 70);
}

TEST_CASE("a third of the rows, rounded up, are fitted: those of the smallest hashes",
          "[validation][facts]") {
  std::vector<Scored> rows;
  for (int i = 0; i < 10; ++i) rows.push_back({"T" + std::to_string(i), 1, 1, false});
  choose_third(rows);
  std::uint64_t largest_fitted = 0;
  std::uint64_t smallest_scored = UINT64_MAX;
  int fitted = 0;
  for (const Scored& row : rows) {
    fitted += row.fitted ? 1 : 0;
    if (row.fitted) largest_fitted = std::max(largest_fitted, row_hash(row.id));
    if (!row.fitted) smallest_scored = std::min(smallest_scored, row_hash(row.id));
  }
  CHECK(fitted == 4);
  CHECK(largest_fitted < smallest_scored);
  std::vector<Scored> one{{"T1", 1, 1, false}};
  choose_third(one);
  CHECK(one[0].fitted);
}

TEST_CASE("a factor is the median of measured over predicted", "[validation][facts]") {
  // Ratios 2, 0.5 and 3 fitted; 10 is not.
  const std::vector<Scored> rows{
      {"a", 1, 2, true}, {"b", 4, 2, true}, {"c", 1, 3, true}, {"d", 1, 10, false}};
  CHECK(fitted_factor(rows) == 2);
  CHECK(rows[1].error(2) == 3);  // 4 x 2 / 2 - 1
  // Without the first: 0.5, 3, 10.
  CHECK(factor_without(rows, 0) == 3);
  CHECK(percentile({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.9) == 9);
  CHECK(median({1, 2, 3, 10}) == 2.5);
}

}  // namespace
}  // namespace headroom::validation
