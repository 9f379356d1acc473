#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>

#include "checked_json.hpp"
#include "headroom/report/format.hpp"
#include "headroom/report/report.hpp"

namespace headroom {
namespace {

/// Shortest text that reads back as the number; empty for null.
std::string plain(const Json& value) { return value.is_null() ? "" : value.dump(); }

/// Calls `row(class, window, block)` for every group of a block that is kept by class and window.
template <class Row>
void each_group(const Json& block, const Row& row) {
  const auto groups = [&](const Json& in, const std::string& window) {
    row("all", window, in["all"]);
    for (const auto& [name, group] : in["by_class"].items()) row(name, window, group);
  };
  groups(block, "run");
  for (const auto& [window, in] : block["by_window"].items()) groups(in, window);
}

/// Rows of one group: every number in it, with its interval and whether it is censored.
void csv_rows(const std::string& request_class, const std::string& window,
              const std::string& metric, const std::string& unit, const Json& group,
              std::string& out) {
  for (const auto& [key, value] : group.items()) {
    if (value.is_structured()) continue;
    std::string low;
    std::string high;
    if (group.contains("ci") && group["ci"].contains(key)) {
      low = plain(group["ci"][key][0]);
      high = plain(group["ci"][key][1]);
    }
    bool censored = false;
    if (group.contains("censored")) {
      for (const Json& name : group["censored"]) censored = censored || name == key;
    }
    out += fmt::format("{},{},{},{},{},{},{},{},{}\n", csv_text(request_class), csv_text(window),
                       metric, key, plain(value), low, high, unit, censored ? "censored" : "");
  }
}

std::string text_of(const Json& text) { return text.get<std::string>(); }

std::string cell(const Json& value, const std::string& unit) {
  return value.is_number() ? format_value(value.get<double>(), unit) : "-";
}

std::string markdown_targets(const Json& report) {
  if (report["targets"].empty()) return "";
  std::string out =
      "\n| target | class | window | value | interval | limit | verdict |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const Json& target : report["targets"]) {
    const std::string unit = target["unit"];
    std::string limit;
    for (const auto& [key, value] : target.items()) {
      if (key.rfind("max", 0) == 0) limit = "<= " + cell(value, unit);
      if (key.rfind("min", 0) == 0) limit = ">= " + cell(value, unit);
    }
    const std::string range =
        target["ci"].is_null() ? "-"
                               : cell(target["ci"][0], unit) + " to " + cell(target["ci"][1], unit);
    out += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} |\n", markdown_text(text_of(target["id"])),
        markdown_text(text_of(target["class"])), markdown_text(text_of(target["window"])),
        target["value"].is_null() ? "lost" : cell(target["value"], unit), range, limit,
        target["pass"].get<bool>() ? "PASS" : "**FAIL**");
  }
  return out;
}

/// One row a busy period; nothing without them.
std::string markdown_periods(const Json& report) {
  const Json& busy = report["busy_periods"];
  if (busy.is_null()) return "";
  std::string out =
      fmt::format("\n| {} | from | demand | load per GPU | verdict |\n|---|---|---|---|---|\n",
                  busy["every"].get<std::string>());
  for (const Json& period : busy["periods"]) {
    const std::string from =
        period["start_utc"].is_null() ? "-" : period["start_utc"].get<std::string>().substr(0, 10);
    out += fmt::format("| {} | {} | x {} | {} | {} |\n", period["index"].get<std::size_t>(), from,
                       format_number(period["rate_multiplier"].get<double>()),
                       format_number(period["offered_load_per_gpu"].get<double>()),
                       period["pass"].get<bool>() ? "PASS" : "**FAIL**");
  }
  return out;
}

}  // namespace

std::string render_csv(const nlohmann::ordered_json& report) {
  std::string out = "class,window,metric,statistic,value,ci_low,ci_high,unit,note\n";
  each_group(report["requests"], [&](const std::string& c, const std::string& w, const Json& g) {
    csv_rows(c, w, "requests", "", g, out);
  });
  for (const auto& [metric, block] : report["metrics"].items()) {
    const std::string unit = block["unit"];
    each_group(block, [&, name = metric](const std::string& c, const std::string& w,
                                         const Json& g) { csv_rows(c, w, name, unit, g, out); });
  }
  return out;
}

std::string render_markdown(const nlohmann::ordered_json& report) {
  const std::string verdict = report["answer"]["verdict"];
  std::string out =
      fmt::format("## {}\n\n{}**{}**\n\n{}\n", markdown_text(text_of(report["scenario"]["name"])),
                  verdict == "none"   ? ""
                  : verdict == "pass" ? "PASS: "
                                      : "FAIL: ",
                  markdown_text(text_of(report["answer"]["headline"])),
                  markdown_text(text_of(report["why"]["binding"])));
  out += markdown_targets(report);
  out += markdown_periods(report);
  out +=
      "\n| metric | class | window | count | mean | p50 | p90 | p95 | p99 | max |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& [metric, block] : report["metrics"].items()) {
    const std::string unit = block["unit"];
    const std::string name = metric.substr(0, metric.size() - (unit == "s" ? 2 : 0));
    each_group(block, [&](const std::string& c, const std::string& w, const Json& g) {
      out += fmt::format("| {} | {} | {} | {}", name, markdown_text(c), markdown_text(w),
                         g["count"].is_number() ? format_count(g["count"].get<double>()) : "-");
      for (const char* statistic : {"mean", "p50", "p90", "p95", "p99", "max"}) {
        const bool lost = g[statistic].is_null() && !g["censored"].empty();
        out += " | " + (lost ? std::string("lost") : cell(g[statistic], unit));
      }
      out += " |\n";
    });
  }
  return out;
}

}  // namespace headroom
