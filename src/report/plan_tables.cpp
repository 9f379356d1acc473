#include <fmt/format.h>

#include <string>

#include "headroom/report/format.hpp"
#include "headroom/report/plan_report.hpp"
#include "plan_ways.hpp"
#include "screen_parts.hpp"
#include "worlds_report.hpp"

namespace headroom {
namespace {

std::string plain(const Json& value) { return value.is_null() ? "" : value.dump(); }

/// "| 34 | 24 | 0.72 s | PASS |": the cells of one judged row after its first.
std::string markdown_row(const Json& row) {
  const Json& binding = row["binding"];
  const std::string unit = binding.is_null() ? "" : word(binding["unit"]);
  const auto cell = [&](const Json& value) {
    return value.is_number() ? format_value(real(value), unit) : std::string("lost");
  };
  std::string value = "-";
  std::string range = "-";
  if (!binding.is_null()) {
    value = cell(binding["value"]);
    if (!binding["ci"].is_null()) range = cell(binding["ci"][0]) + " to " + cell(binding["ci"][1]);
  }
  return fmt::format("{} | {} | {} | {} | {} |", row["replications"].dump(),
                     binding.is_null() ? "-" : markdown_text(word(binding["id"])), value, range,
                     row["pass"].get<bool>() ? "PASS" : "**FAIL**");
}

std::string markdown_fleet(const Json& report) {
  if (report["answer"]["fleet"].empty()) return "";
  std::string out =
      "\n| pool | GPU | now | needed | interval | survives a node |\n|---|---|---|---|---|---|\n";
  for (const Json& pool : report["answer"]["fleet"]) {
    out += fmt::format("| {} | {} | {} | {} | {} to {} | {} |\n", markdown_text(word(pool["pool"])),
                       word(pool["gpu"]), format_count(real(pool["current"])),
                       format_count(real(pool["needed"])), format_count(real(pool["needed_ci"][0])),
                       format_count(real(pool["needed_ci"][1])),
                       format_count(real(pool["node_loss"])));
  }
  return out;
}

}  // namespace

std::string render_plan_csv(const nlohmann::ordered_json& report) {
  std::string out =
      "gpus,role,replications,in_busiest_hours,target,value,ci_low,ci_high,bound,target_pass,fleet_"
      "pass\n";
  for (const Json& row : report["curve"]) {
    for (const Json& target : row["targets"]) {
      const Json& ci = target["ci"];
      out +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", row["gpus"].dump(), word(row["role"]),
                      row["replications"].dump(), row["in_busiest_hours"].dump(),
                      csv_text(word(target["id"])), plain(target["value"]),
                      ci.is_null() ? "" : ci[0].dump(), ci.is_null() ? "" : ci[1].dump(),
                      plain(target["bound"]), target["pass"].dump(), row["pass"].dump());
    }
  }
  return out;
}

std::string render_plan_markdown(const nlohmann::ordered_json& report) {
  std::string out =
      fmt::format("## {}\n\n**{}**\n\n{}; {}\n", markdown_text(word(report["scenario"]["name"])),
                  markdown_text(word(report["answer"]["headline"])),
                  markdown_text(word(report["answer"]["today"])),
                  markdown_text(word(report["why"]["binding"])));
  out += markdown_fleet(report);
  out += worlds_markdown(report);
  const std::string rule = "---|---|---|---|---|---|\n";
  out += "\n| GPUs | replications | tightest target | value | interval | verdict |\n|" + rule;
  for (const Json& row : report["curve"]) {
    out += fmt::format("| {} | {}\n", format_count(real(row["gpus"])), markdown_row(row));
  }
  if (!report["knee"]["points"].empty()) {
    out += "\n| demand | replications | tightest target | value | interval | verdict |\n|" + rule;
    for (const Json& row : report["knee"]["points"]) {
      out +=
          fmt::format("| x {} | {}\n", format_number(real(row["multiplier"])), markdown_row(row));
    }
  }
  return out + ways_markdown(report);
}

}  // namespace headroom
