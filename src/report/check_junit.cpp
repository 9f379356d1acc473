#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "compare_parts.hpp"
#include "headroom/report/check.hpp"
#include "headroom/report/junit.hpp"
#include "xml.hpp"

namespace headroom {
namespace {

/// A case, failed when `failure` says why.
std::string test_case(const std::string& suite, const std::string& group, const std::string& name,
                      const std::string& failure) {
  std::string text = fmt::format("    <testcase classname=\"{}\" name=\"{}\"",
                                 xml_text(suite + "." + group), xml_text(name));
  if (failure.empty()) return text + "/>\n";
  return text + fmt::format(">\n      <failure message=\"{0}\">{0}</failure>\n    </testcase>\n",
                            xml_text(failure));
}

std::string suite_of(const Json& scenario) {
  const std::string name = scenario["scenario"];
  std::string cases;
  std::size_t tests = 0;
  std::size_t failures = 0;
  const auto add = [&](const std::string& group, const std::string& id,
                       const std::string& failure) {
    cases += test_case(name, group, id, failure);
    ++tests;
    failures += !failure.empty();
  };
  for (const Json& target : scenario["targets"]) {
    add(target["window"], target["id"], target["pass"].get<bool>() ? "" : target_failure(target));
  }
  if (!scenario["baseline"].is_null()) {
    for (const Json& row : scenario["baseline"]["metrics"]) {
      add("baseline", row["name"], row["verdict"] == "regressed" ? regression_text(row) : "");
    }
  }
  return fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n",
                     xml_text(name), tests, failures, cases);
}

}  // namespace

std::string render_check_junit(const nlohmann::ordered_json& check) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const Json& scenario : check["scenarios"]) out += suite_of(scenario);
  return out + "</testsuites>\n";
}

std::string render_junit(const std::vector<nlohmann::ordered_json>& reports) {
  Json scenarios = Json::array();
  for (const Json& report : reports) {
    scenarios.push_back({{"scenario", report["scenario"]["name"]},
                         {"targets", report["targets"]},
                         {"baseline", nullptr}});
  }
  return render_check_junit({{"scenarios", std::move(scenarios)}});
}

}  // namespace headroom
