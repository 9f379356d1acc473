#include "headroom/report/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "compare_parts.hpp"

namespace headroom {
namespace {

/// A change of a share below this, or of anything from a base of 0 below these, is noise: a tenth
/// of a percentage point and a millisecond are below what anybody acts on.
constexpr double kShareFloor = 0.001;
constexpr double kZeroBaseFloorS = 0.001;

std::vector<double> values_of(const Json* sample) {
  std::vector<double> values;
  if (sample == nullptr) return values;
  for (const Json& value : (*sample)["values"]) {
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : value.get<double>());
  }
  return values;
}

bool same_seed(const Json& base, const Json& now) {
  return base["method"]["seed"] == now["method"]["seed"];
}

bool passes_noise(const Difference& d, const Gate& gate) {
  const std::string unit = gate.key["unit"];
  if (unit == "share" && !(std::abs(d.delta) >= kShareFloor)) return false;
  if (d.base == 0) return std::abs(d.delta) >= (unit == "s" ? kZeroBaseFloorS : 0);
  return std::abs(d.relative()) > gate.threshold;
}

/// Which way it went: more of a good thing, less of a bad one, or fewer replications lost.
bool is_better(const Difference& d, const Gate& gate) {
  if (d.censored()) return d.censored_now < d.censored_base;
  return (d.delta > 0) == gate.higher_is_better;
}

std::string verdict(const Difference& d, const Gate& gate, double adjusted, double alpha) {
  if (adjusted >= alpha) return "same";
  if (!d.censored() && !passes_noise(d, gate)) return "same";
  return is_better(d, gate) ? "improved" : "regressed";
}

/// `both`: both reports have the metric; else there is nothing to compare.
Json row_of(const Gate& gate, const Difference& d, bool both, double adjusted, double alpha) {
  Json row = {{"name", gate_name(gate.key)}};
  row.update(gate.key);
  row["better"] = gate.higher_is_better ? "higher" : "lower";
  row["base"] = number_or_null(d.base);
  row["now"] = number_or_null(d.now);
  row["delta"] = number_or_null(d.delta);
  row["ci"] = std::isnan(d.low) ? Json(nullptr) : Json::array({number(d.low), number(d.high)});
  row["relative"] = number_or_null(d.relative());
  const bool scaled = !std::isnan(d.low) && d.base != 0;
  row["relative_ci"] =
      scaled ? Json::array({number(d.low / d.base), number(d.high / d.base)}) : Json(nullptr);
  row["censored_replications"] = {{"base", d.censored_base}, {"now", d.censored_now}};
  row["replications"] = d.values;
  row["paired"] = d.paired;
  row["p"] = number(d.p_value);
  row["p_adjusted"] = number(adjusted);
  row["threshold"] = number(gate.threshold);
  row["verdict"] = both ? verdict(d, gate, adjusted, alpha) : "absent";
  return row;
}

/// Of two reports with one seed. A baseline keeps a part of its report's samples, and replications
/// are the same however many there are.
bool any_value_differs(const Json& base, const Json& now) {
  std::size_t common = 0;
  for (const Json& sample : base["samples"]) {
    const Json* other = find_sample(now, key_of(sample));
    if (other == nullptr) continue;
    ++common;
    const Json &a = sample["values"], &b = (*other)["values"];
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] != b[i]) return true;
    }
  }
  const auto has_others = [common](const Json& report, const Json& other) {
    return other["kind"] != "baseline" && report["samples"].size() > common;
  };
  return has_others(base, now) || has_others(now, base);
}

std::string program_of(const Json& report) {
  return report["tool"]["version"].get<std::string>() + " (" +
         report["tool"]["commit"].get<std::string>() + ")";
}

