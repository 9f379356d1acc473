#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "compare_parts.hpp"
#include "headroom/report/format.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

/// Differing fields and metrics shown at most; the JSON has all.
constexpr std::size_t kFieldsShown = 12;
constexpr std::size_t kNameColumns = 27;

std::string verdict_word(const Json& row) {
  const std::string verdict = row["verdict"];
  if (verdict == "absent") return "-";
  return verdict == "regressed" ? "REGRESSED" : verdict == "improved" ? "IMPROVED" : "~";
}

/// The value of one side ("base" or "now"); a report that has none is not one that lost it.
std::string side(const Json& row, const char* of) {
  if (row["verdict"] == "absent" && row[of].is_null()) return "-";
  return shown_value(row[of], row["unit"].get<std::string>());
}

std::string painted(const std::string& word, const Paint& paint) {
  return word == "REGRESSED" ? paint.bad(word) : word == "IMPROVED" ? paint.good(word) : word;
}

std::string field_value(const Json& value) {
  const std::string text = value.is_null()     ? "(absent)"
                           : value.is_string() ? value.get<std::string>()
                                               : value.dump();
  return cut_text(text, 40);
}

void add_fields(const Json& comparison, std::size_t columns, std::string& out) {
  const Json& fields = comparison["differences"];
  std::size_t shown_fields = 0;
  for (const Json& field : fields) {
    if (shown_fields++ == kFieldsShown) break;
    const std::string line = fmt::format("{}  {} -> {}", field["path"].get<std::string>(),
                                         field_value(field["base"]), field_value(field["now"]));
    for (const std::string& part :
         wrap_text(line, shown_fields == 1 ? "  differs   " : "            ", columns)) {
      out += part + "\n";
    }
  }
  if (fields.size() > kFieldsShown) {
    out +=
        fmt::format("            and {} more (--json lists them)\n", fields.size() - kFieldsShown);
  }
  if (fields.empty()) out += "  differs   nothing in the scenario\n";
  for (const Json& notice : comparison["notices"]) {
    for (const std::string& line : wrap_text(notice.get<std::string>(), "  note      ", columns)) {
      out += line + "\n";
    }
  }
}

void add_rows(const Json& comparison, const Json& document, const Paint& paint, std::string& out) {
  const std::string level = format_share(1 - document["alpha"].get<double>());
  out +=
      fmt::format("\n  {}{}{}{}verdict\n", pad_right("metric", kNameColumns), pad_right("base", 10),
                  pad_right("new", 10), pad_right("delta (" + level + " CI)", 23));
  for (const Json& row : comparison["metrics"]) {
    out += fmt::format("  {}{}{}{}{}\n",
                       pad_right(cut_text(row["name"], kNameColumns - 1), kNameColumns),
                       pad_right(side(row, "base"), 10), pad_right(side(row, "now"), 10),
                       pad_right(shown_delta(row) + " ", 23), painted(verdict_word(row), paint));
  }
}

}  // namespace

std::string shown_value(const Json& value, const std::string& unit) {
  return value.is_number() ? format_value(value.get<double>(), unit) : "lost";
}

/// "+20.8 % [+17.9, +23.7]"; in the metric's unit where the base is 0.
std::string shown_delta(const Json& row) {
  if (row["verdict"] == "absent") return "only in one report";
  const Json& lost = row["censored_replications"];
  if (lost["base"] != 0 || lost["now"] != 0) {
    return fmt::format("lost in {} -> {} of {}", lost["base"].get<int>(), lost["now"].get<int>(),
                       row["replications"].get<int>());
  }
  if (row["delta"].is_null()) return "no value";
  if (row["relative"].is_null()) {
    const double delta = row["delta"];
    return (delta < 0 ? "-" : "+") + format_value(std::abs(delta), row["unit"].get<std::string>());
  }
  std::string text = fmt::format("{:+.1f} %", 100 * row["relative"].get<double>());
  if (row["relative_ci"].is_array()) {
    text += fmt::format(" [{:+.1f}, {:+.1f}]", 100 * row["relative_ci"][0].get<double>(),
                        100 * row["relative_ci"][1].get<double>());
  }
  return text;
}

std::string shown_counts(const Json& comparison) {
  const Json& counts = comparison["counts"];
  std::string pairs;
  if (!comparison["metrics"].empty()) {
    const Json* most =
        &comparison["metrics"][0];  // one report may lack a metric, and then has none
    for (const Json& row : comparison["metrics"]) {
      if (row["replications"] > (*most)["replications"]) most = &row;
    }
    const int number = (*most)["replications"];
    pairs = fmt::format(" ({} {}replication{})", number,
                        (*most)["paired"].get<bool>() ? "paired " : "independent ",
                        number == 1 ? "" : "s");
  }
  const int absent = counts["absent"];
  return fmt::format("{} regressed, {} improved, {} within noise{}{}",
                     counts["regressed"].get<int>(), counts["improved"].get<int>(),
                     counts["same"].get<int>(),
                     absent > 0 ? fmt::format(", {} only in one report", absent) : "", pairs);
}

std::string markdown_rows(const Json& comparison, bool all) {
  std::string rows;
  for (const Json& row : comparison["metrics"]) {
    const std::string word = verdict_word(row);
    if (!all && word == "~") continue;
    rows +=
        fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(row["name"].get<std::string>()),
                    side(row, "base"), side(row, "now"), shown_delta(row),
                    word == "REGRESSED" ? "**REGRESSED**" : word);
  }
  if (rows.empty()) return "";
  return "\n| metric | base | new | delta | verdict |\n|---|---|---|---|---|\n" + rows;
}

std::string render_comparison(const nlohmann::ordered_json& document, const TextStyle& style) {
  const Paint paint(style.colour);
  std::string out;
  for (const Json& comparison : document["comparisons"]) {
    if (!out.empty()) out += "\n";
    out += paint.strong(shown_counts(comparison)) + "\n";
    out += fmt::format("  {} -> {}\n\n", comparison["base"]["name"].get<std::string>(),
                       comparison["now"]["name"].get<std::string>());
    add_fields(comparison, style.columns, out);
    add_rows(comparison, document, paint, out);
    for (const Json& name : comparison["not_found"]) {
      out += fmt::format("  {}: not in both reports\n", name.get<std::string>());
    }
    out += fmt::format(
        "\n  called when the change passes the noise gate ({} unless a metric has its own)\n"
        "  and Holm's adjusted p is below {}; ~ is no evidence of a change\n",
        format_share(document["noise"]), document["alpha"].get<double>());
  }
  return out;
}

std::string render_comparison_markdown(const nlohmann::ordered_json& document) {
  std::string out;
  for (const Json& comparison : document["comparisons"]) {
    out += fmt::format(
        "### {} -> {}\n\n**{}**\n\n", markdown_text(comparison["base"]["name"].get<std::string>()),
        markdown_text(comparison["now"]["name"].get<std::string>()), shown_counts(comparison));
    for (const Json& notice : comparison["notices"]) out += "- " + notice.get<std::string>() + "\n";
    for (const Json& field : comparison["differences"]) {
      out += fmt::format("- `{}`: {} -> {}\n", field["path"].get<std::string>(),
                         field_value(field["base"]), field_value(field["now"]));
    }
    out += markdown_rows(comparison, true);
    out += "\n";
  }
  return out;
}

}  // namespace headroom
