#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scenario_support.hpp"

using headroom::InputError;
using headroom::Issue;
using headroom::whole_scenario;
using Json = nlohmann::ordered_json;

namespace {

/// Pointers of every value in a document, the root left out.
void collect(const Json& value, const Json::json_pointer& at,
             std::vector<Json::json_pointer>& pointers) {
  if (!at.empty()) pointers.push_back(at);
  if (value.is_object()) {
    for (const auto& [key, child] : value.items()) collect(child, at / key, pointers);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], at / i, pointers);
  }
}

/// Resolves the text; returns whether it was right. Whatever is wrong must come as issues that say
/// something, each at a place.
bool accepted(const std::string& text) {
  try {
    headroom::resolve_text(text);
    return true;
  } catch (const InputError& error) {
    REQUIRE_FALSE(error.issues().empty());
    for (const Issue& issue : error.issues()) {
      INFO(issue.code << " " << issue.pointer << " " << issue.message);
      CHECK(issue.code.size() == 4);
      CHECK_FALSE(issue.message.empty());
      CHECK(issue.line > 0);
      CHECK(issue.column > 0);
    }
    return false;
  }
}

}  // namespace

TEST_CASE("any value of a scenario replaced by any other is accepted or refused with its place",
          "[scenario][errors]") {
  const Json right = Json::parse(whole_scenario());
  std::vector<Json::json_pointer> pointers;
  collect(right, Json::json_pointer(), pointers);
  const Json others[] = {nullptr, true, 0,     -1,      1e300,         0.5,           "",
                         "x",     "1s", "-1s", "1e30s", Json::array(), Json::object()};
  std::size_t refused = 0, tried = 0;
  for (const auto& pointer : pointers) {
    for (const Json& other : others) {
      Json wrong = right;
      wrong[pointer] = other;
      INFO(pointer.to_string() << " = " << other.dump());
      ++tried;
      if (!accepted(wrong.dump(1))) ++refused;
    }
  }
  CHECK(tried > 1000);
  CHECK(refused > tried * 8 / 10);
}

TEST_CASE("any field of a scenario left out is accepted or refused with its place",
          "[scenario][errors]") {
  const Json right = Json::parse(whole_scenario());
  std::vector<Json::json_pointer> pointers;
  collect(right, Json::json_pointer(), pointers);
  std::size_t refused = 0;
  for (const auto& pointer : pointers) {
    Json wrong = right;
    Json& parent = wrong[pointer.parent_pointer()];
    if (parent.is_object()) {
      parent.erase(pointer.back());
    } else {
      parent.erase(std::stoul(pointer.back()));
    }
    INFO("without " << pointer.to_string());
    if (!accepted(wrong.dump(1))) ++refused;
  }
  CHECK(refused > 20);
}