/// What explains a difference before any number is looked at.
Json notices(const Json& base, const Json& now, const Json& differences) {
  Json list = Json::array();
  const bool other_program = base["tool"] != now["tool"];
  const bool other_inputs = base["scenario"]["inputs"] != now["scenario"]["inputs"];
  if (other_program) {
    list.push_back("the program differs: " + program_of(base) + " -> " + program_of(now));
  }
  if (other_inputs) list.push_back("the input files differ (trace or kernel model)");
  if (!same_seed(base, now)) {
    list.push_back("the seeds differ: replications are independent and not paired");
  } else if (differences.empty() && !other_inputs && any_value_differs(base, now)) {
    list.push_back(std::string("model changed: same scenario, same seed, other numbers. ") +
                   (other_program
                        ? "The program is the cause, not the fleet"
                        : "Both name the same program: was one built from uncommitted changes?"));
  }
  if (base["scenario"]["name"] != now["scenario"]["name"]) {
    list.push_back("the scenarios have different names");
  }
  for (const Json* report : {&base, &now}) {
    if (!(*report)["complete"].get<bool>()) list.push_back("a report is of a run stopped early");
  }
  return list;
}

Json about(const NamedReport& named) {
  const Json& report = named.report;
  return {{"name", named.name},
          {"scenario", report["scenario"]["name"]},
          {"sha256", report["scenario"]["sha256"]},
          {"version", report["tool"]["version"]},
          {"commit", report["tool"]["commit"]},
          {"seed", report["method"]["seed"]},
          {"replications", report["method"]["replications"]}};
}

}  // namespace

nlohmann::ordered_json compare_reports(const NamedReport& base, const NamedReport& now,
                                       const CompareOptions& options) {
  Json not_found = Json::array();
  const std::vector<Gate> gates = gates_for(base.report, now.report, options, not_found);
  std::vector<Difference> differences;
  std::vector<double> p_values;
  std::vector<bool> both;
  for (const Gate& gate : gates) {
    const Json* base_sample = find_sample(base.report, gate.key);
    const Json* now_sample = find_sample(now.report, gate.key);
    both.push_back(base_sample != nullptr && now_sample != nullptr);
    const std::vector<double> a = values_of(base_sample);
    const std::vector<double> b = values_of(now_sample);
    const bool paired = same_seed(base.report, now.report) && a.size() == b.size() && !a.empty();
    differences.push_back(compare_values(a, b, paired, 1 - options.alpha));
    p_values.push_back(differences.back().p_value);
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  Json rows = Json::array();
  Json counts = {{"regressed", 0}, {"improved", 0}, {"same", 0}, {"absent", 0}};
  for (std::size_t i = 0; i < gates.size(); ++i) {
    rows.push_back(row_of(gates[i], differences[i], both[i], adjusted[i], options.alpha));
    const std::string called = rows.back()["verdict"];
    counts[called] = counts[called].get<int>() + 1;
  }
  Json fields = scenario_differences(base.report["scenario"]["effective"],
                                     now.report["scenario"]["effective"]);
  Json result = {{"base", about(base)}, {"now", about(now)}};
  result["notices"] = notices(base.report, now.report, fields);
  result["differences"] = std::move(fields);
  result["metrics"] = std::move(rows);
  result["not_found"] = std::move(not_found);
  result["counts"] = std::move(counts);
  return result;
}

nlohmann::ordered_json make_comparison(const std::vector<NamedReport>& reports,
                                       const CompareOptions& options, const ToolInfo& tool) {
  Json comparisons = Json::array();
  for (std::size_t i = 1; i < reports.size(); ++i) {
    comparisons.push_back(compare_reports(reports[0], reports[i], options));
  }
  return {{"schema_version", "1.0"},
          {"kind", "compare"},
          {"tool",
           {{"name", "headroom"},
            {"version", tool.version},
            {"commit", tool.commit},
            {"compiler", tool.compiler}}},
          {"alpha", number(options.alpha)},
          {"noise", number(options.noise)},
          {"comparisons", std::move(comparisons)}};
}

}  // namespace headroom
