#include "uncertain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "headroom/scenario/uncertain.hpp"

namespace headroom {
namespace {

using Rows = std::map<std::string, json::ExplainRow>;

Rows rows_of(const json::Document& document) {
  Scenario scratch;
  Rows rows;
  for (json::ExplainRow& row :
       json::explain(document, [&scratch](json::Archive& a) { describe(a, scratch); })) {
    rows.emplace(row.path, std::move(row));
  }
  return rows;
}

/// What is no input: how the tool works, and what a plan looks for.
bool is_no_input(const std::string& path) {
  static const std::set<std::string> kSettings{"seed", "replications", "confidence",
                                               "busy_periods.count"};
  const bool fleet_size = path.starts_with("fleet.pools.") && path.ends_with(".gpus") &&
                          path.find(".deliveries.") == std::string::npos &&
                          path.find(".removals.") == std::string::npos;
  return kSettings.contains(path) || path.starts_with("fleet.cells.") || fleet_size ||
         path.starts_with("provenance.") || path.starts_with("uncertain.");
}

/// The same text again, with what was laid over it: something to try values on.
json::Document copy_of(const json::Document& document) {
  json::Document copy = json::Document::parse(document.text(), document.file_name(),
                                              json::Document::Comments::kAllowed);
  for (const json::Document::Override& change : document.overrides()) {
    copy.set_json(change.pointer, change.value_json);
  }
  return copy;
}

/// Reads what a scenario calls uncertain, noting what is wrong with it.
class UncertainReader {
 public:
  UncertainReader(const LoadedScenario& loaded, Problems& problems)
      : loaded_(loaded), problems_(problems), rows_(rows_of(loaded.document)) {}

  std::vector<UncertainInput> read() {
    std::vector<UncertainInput> inputs;
    const auto& declared = loaded_.scenario.uncertain;
    for (std::size_t i = 0; i < declared.size(); ++i) {
      declared_ = &declared[i];
      pointer_ = at_item("/uncertain", i);
      UncertainInput input;
      input.name = declared[i].name.empty() ? declared[i].paths.front() : declared[i].name;
      input.kind = declared[i].kind;
      check_name(input.name);
      for (std::size_t j = 0; j < declared[i].paths.size(); ++j) {
        add_field(input, j, at_item(pointer_ + "/paths", j));
      }
      inputs.push_back(std::move(input));
    }
    return inputs;
  }

 private:
  void check_name(const std::string& name) {
    if (names_.insert(name).second) return;
    problems_.add("E108", pointer_ + (declared_->name.empty() ? "/paths/0" : "/name"),
                  "two uncertain inputs are called \"" + name + "\"");
  }

  void add_field(UncertainInput& input, std::size_t at, const std::string& place) {
    const std::string& path = declared_->paths[at];
    const json::ExplainRow* row = field_at(path, place);
    if (row == nullptr) return;
    UncertainField field{path, row->pointer, row->dimension, row->whole, *row->number, 0, 0};
    if (!read_ends(field, place)) return;
    const std::string where = ends_place(place);
    if (!(field.low < field.high)) {
      problems_.add("E146", where,
                    fmt::format("low must be below high, found {} and {}",
                                shown_value(field, field.low), shown_value(field, field.high)));
    } else if (field.stated < field.low || field.stated > field.high) {
      problems_.add("E146", where,
                    fmt::format("{} is {}, which the range {} to {} leaves out", path,
                                shown_value(field, field.stated), shown_value(field, field.low),
                                shown_value(field, field.high)));
    } else if (input.kind.starts_with("log") && field.low <= 0) {
      problems_.add("E146", where, input.kind + " needs a low above 0");
    } else if (check_reach(input, field, where)) {
      input.fields.push_back(std::move(field));
    }
  }

  /// The number that a path names; null when it names none, which is noted.
  const json::ExplainRow* field_at(const std::string& path, const std::string& place) {
    if (is_no_input(path)) {
      problems_.add("E145", place,
                    "\"" + path + "\" says how to plan or what is planned; it is no input");
      return nullptr;
    }
    const auto found = rows_.find(path);
    if (found == rows_.end()) {
      unknown(path, place);
      return nullptr;
    }
    const json::ExplainRow& row = found->second;
    if (row.source == "default") {
      problems_.add("E145", place,
                    "\"" + path + "\" is not given; state a value that it may vary around");
      return nullptr;
    }
    if (!row.number) {
      problems_.add("E145", place, "\"" + path + "\" is no number; it holds a " + row.unit);
      return nullptr;
    }
    if (!paths_.insert(path).second) {
      problems_.add("E145", place, "\"" + path + "\" is named twice");
      return nullptr;
    }
    return &row;
  }

