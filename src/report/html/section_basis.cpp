#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "headroom/report/format.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

/// Rows shown at once; the rest opens on demand, so that paper stays within four pages.
constexpr std::size_t kMostRows = 24;
/// What a reader should doubt first stands first.
constexpr std::array<const char*, 4> kKinds{"assumption", "calibrated", "derived", "fact"};

std::size_t rank_of(const std::string& kind) {
  const auto* found = std::find(kKinds.begin(), kKinds.end(), kind);
  return static_cast<std::size_t>(found - kKinds.begin());
}

Markup assumption_rows(const View& view, const std::vector<std::size_t>& order,
                       std::string_view caption) {
  Table table(caption);
  table.column("Field").column("Mark").column("Value").column("Range").column("Why, and source");
  for (const std::size_t i : order) {
    const Json& entry = view.at("/assumptions")[i];
    std::string range;
    for (const Json& end : entry["range"]) range += (range.empty() ? "" : " to ") + word(end);
    Markup why = text(word(entry["why"]));
    if (const std::string source = word(entry["source"]); !source.empty()) {
      why += element("small", text("source: " + source));
    }
    const std::string kind = word(entry["kind"]);
    table.row(
        {path_name(word(entry["path"])),
         element("span", {{"class", "mark-" + (rank_of(kind) < 4 ? kind : "other")}}, text(kind)),
         text(word(entry["value"])), text(range), why});
  }
  return table.draw("basis");
}

void term(Markup& list, std::string_view title, const Markup& value) {
  list += element("div", element("dt", title) + element("dd", value));
}

Markup inputs_of(const View& view) {
  Markup all;
  const Json& inputs = view.at("/scenario/inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    all += element("div", text(word(inputs[i]["role"]) + " ") + name(word(inputs[i]["file"])) +
                              text(" ") + element("code", word(inputs[i]["sha256"])));
  }
  return all;
}

Markup overrides_of(const View& view) {
  Markup all;
  for (const Json& change : view.at("/scenario/overrides")) {
    all += element("div", element("code", word(change["path"])) + text(" = ") +
                              element("code", change["value"].dump()) +
                              text(" by " + word(change["from"])));
  }
  return all;
}

}  // namespace

Markup assumptions_part(const View& view) {
  const Json& entries = view.at("/assumptions");
  if (entries.empty()) return {};
  std::vector<std::size_t> order(entries.size());
  std::map<std::string, std::size_t> counts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    ++counts[word(entries[i]["kind"])];
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rank_of(word(entries[a]["kind"])) < rank_of(word(entries[b]["kind"]));
  });
  std::string summary;
  for (const char* kind : kKinds) {
    const std::size_t count = counts[kind];
    if (count == 0) continue;
    const bool noun = kind[0] == 'a' || kind[0] == 'f';
    summary += fmt::format("{}{} {}{}", summary.empty() ? "" : ", ", count, kind,
                           noun && count > 1 ? "s" : "");
  }
  Markup all = element("p", "What the scenario says about its own numbers: " + summary + ".");
  const std::size_t shown = std::min(order.size(), kMostRows);
  all += assumption_rows(view, {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown)},
                         "Assumptions");
  if (shown == order.size()) return all;
  return all +
         element("details",
                 element("summary", fmt::format("{} more", order.size() - shown)) +
                     assumption_rows(
                         view, {order.begin() + static_cast<std::ptrdiff_t>(shown), order.end()},
                         "More assumptions"));
}

Markup warnings_part(const View& view) {
  Markup list;
  for (const Json& warning : view.at("/warnings")) {
    list += element("li",
                    element("code", word(warning["code"])) + text(" " + word(warning["message"])));
  }
  return list.empty() ? list : element("ul", list);
}

Markup provenance_part(const View& view) {
  Markup list;
  term(list, "Scenario", name(view.word("/scenario/name")));
  term(list, "sha256 of the scenario", element("code", view.word("/scenario/sha256")));
  if (const Markup inputs = inputs_of(view); !inputs.empty()) term(list, "Inputs", inputs);
  if (const Markup changes = overrides_of(view); !changes.empty()) {
    term(list, "Changed on the command line", changes);
  }
  term(list, "Seed", view.value("/method/seed", "exact"));
  Markup replications = view.value("/method/replications", "count");
  if (view.at("/method/crn") == true) replications += text(", common random numbers");
  term(list, "Replications", replications);
  term(list, "Simulated",
       view.value("/method/horizon_s", "s") + text(", warm-up ") +
           view.value("/method/warmup_s", "s"));
  term(list, "Part of the fleet", text(view.word("/method/cells/grain")));
  term(list, "Intervals",
       text(fmt::format("Student t at {:g} %", 100 * view.real("/method/"
                                                               "confidence"))));
  term(list, "Percentiles", text(view.word("/method/quantiles")));
  term(list, "Written by",
       text(fmt::format("headroom {}, commit {}, {}", view.word("/tool/version"),
                        view.word("/tool/commit"), view.word("/tool/compiler"))));
  term(list, "Run",
       text(view.word("/run/started") + ", ") + view.value("/run/requests", "count") +
           text(" requests in ") + view.value("/run/wall_s", "s") + text(", ") +
           view.value("/run/threads", "count") + text(" threads"));
  return element("dl", {{"class", "provenance"}}, list);
}

}  // namespace headroom::html
