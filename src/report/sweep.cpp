#include "headroom/report/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "checked_json.hpp"
#include "headroom/report/format.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

struct Column {
  const char* name;
  const char* unit;
  Json (*cell)(const Json& report);
};

Json metric(const Json& report, const char* key, const char* statistic) {
  const Json& metrics = report["metrics"];
  return metrics.contains(key) ? metrics[key]["all"][statistic] : Json(nullptr);
}

/// What every point has, beside its targets.
constexpr Column kColumns[] = {
    {"arrived", "", [](const Json& r) { return r["requests"]["all"]["arrived"]; }},
    {"queue_delay_p95_s", "s", [](const Json& r) { return metric(r, "queue_delay_s", "p95"); }},
    {"ttft_p95_s", "s", [](const Json& r) { return metric(r, "ttft_s", "p95"); }},
    {"e2e_mean_s", "s", [](const Json& r) { return metric(r, "e2e_s", "mean"); }},
    {"e2e_p95_s", "s", [](const Json& r) { return metric(r, "e2e_s", "p95"); }},
    {"goodput_per_s", "1/s", [](const Json& r) { return r["requests"]["all"]["goodput_per_s"]; }},
    {"abandoned_share", "share",
     [](const Json& r) { return r["requests"]["all"]["abandoned_share"]; }},
    {"rejected_share", "share",
     [](const Json& r) { return r["requests"]["all"]["rejected_share"]; }},
    {"offered_load_per_gpu", "share",
     [](const Json& r) { return r["why"]["offered_load_per_gpu"]; }},
};

Json column(const std::string& name, const std::string& unit) {
  return {{"name", name}, {"unit", unit}};
}

Json columns_of(const Json& report) {
  Json columns = {column("gpus", ""), column("holds", "")};
  for (const Json& target : report["targets"]) {
    const std::string id = target["id"];
    const std::string unit = target["unit"];
    columns.push_back(column(id, unit));
    columns.push_back(column(id + "_low", unit));
    columns.push_back(column(id + "_high", unit));
    columns.push_back(column(id + "_pass", ""));
  }
  for (const Column& one : kColumns) columns.push_back(column(one.name, one.unit));
  return columns;
}

Json cells_of(const Json& report) {
  const std::string verdict = report["answer"]["verdict"];
  Json cells = {report["answer"]["gpus"],
                verdict == "none" ? Json(nullptr) : Json(verdict == "pass")};
  for (const Json& target : report["targets"]) {
    const bool bounded = target["ci"].is_array();
    cells.push_back(target["value"]);
    cells.push_back(bounded ? target["ci"][0] : Json(nullptr));
    cells.push_back(bounded ? target["ci"][1] : Json(nullptr));
    cells.push_back(target["pass"]);
  }
  for (const Column& one : kColumns) cells.push_back(one.cell(report));
  return cells;
}

std::string csv_cell(const Json& value) {
  if (value.is_null()) return "";
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + cell;
  return line + "\n";
}

/// The last words of a path: "fleet.pools.a100.gpus" is "a100.gpus".
std::string short_path(const std::string& path) {
  std::size_t dot = path.rfind('.');
  if (dot != std::string::npos && dot > 0) dot = path.rfind('.', dot - 1);
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

/// Columns a screen has room for: the verdict, each target's value, and the usual four.
std::vector<std::size_t> screen_columns(const Json& columns) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = columns[i]["name"];
    const bool bound = name.ends_with("_low") || name.ends_with("_high") || name.ends_with("_pass");
    if (!bound && name != "arrived" && name != "goodput_per_s" && name != "ttft_p95_s" &&
        name != "e2e_p95_s") {
      chosen.push_back(i);
    }
  }
  return chosen;
}

