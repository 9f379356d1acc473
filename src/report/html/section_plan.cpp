#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/report/format.hpp"
#include "html/sections.hpp"
#include "html/svg_curve.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The declared target of this id; null when there is none.
const Json& declared(const View& view, const std::string& id) {
  static const Json none = nullptr;
  for (const Json& target : view.at("/targets")) {
    if (word(target["id"]) == id) return target;
  }
  return none;
}

double limit_value(const Json& target) {
  for (const char* key : {"max_s", "max", "min", "min_per_s"}) {
    if (target.contains(key)) return real(target[key]);
  }
  return kNone;
}

/// Which target the curve is of: the one that decides one step below the answer if it is a time,
/// else the first that is a time, else the first.
std::string curve_target(const View& view) {
  const Json& below = view.at("/answer/below/0/binding");
  if (below.is_object() && word(below["unit"]) == "s") return word(below["id"]);
  std::string first;
  for (const Json& target : view.at("/targets")) {
    if (first.empty()) first = word(target["id"]);
    if (word(target["unit"]) == "s") return word(target["id"]);
  }
  return first;
}

CurvePoint point_of(const Json& row, double at, const std::string& target) {
  CurvePoint point{at, kNone, kNone, kNone, row["pass"].get<bool>()};
  for (const Json& judged : row["targets"]) {
    if (word(judged["id"]) != target) continue;
    point.value = real(judged["value"]);
    if (judged["ci"].is_array()) {
      point.low = real(judged["ci"][0]);
      point.high = real(judged["ci"][1]);
    }
  }
  return point;
}

Curve curve_of(const View& view, const std::string& list, const char* at_key,
               const std::string& target) {
  Curve curve;
  const Json& said = declared(view, target);
  curve.unit = said.is_object() ? word(said["unit"]) : "s";
  curve.limit = said.is_object() ? limit_value(said) : kNone;
  curve.answer = kNone;
  for (const Json& row : view.at(list)) {
    curve.points.push_back(point_of(row, real(row[at_key]), target));
  }
  std::sort(curve.points.begin(), curve.points.end(),
            [](const CurvePoint& a, const CurvePoint& b) { return a.at < b.at; });
  curve.summary = (said.is_object() ? target_name(said) : target) +
                  "; a disc holds every target, a cross misses one";
  return curve;
}

Markup binding_cells(const View& view, const std::string& row, const char* part) {
  const Json& binding = view.at(row + "/binding");
  if (binding.is_null()) return text("-");
  if (part == std::string("id")) return name(word(binding["id"]));
  if (part == std::string("ci")) return view.range(row + "/binding/ci", word(binding["unit"]));
  return view.value(row + "/binding/" + part, word(binding["unit"]), "lost");
}

std::string role_words(const std::string& role) {
  if (role == "answer") return "the answer";
  if (role == "below") return "one step below";
  if (role == "today") return "today";
  return role == "node_loss" ? "holds with a node less" : "";
}

/// Every fleet (or demand) tried: what decides it, and the verdict.
Markup tried_table(const View& view, const std::string& list, const std::string& at_key,
                   std::string_view at_unit, const char* title, const char* caption) {
  Table table(caption);
  table.column(title)
      .column("")
      .column("Deciding target")
      .column("Value", true)
      .column("Interval", true)
      .column("Limit", true)
      .column("Verdict");
  for (std::size_t i = 0; i < view.at(list).size(); ++i) {
    const std::string row = fmt::format("{}/{}", list, i);
    table.row({view.value(row + "/" + at_key, at_unit), text(role_words(view.word(row + "/role"))),
               binding_cells(view, row, "id"), binding_cells(view, row, "value"),
               binding_cells(view, row, "ci"), binding_cells(view, row, "limit"),
               verdict_mark(view.at(row + "/pass") == true ? "pass" : "fail")},
              row);
  }
  return table.draw("tried");
}

Markup fleet_table(const View& view) {
  Table table("Pools: today and as planned");
  table.column("Pool")
      .column("GPU")
      .column("Today", true)
      .column("Needed", true)
      .column("Interval", true)
      .column("Add", true)
      .column("Remove", true)
      .column("With a node less", true);
  const Json& fleet = view.at("/answer/fleet");
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/answer/fleet", i, key); };
    table.row({name(word(fleet[i]["pool"])), text(view.word(at("gpu"))),
               view.value(at("current"), "count"), view.value(at("needed"), "count"),
               view.range(at("needed_ci"), "count"), view.value(at("add"), "count"),
               view.value(at("remove"), "count"), view.value(at("node_loss"), "count")});
  }
  return table.draw();
}

