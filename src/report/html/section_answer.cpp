#include <fmt/format.h>

#include <cmath>

#include "headroom/report/format.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

Markup figure(const Markup& number, const std::string& label, const Markup& note) {
  return element(
      "div", {{"class", "figure"}},
      element("dt", label) + element("dd", element("strong", number) + element("span", note)));
}

Markup fleet_words(const View& view) {
  std::string words;
  for (const Json& pool : view.at("/pools")) {
    const std::string gpu = word(pool["gpu"]);
    words += (words.empty() ? "" : " + ") + format_count(real(pool["gpus"])) +
             (gpu.empty() ? " GPUs" : " × " + gpu);
    const std::string model = word(pool["model"]);
    if (!model.empty() && model != "service_time") words += ", " + model;
  }
  return text(words);
}

Markup gpus_figure(const View& view) {
  if (view.has("/answer/extra_gpus")) {
    const double extra = view.real("/answer/extra_gpus");
    const Markup number = text(extra > 0 ? "+" : "") + view.value("/answer/extra_gpus", "count");
    Markup note = view.value("/answer/needed_gpus", "count") + text(" instead of ") +
                  view.value("/answer/free_gpus", "count");
    if (view.has("/answer/extra_ci")) {
      note += text(", interval ") + view.range("/answer/extra_ci", "count");
    }
    return figure(number, "GPUs", note);
  }
  return figure(view.value("/answer/gpus", "count"), "GPUs",
                text("a fluid estimate asks for ") + view.value("/answer/fluid_gpus", "count"));
}

Markup load_figure(const View& view) {
  if (!view.has("/answer/offered_load_peak_gpus")) return {};
  return figure(view.value("/answer/offered_load_peak_gpus", "GPUs"), "GPUs of work at the peak",
                view.value("/answer/offered_load_mean_gpus", "GPUs") + text(" on average"));
}

Markup backlog_figure(const View& view) {
  if (!view.has("/backlog/all/peak")) return {};
  const double at_s = view.real("/backlog/all/peak_at_s");
  return figure(view.value("/backlog/all/peak", "count"), "requests wait at the peak",
                std::isnan(at_s) ? text("") : text("at " + view.clock().moment(at_s)));
}

Markup finished_figure(const View& view) {
  const double arrived = view.real("/requests/all/arrived");
  if (!(arrived > 0)) return {};
  const double share = view.real("/requests/all/finished") / arrived;
  return figure(text(format_share(share)), "of requests finish",
                view.value("/requests/all/finished", "count") + text(" of ") +
                    view.value("/requests/all/arrived", "count"));
}

std::string limit_key(const Json& target) {
  for (const auto& [key, value] : target.items()) {
    if (key == "max" || key == "min" || key.starts_with("max_") || key.starts_with("min_")) {
      return key;
    }
  }
  return "";
}

Markup when_missed(const View& view, const Json& target, const std::string& base) {
  if (target["pass"].get<bool>() || !target.contains("first_breach_s")) return text("");
  if (target["first_breach_s"].is_null()) return text("");
  Markup words = text("from " + view.clock().moment(real(target["first_breach_s"])));
  const double share = target.contains("breach_share") ? real(target["breach_share"]) : 1;
  if (share < 1) {
    words += text(" (") + view.value(base + "/breach_share", "share") + text(" of replications)");
  }
  if (target.contains("time_above_s")) {
    words += text(", for ") + view.value(base + "/time_above_s", "s");
  }
  if (target.contains("worst")) {
    words += text(", worst ") + view.value(base + "/worst", word(target["unit"]), "lost");
  }
  return words;
}

}  // namespace

Markup verdict_mark(const std::string& verdict) {
  if (verdict != "pass" && verdict != "fail") return {};
  return element("span", {{"class", "verdict " + verdict}},
                 text(verdict == "pass" ? "PASS" : "FAIL"));
}

std::string missing_value(const Json& target) {
  if (target.contains("reason") && target["reason"] == "no samples") return "no samples";
  return word(target["metric"]) == "drain_time" ? "> horizon" : "lost";
}

std::string target_name(const Json& target) {
  std::string words = word(target["statistic"]);
  words += (words.empty() ? "" : " ") + spaced(word(target["metric"])) + ", ";
  words += word(target["class"]) == "all" ? "all classes" : word(target["class"]);
  const std::string window = word(target["window"]);
  if (window == "every_minute") return words + ", any minute";
  return window == "run" ? words : words + ", " + window;
}

Markup limit_of(const View& view, const std::string& target_pointer) {
  const Json& target = view.at(target_pointer);
  const std::string key = limit_key(target);
  if (key.empty()) return text("-");
  return text(key.starts_with("max") ? "≤ " : "≥ ") +
         view.value(target_pointer + "/" + key, word(target["unit"]));
}

Markup answer_part(const View& view) {
  // A plan's verdict is today's fleet's, its headline the fleet that holds.
  const bool plan = view.has("/answer/today");
  Markup headline = plan ? Markup() : verdict_mark(view.word("/answer/verdict"));
  if (!headline.empty()) headline += text(" ");
  headline += text(view.word("/answer/headline"));
  Markup all = element("p", {{"class", "headline"}}, headline);
  if (plan) {
    all += element("p", {{"class", "today"}},
                   element("strong", "Today: ") + verdict_mark(view.word("/answer/verdict")) +
                       text(" " + view.word("/answer/today")));
  }
  if (view.at("/complete") == false) {
    all += element("p", {{"class", "incomplete"}},
                   text("INCOMPLETE: stopped early; values are of the replications that ended."));
  }
  if (view.has("/why/binding")) {
    all += element("p", {{"class", "why"}},
                   element("strong", "Why: ") + text(view.word("/why/binding")));
  }
  all += element("p", {{"class", "fleet"}}, fleet_words(view));
  all +=
      element("dl", {{"class", "figures"}},
              gpus_figure(view) + load_figure(view) + backlog_figure(view) + finished_figure(view));
  const std::string description = view.word("/scenario/description");
  if (!description.empty()) {
    all += element("p", {{"class", "description"}}, text(description));
  }
  return all;
}

Markup targets_part(const View& view) {
  const Json& targets = view.at("/targets");
  if (targets.empty()) return {};
  const double confidence = view.real("/method/confidence");
  Table table("Targets and their verdicts");
  table.column("Target")
      .column("Verdict")
      .column("Value", true)
      .column("Limit", true)
      .column(fmt::format("{:g} % interval", 100 * confidence), true)
      .column("When missed");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Json& target = targets[i];
    const std::string base = pointer("/targets", i, "value");
    const std::string place = base.substr(0, base.rfind('/'));
    const std::string unit = word(target["unit"]);
    Markup title = name(word(target["id"])) + element("small", text(target_name(target)));
    if (target.contains("refused_share")) {
      title += element("small", text("of those admitted; refused: ") +
                                    view.value(place + "/refused_share", "share"));
    }
    table.row({title, verdict_mark(target["pass"].get<bool>() ? "pass" : "fail"),
               view.value(base, unit, missing_value(target)), limit_of(view, place),
               view.range(place + "/ci", unit,
                          word(target["rule"]) == "point estimate" ? "point estimate" : "-"),
               when_missed(view, target, place)});
  }
  const bool plan = view.has("/answer/today");
  return (plan ? element("p", "With today's fleet:") : Markup()) + table.draw("targets");
}

}  // namespace headroom::html