std::string screen_cell(const Json& value, const Json& column) {
  const std::string unit = column["unit"];
  if (value.is_boolean()) return value.get<bool>() ? "PASS" : "FAIL";
  if (value.is_null()) return unit.empty() ? "-" : "lost";
  if (column["name"] == "offered_load_per_gpu") return format_number(value);
  return unit.empty() ? format_count(value) : format_value(value, unit);
}

std::string screen_name(const std::string& name) {
  if (name == "offered_load_per_gpu") return "load/GPU";
  if (name == "queue_delay_p95_s") return "queue p95";
  if (name == "e2e_mean_s") return "E2E mean";
  if (name == "abandoned_share") return "left";
  if (name == "rejected_share") return "refused";
  return name;
}

}  // namespace

nlohmann::ordered_json make_sweep(const std::string& scenario, const std::vector<Axis>& axes,
                                  const std::vector<SweepPoint>& points, const ToolInfo& tool) {
  Json columns = Json::array();
  Json rows = Json::array();
  for (const SweepPoint& point : points) {
    if (point.report.is_null()) {
      rows.push_back({{"values", point.values}, {"cells", nullptr}, {"error", point.error}});
      continue;
    }
    if (columns.empty()) columns = columns_of(point.report);
    rows.push_back(
        {{"values", point.values}, {"cells", cells_of(point.report)}, {"error", nullptr}});
  }
  Json paths = Json::array();
  for (const Axis& axis : axes) paths.push_back({{"path", axis.path}, {"values", axis.values}});
  return {{"schema_version", "1.0"},
          {"kind", "sweep"},
          {"tool",
           {{"name", "headroom"},
            {"version", tool.version},
            {"commit", tool.commit},
            {"compiler", tool.compiler}}},
          {"scenario", scenario},
          {"axes", std::move(paths)},
          {"columns", std::move(columns)},
          {"rows", std::move(rows)}};
}

std::string render_sweep(const nlohmann::ordered_json& sweep, const TextStyle& style) {
  std::vector<std::vector<std::string>> lines{{}};
  for (const Json& axis : sweep["axes"]) lines[0].push_back(short_path(axis["path"]));
  const std::vector<std::size_t> chosen = screen_columns(sweep["columns"]);
  for (const std::size_t i : chosen) {
    lines[0].push_back(cut_text(screen_name(sweep["columns"][i]["name"]), 18));
  }
  for (const Json& row : sweep["rows"]) {
    std::vector<std::string> line = row["values"];
    if (row["cells"].is_null()) {
      line.push_back("error: " + row["error"].get<std::string>());
    } else {
      for (const std::size_t i : chosen) {
        line.push_back(screen_cell(row["cells"][i], sweep["columns"][i]));
      }
    }
    lines.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    if (line.size() != widths.size()) continue;  // an error runs over its columns
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  const Paint paint(style.colour);
  std::string out;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    std::string text;
    for (std::size_t i = 0; i < lines[n].size(); ++i) {
      const bool last = i + 1 == lines[n].size();
      text += last ? lines[n][i] : pad_right(lines[n][i], widths[i] + 2);
    }
    out += (n == 0 ? paint.strong(text) : text) + "\n";
  }
  return out;
}

std::string render_sweep_csv(const nlohmann::ordered_json& sweep) {
  std::vector<std::string> header;
  for (const Json& axis : sweep["axes"]) header.push_back(csv_cell(axis["path"]));
  for (const Json& one : sweep["columns"]) header.push_back(csv_cell(one["name"]));
  header.emplace_back("error");
  std::string out = csv_line(header);
  for (const Json& row : sweep["rows"]) {
    std::vector<std::string> line;
    for (const Json& value : row["values"]) line.push_back(csv_cell(value));
    for (std::size_t i = 0; i < sweep["columns"].size(); ++i) {
      line.push_back(row["cells"].is_null() ? "" : csv_cell(row["cells"][i]));
    }
    line.push_back(csv_cell(row["error"]));
    out += csv_line(line);
  }
  return out;
}

}  // namespace headroom