Markup cost_words(const View& view) {
  if (!view.has("/answer/cost")) return {};
  Markup words;
  if (view.has("/answer/cost/extra_usd_per_h")) {
    words += text("Cost: ") + view.value("/answer/cost/current_usd_per_h", "count") +
             text(" USD an hour today, ") + view.value("/answer/cost/needed_usd_per_h", "count") +
             text(" as planned. ");
  }
  words += view.value("/answer/cost/gpu_hours", "count") + text(" GPU hours over the scenario, ") +
           view.value("/answer/cost/extra_gpu_hours", "count") + text(" of them extra.");
  for (const Json& price : view.at("/answer/cost/prices")) {
    words += element("small",
                     fmt::format("{}: {} USD per GPU hour, {}, {}; {}", word(price["gpu"]),
                                 format_number(real(price["usd_per_gpu_h"])), word(price["market"]),
                                 word(price["date"]), word(price["source"])));
  }
  return element("p", words);
}

Markup alternatives_table(const View& view) {
  const Json& list = view.at("/alternatives");
  if (list.empty()) return {};
  Table table("Types of GPU asked for", false);
  table.column("GPU")
      .column("Needed", true)
      .column("Interval", true)
      .column("USD an hour", true)
      .column("Watts", true)
      .column("");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/alternatives", i, key); };
    table.row({name(word(list[i]["gpu"])), view.value(at("needed_gpus"), "count"),
               view.range(at("needed_ci"), "count"), view.value(at("usd_per_h"), "count"),
               view.value(at("power_w"), "count"),
               text(view.at(at("chosen")) == true ? "chosen" : view.word(at("problem")))});
  }
  return table.draw();
}

Markup knee_part(const View& view) {
  if (view.at("/knee/points").size() < 2) return {};
  Curve curve = curve_of(view, "/knee/points", "multiplier", curve_target(view));
  curve.id = view.id("knee");
  curve.title = "Today's fleet as demand grows";
  curve.at_unit = "times the demand";
  if (view.has("/knee/holds")) {
    curve.answer = view.real("/knee/holds");
    curve.answer_label = "holds up to × " + format_number(curve.answer);
  }
  return draw_curve(curve) +
         element("details", element("summary", "The points of this curve") +
                                tried_table(view, "/knee/points", "multiplier", "ratio",
                                            "Demand, times", "Demands tried"));
}

void said(Table& table, const char* what, const Markup& value, const Markup& more) {
  table.row({text(what), value, more});
}

}  // namespace

Markup plan_part(const View& view) {
  if (view.word("/kind") != "plan") return {};
  return fleet_table(view) + cost_words(view) + alternatives_table(view) + ways_part(view);
}

Markup curve_part(const View& view) {
  const Json& rows = view.at("/curve");
  if (rows.size() < 2)
    return rows.empty() ? Markup()
                        : tried_table(view, "/curve", "gpus", "count", "GPUs", "Fleets tried");
  Curve curve = curve_of(view, "/curve", "gpus", curve_target(view));
  curve.id = view.id("curve");
  curve.title = "Delay against GPUs";
  curve.at_unit = "GPUs";
  for (const Json& row : rows) {
    if (word(row["role"]) != "answer") continue;
    curve.answer = real(row["gpus"]);
    curve.answer_label = format_count(curve.answer) + " GPUs";
  }
  return draw_curve(curve) + tried_table(view, "/curve", "gpus", "count", "GPUs", "Fleets tried") +
         knee_part(view);
}

Markup do_nothing_part(const View& view) {
  const std::string base = "/do_nothing";
  if (!view.has(base)) return {};
  if (view.word(base + "/verdict") != "fail") {
    return element("p", "Nothing: today's fleet holds every target.");
  }
  Table table("What happens with today's fleet");
  table.column("").column("").column("");
  if (view.has(base + "/first_breach_s")) {
    said(table, "First over a limit",
         text(view.clock().moment(view.real(base + "/first_breach_s"))),
         name(view.word(base + "/first_breach_target")));
  }
  if (view.has(base + "/worst")) {
    said(table, "Worst minute", view.value(base + "/worst_s", "s", "lost"),
         name(view.word(base + "/worst_target")) +
             text(" at " + view.clock().moment(view.real(base + "/worst_at_s"))));
    said(table, "Time over that limit", view.value(base + "/time_above_s", "s"), text(""));
  }
  said(table, "Largest backlog", view.value(base + "/backlog_peak", "count") + text(" requests"),
       text("at " + view.clock().moment(view.real(base + "/backlog_peak_at_s"))));
  for (const auto& [window, drain] : view.at(base + "/drain_s").items()) {
    if (window == "run") continue;
    said(table, "Backlog gone", view.value(base + pointer({"drain_s", window}), "s", "> horizon"),
         text("after ") + name(window));
  }
  said(table, "Requests lost", view.value(base + "/lost", "count"),
       view.value(base + "/lost_share", "share") + text(" of all"));
  return table.draw("nothing");
}

}  // namespace headroom::html
