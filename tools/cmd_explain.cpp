#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/report/format.hpp"
#include "headroom/scenario/load.hpp"
#include "messages.hpp"
#include "scenario_input.hpp"

namespace headroom::tools {
namespace {

struct Row {
  json::ExplainRow field;
  const ScenarioProvenance* provenance = nullptr;
};

/// Whether `path` is `under` or inside it: "fleet.pools.a100" is inside "fleet.pools".
bool inside(const std::string& path, const std::string& under) {
  return under.empty() || path == under ||
         (path.size() > under.size() && path.compare(0, under.size(), under) == 0 &&
          path[under.size()] == '.');
}

/// The provenance that says most about a field: the longest path that holds it.
const ScenarioProvenance* provenance_of(const std::string& path, const Scenario& scenario) {
  const ScenarioProvenance* best = nullptr;
  for (const ScenarioProvenance& entry : scenario.provenance) {
    if (inside(path, entry.path) && (best == nullptr || entry.path.size() > best->path.size())) {
      best = &entry;
    }
  }
  return best;
}

std::vector<Row> rows_under(const LoadedScenario& loaded, const std::string& under) {
  std::vector<Row> rows;
  std::vector<std::string> known;
  for (json::ExplainRow& field : explain_scenario(loaded, resolve(loaded))) {
    known.push_back(field.path);
    if (!inside(field.path, under)) continue;
    const ScenarioProvenance* provenance = provenance_of(field.path, loaded.scenario);
    rows.push_back({std::move(field), provenance});
  }
  if (rows.empty()) {
    const std::string near = nearest_word(under, known);
    throw UsageError("the scenario has no field '" + under + "'" +
                     (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
  return rows;
}

std::string as_table(const std::vector<Row>& rows) {
  std::size_t path_width = 4;
  std::size_t value_width = 5;
  for (const Row& row : rows) {
    path_width = std::max(path_width, std::min<std::size_t>(44, display_width(row.field.path)));
    value_width = std::max(value_width, std::min<std::size_t>(24, display_width(row.field.value)));
  }
  const auto line = [&](const std::string& path, const std::string& value, const std::string& unit,
                        const std::string& source, const std::string& usual) {
    return pad_right(path, path_width) + "  " + pad_right(value, value_width) + "  " +
           pad_right(unit, 8) + "  " + pad_right(source, 10) + "  " + usual + "\n";
  };
  std::string text = line("path", "value", "unit", "from", "default; why");
  for (const Row& row : rows) {
    std::string last = row.field.default_value;
    if (row.provenance != nullptr) {
      last += "; " + row.provenance->kind;
      if (!row.provenance->source.empty()) last += ", " + row.provenance->source;
      if (!row.provenance->why.empty()) last += ": " + row.provenance->why;
      if (row.provenance->range.size() == 2) {
        last += " (" + row.provenance->range[0] + " to " + row.provenance->range[1] + ")";
      }
    }
    text += line(row.field.path, row.field.value, row.field.unit, row.field.source, last);
  }
  return text;
}

std::string as_json(const std::vector<Row>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json entry = {
        {"path", row.field.path}, {"pointer", row.field.pointer},       {"value", row.field.value},
        {"unit", row.field.unit}, {"default", row.field.default_value}, {"from", row.field.source},
        {"help", row.field.help}};
    if (row.provenance != nullptr) {
      entry["provenance"] = {{"kind", row.provenance->kind},
                             {"source", row.provenance->source},
                             {"why", row.provenance->why},
                             {"range", row.provenance->range}};
    }
    list.push_back(std::move(entry));
  }
  return list.dump(2) + "\n";
}

}  // namespace

int explain_command(const CommandLine& line, const Terminal&) {
  const ScenarioInput input = read_scenario(line.explain.scenario, line.explain.overrides);
  const std::vector<Row> rows = rows_under(input.loaded, line.explain.path);
  print_answer(line.explain.json ? as_json(rows) : as_table(rows));
  return kOk;
}

}  // namespace headroom::tools
