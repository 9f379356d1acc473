#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "compare_parts.hpp"
#include "headroom/core/error.hpp"

namespace headroom {
namespace {

constexpr std::array<std::string_view, 4> kStatistics{"mean", "p50", "p95", "p99"};

/// Cuts what stands behind the last `mark` off `text`; empty when there is none.
std::string cut_behind(std::string& text, char mark) {
  const std::size_t at = text.rfind(mark);
  if (at == std::string::npos) return "";
  std::string behind = text.substr(at + 1);
  text.resize(at);
  return behind;
}

/// The usual statistic of a metric: none for shares and rates.
std::string usual_statistic(const std::string& metric) {
  const auto known = find_metric(metric);
  if (!known || static_cast<std::size_t>(*known) >= kLatencyMetrics) return "";
  return metric == "e2e" ? "mean" : "p95";
}

}  // namespace

bool is_usual(const Json& key) {
  if (key.contains("target")) return true;
  if (key["class"] != "all") return false;
  const std::string metric = key["metric"];
  const std::string statistic = key["statistic"].is_null() ? "" : key["statistic"];
  if (metric == "slo_attainment") return false;  // goodput says it for all classes
  return statistic.empty() || statistic == "p95" || (metric == "e2e" && statistic == "mean");
}

namespace {

bool matches(const MetricGate& gate, const Json& key) {
  if (!gate.target.empty()) return key.contains("target") && key["target"] == gate.target;
  if (key.contains("target") || key["metric"] != gate.metric) return false;
  const std::string statistic =
      gate.statistic.empty() ? usual_statistic(gate.metric) : gate.statistic;
  const Json wanted = statistic.empty() ? Json(nullptr) : Json(statistic);
  return key["statistic"] == wanted &&
         key["window"] == (gate.window.empty() ? "run" : gate.window) &&
         key["class"] == (gate.request_class.empty() ? "all" : gate.request_class);
}

std::string written(const MetricGate& gate) {
  if (!gate.target.empty()) return "target=" + gate.target;
  std::string text = gate.metric;
  if (!gate.statistic.empty()) text += "." + gate.statistic;
  if (!gate.window.empty()) text += "@" + gate.window;
  if (!gate.request_class.empty()) text += "/" + gate.request_class;
  return text;
}

Gate make_gate(Json key, const CompareOptions& options, const MetricGate* asked) {
  Gate gate;
  gate.higher_is_better = key["better"] == "higher";
  gate.threshold = options.noise;
  if (asked != nullptr) {
    gate.higher_is_better = asked->higher_is_better.value_or(gate.higher_is_better);
    gate.threshold = asked->threshold.value_or(options.noise);
  }
  gate.key = std::move(key);
  return gate;
}

}  // namespace

std::optional<double> parse_share(const std::string& text, std::string& problem) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  const bool percent = std::string_view(rest, static_cast<std::size_t>(end - rest)) == "%";
  if (error == std::errc{} && value >= 0 && std::isfinite(value) && (percent || rest == end)) {
    return percent ? value / 100 : value;
  }
  problem = "'" + text + "' should be a share like 2% or 0.02";
  return std::nullopt;
}

std::optional<MetricGate> parse_metric_gate(const std::string& text, std::string& problem) {
  MetricGate gate;
  std::string rest = text;
  for (int i = 0; i < 2; ++i) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string::npos) break;
    const std::string word = cut_behind(rest, ':');
    std::string ignored;
    if (word == "lower" || word == "higher") {
      gate.higher_is_better = word == "higher";
    } else if (const auto threshold = parse_share(word, ignored)) {
      gate.threshold = threshold;
    } else {
      problem = "'" + word + "' in '" + text + "' should be lower, higher or a threshold like 2%";
      return std::nullopt;
    }
  }
  if (rest.starts_with("target=")) {
    gate.target = rest.substr(7);
    return gate;
  }
  gate.request_class = cut_behind(rest, '/');
  gate.window = cut_behind(rest, '@');
  const std::size_t dot = rest.find('.');
  if (dot != std::string::npos) {
    gate.statistic = rest.substr(dot + 1);
    rest.resize(dot);
  }
  gate.metric = rest;
  if (!find_metric(gate.metric)) {
    std::vector<std::string> names;
    for (const MetricEntry& entry : metrics()) names.emplace_back(entry.name);
    const std::string near = nearest_word(gate.metric, names);
    problem = "unknown metric '" + gate.metric + "' in '" + text + "'" +
              (near.empty() ? "" : "; did you mean '" + near + "'?");
    return std::nullopt;
  }
  const bool known =
      std::find(kStatistics.begin(), kStatistics.end(), gate.statistic) != kStatistics.end();
  if (!gate.statistic.empty() && !known) {
    problem = "'" + gate.statistic + "' in '" + text + "' should be mean, p50, p95 or p99";
    return std::nullopt;
  }
  return gate;
}

Json key_of(const Json& sample) {
  Json key = sample;
  key.erase("values");
  return key;
}

std::string gate_name(const Json& key) {
  const std::string period =
      key.contains("period") ? " #" + std::to_string(key["period"].get<int>()) : "";
  if (key.contains("target")) return key["target"].get<std::string>() + period;
  std::string name = key["metric"];
  if (!key["statistic"].is_null()) name += "." + key["statistic"].get<std::string>();
  if (key["window"] != "run") name += " [" + key["window"].get<std::string>() + "]";
  if (key["class"] != "all") name += " " + key["class"].get<std::string>();
  return name;
}

std::vector<std::string> metric_names(const Json& report) {
  std::vector<std::string> names;
  for (const Json& sample : report["samples"]) {
    MetricGate gate;
    if (sample.contains("target")) {
      gate.target = sample["target"];
    } else {
      gate.metric = sample["metric"];
      if (!sample["statistic"].is_null()) gate.statistic = sample["statistic"];
      if (sample["window"] != "run") gate.window = sample["window"];
      if (sample["class"] != "all") gate.request_class = sample["class"];
    }
    names.push_back(written(gate));
  }
  return names;
}

const Json* find_sample(const Json& report, const Json& key) {
  for (const Json& sample : report["samples"]) {
    if (key_of(sample) == key) return &sample;
  }
  return nullptr;
}

std::vector<Gate> gates_for(const Json& base, const Json& now, const CompareOptions& options,
                            Json& not_found) {
  std::vector<Json> keys;
  for (const Json* report : {&base, &now}) {
    for (const Json& sample : (*report)["samples"]) {
      Json key = key_of(sample);
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
    }
  }
  std::vector<Gate> gates;
  if (options.gates.empty()) {
    for (Json& key : keys) {
      if (is_usual(key)) gates.push_back(make_gate(std::move(key), options, nullptr));
    }
    return gates;
  }
  for (const MetricGate& asked : options.gates) {
    bool found = false;
    for (const Json& key : keys) {
      if (!matches(asked, key)) continue;
      gates.push_back(make_gate(key, options, &asked));
      found = found || (find_sample(base, key) != nullptr && find_sample(now, key) != nullptr);
    }
    if (!found) not_found.push_back(written(asked));
  }
  return gates;
}

}  // namespace headroom