  void unknown(const std::string& path, const std::string& place) {
    std::vector<std::string> given;
    std::vector<std::string> inside;
    for (const auto& [other, row] : rows_) {
      if (row.source == "default" || !row.number || is_no_input(other)) continue;
      given.push_back(other);
      if (other.starts_with(path + ".")) inside.push_back(other);
    }
    std::vector<std::string> notes;
    std::string message = "\"" + path + "\" names no field";
    if (!inside.empty()) {
      message = "\"" + path + "\" is no number; it holds several";
      std::string list;
      for (const std::string& other : inside) list += (list.empty() ? "" : ", ") + other;
      notes.push_back("numbers in it: " + list);
    } else if (const std::string near = nearest_word(path, given); !near.empty()) {
      notes.push_back("did you mean \"" + near + "\"?");
    } else {
      notes.push_back("list items go by their name: classes.chat.rate.base");
    }
    problems_.add("E145", place, message, std::move(notes));
  }

  /// Where the ends of the range of a field stand.
  std::string ends_place(const std::string& path_place) const {
    if (!declared_->range.empty()) return pointer_ + "/range";
    return declared_->factor.empty() ? path_place : pointer_ + "/factor";
  }

  bool read_ends(UncertainField& field, const std::string& place) {
    if (!declared_->factor.empty()) {
      field.low = field.stated * declared_->factor[0];
      field.high = field.stated * declared_->factor[1];
      return true;
    }
    const std::vector<std::string>* ends = &declared_->range;
    if (ends->empty()) ends = provenance_range(field.path);
    if (ends == nullptr) {
      problems_.add("E146", place, "\"" + field.path + "\" has no range",
                    {"give range or factor here, or a range in provenance"});
      return false;
    }
    const std::optional<double> low = end_of(field, (*ends)[0], place, 0);
    const std::optional<double> high = end_of(field, (*ends)[1], place, 1);
    if (low) field.low = *low;
    if (high) field.high = *high;
    return low && high;
  }

  const std::vector<std::string>* provenance_range(const std::string& path) const {
    for (const ScenarioProvenance& entry : loaded_.scenario.provenance) {
      if (entry.path == path && entry.range.size() == 2) return &entry.range;
    }
    return nullptr;
  }

  /// An end of a range, read as the field itself would be.
  std::optional<double> end_of(const UncertainField& field, const std::string& text,
                               const std::string& place, std::size_t end) {
    const bool here = !declared_->range.empty();
    std::string problem;
    const auto value = tried(
        field, [&](json::Document& d) { d.set(field.pointer, text); }, problem);
    if (value) return value;
    problems_.add("E146", here ? at_item(pointer_ + "/range", end) : place,
                  fmt::format("\"{}\"{} is no value of {}: {}", text, here ? "" : " in provenance",
                              field.path, problem));
    return std::nullopt;
  }

  /// Whether the field takes the smallest and the largest value that may be drawn.
  bool check_reach(const UncertainInput& input, const UncertainField& field,
                   const std::string& place) {
    for (const double u : {0.0, 1.0}) {
      const std::string text = written_value(field, uncertain_value(input, field, u));
      std::string problem;
      if (tried(
              field, [&](json::Document& d) { d.set_json(field.pointer, text); }, problem)) {
        continue;
      }
      problems_.add(
          "E146", place,
          fmt::format("{} may be drawn, which {} does not take: {}", text, field.path, problem));
      return false;
    }
    return true;
  }

  /// The field's value after a change; nothing, and why, when the scenario then does not read.
  template <class Change>
  std::optional<double> tried(const UncertainField& field, Change change, std::string& problem) {
    if (!scratch_) scratch_.emplace(copy_of(loaded_.document));
    std::optional<double> value;
    problem = "it is no number";
    try {
      change(*scratch_);
      value = rows_of(*scratch_).at(field.path).number;
    } catch (const InputError& error) {
      problem = error.issues().front().message;
    } catch (const std::out_of_range&) {
      // An object instead of a number: the field is not there any more.
    }
    scratch_->set_json(field.pointer, loaded_.document.dump(field.pointer));
    return value;
  }

  const LoadedScenario& loaded_;
  Problems& problems_;
  Rows rows_;
  const ScenarioUncertain* declared_ = nullptr;
  std::string pointer_;
  std::set<std::string> names_, paths_;
  std::optional<json::Document> scratch_;
};

}  // namespace

void check_uncertain(const LoadedScenario& loaded, Problems& problems) {
  if (!loaded.scenario.uncertain.empty()) UncertainReader(loaded, problems).read();
}

std::vector<UncertainInput> uncertain_inputs(const LoadedScenario& loaded) {
  if (loaded.scenario.uncertain.empty()) return {};
  Problems none;
  return UncertainReader(loaded, none).read();
}

}  // namespace headroom
