#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
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

/// Where a field's value comes from beyond its source: its default, and what the scenario says.
std::string remark_of(const Row& row) {
  std::string text;
  const std::string& usual = row.field.default_value;
  // A field at its default shows it as its value; "-" and nothing are no default.
  if (row.field.source != "default" && !usual.empty() && usual != "-") {
    text = usual == "required" ? usual : "default " + usual;
  }
  if (row.provenance == nullptr) return text;
  text += (text.empty() ? "" : "; ") + row.provenance->kind;
  if (!row.provenance->source.empty()) text += ", " + row.provenance->source;
  if (!row.provenance->why.empty()) text += ": " + row.provenance->why;
  if (row.provenance->range.size() == 2) {
    text += " (" + row.provenance->range[0] + " to " + row.provenance->range[1] + ")";
  }
  return text;
}

/// One line a field, with what goes beyond the width, and the remark, on lines below it.
class Table {
 public:
  Table(const std::vector<Row>& rows, std::size_t columns) : columns_(columns) {
    const auto widest = [&rows](auto text_of, std::size_t least, std::size_t most) {
      std::size_t width = least;
      for (const Row& row : rows) width = std::max(width, display_width(text_of(row.field)));
      return std::min(width, most);
    };
    using Field = json::ExplainRow;
    unit_ = widest([](const Field& f) { return f.unit; }, 4, 15);
    source_ = widest([](const Field& f) { return f.source; }, 4, 10);
    const std::size_t left = columns - unit_ - source_ - 6;
    path_ = widest([](const Field& f) { return f.path; }, 4, left * 3 / 5);
    value_ = widest([](const Field& f) { return f.value; }, 5, left - path_);
  }

  std::string head() const { return line("path", "value", "unit", "from"); }

  std::string lines(const Row& row) const {
    const json::ExplainRow& field = row.field;
    std::string text;
    std::string path = field.path;
    if (display_width(path) > path_) text += std::exchange(path, "") + "\n";
    if (display_width(field.value) <= value_) {
      text += line(path, field.value, field.unit, field.source);
    } else {
      text += line(path, "", field.unit, field.source) + below(field.value);
    }
    return text + below(remark_of(row));
  }

 private:
  std::string line(const std::string& path, const std::string& value, const std::string& unit,
                   const std::string& source) const {
    return pad_right(path, path_) + "  " + pad_right(value, value_) + "  " +
           pad_right(unit, unit_) + "  " + source + "\n";
  }
  std::string below(const std::string& text) const {
    std::string lines;
    for (const std::string& part : wrap_text(text, "    ", columns_)) lines += part + "\n";
    return lines;
  }

  std::size_t columns_, path_, value_, unit_, source_;
};

std::string as_table(const std::vector<Row>& rows, std::size_t columns) {
  const Table table(rows, columns);
  std::string text = table.head();
  for (const Row& row : rows) text += table.lines(row);
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

int explain_command(const CommandLine& line, const Terminal& terminal) {
  const ScenarioInput input = read_scenario(line.explain.scenario, line.explain.overrides);
  const std::vector<Row> rows = rows_under(input.loaded, line.explain.path);
  print_answer(line.explain.json ? as_json(rows) : as_table(rows, terminal.columns));
  return kOk;
}

}  // namespace headroom::tools
