#include "report_input.hpp"

#include "advice.hpp"
#include "headroom/json/document.hpp"
#include "headroom/report/check.hpp"
#include "headroom/report/check_report.hpp"

namespace headroom::tools {

nlohmann::ordered_json read_report(const std::string& path, bool baselines,
                                   std::vector<Issue>& issues) {
  try {
    const auto document = json::Document::read(path, json::Document::Comments::kForbidden);
    auto report = nlohmann::ordered_json::parse(document.text());
    if (report.is_object() && !report.contains("kind") && report.contains("fleet")) {
      issues.push_back(scenario_for_report(document.file_name()));
      return report;
    }
    const bool baseline =
        baselines && report.is_object() && report.contains("kind") && report["kind"] == "baseline";
    std::vector<Issue> found = baseline ? check_baseline(report) : check_report(report);
    for (Issue& issue : found) {
      issue.file = document.file_name();
      document.locate(issue);
      issues.push_back(std::move(issue));
    }
    return report;
  } catch (const InputError& error) {
    issues.insert(issues.end(), error.issues().begin(), error.issues().end());
    return nullptr;
  }
}

bool holds_report(const std::string& path) {
  if (path == "-") return false;
  try {
    const auto document = json::Document::read(path, json::Document::Comments::kAllowed);
    return document.contains("/kind");
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace headroom::tools
