#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "headroom/report/format.hpp"
#include "html/scale.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

constexpr std::array<const char*, 5> kStates{"finished", "rejected", "abandoned", "failed",
                                             "unfinished"};

constexpr std::array<const char*, 6> kStatistics{"mean", "p50", "p90", "p95", "p99", "max"};
/// Of a window: enough to see whether it differs; the report itself has them all.
constexpr std::array<const char*, 3> kOfWindow{"p50", "p95", "p99"};

/// One class's requests as a bar of its end states.
Markup share_bar(const View& view, const std::string& group) {
  const double arrived = view.real(group + "/arrived");
  Markup bars;
  double from = 0;
  for (const char* state : kStates) {
    const double share = view.real(group + "/" + state) / arrived;
    if (!(share > 0)) continue;
    bars += element("rect",
                    {{"x", percent(from)},
                     {"y", "0"},
                     {"width", percent(share)},
                     {"height", "12"},
                     {"class", std::string("end-") + state}},
                    {});
    from += share;
  }
  return element("svg",
                 {{"class", "bar"}, {"width", "100%"}, {"height", "12"}, {"aria-hidden", "true"}},
                 bars);
}

Markup count_and_share(const View& view, const std::string& group, const std::string& state) {
  const double arrived = view.real(group + "/arrived");
  const double count = view.real(group + "/" + state);
  Markup cell = view.value(group + "/" + state, "count");
  if (arrived > 0 && count > 0) cell += element("small", format_share(count / arrived));
  return cell;
}

void end_state_row(const View& view, const Markup& title, const std::string& group, Table& table) {
  std::vector<Markup> cells{title, view.value(group + "/arrived", "count")};
  for (const char* state : kStates) cells.push_back(count_and_share(view, group, state));
  cells.push_back(view.value(group + "/slo_attainment", "share"));
  cells.push_back(share_bar(view, group));
  table.row(cells, group);
}

Table end_state_table(std::string_view caption) {
  Table table(caption);
  table.column("Class").column("Arrived", true);
  for (const char* state : kStates) {
    std::string title = state;
    title.front() = static_cast<char>(title.front() - 'a' + 'A');
    table.column(title, true);
  }
  table.column("In their SLO", true).column("Shares");
  return table;
}

/// Rows of all classes together (unless there is one class) and of each.
void end_states_of(const View& view, const std::string& base, Table& table) {
  const Json& classes = view.at(base + "/by_class");
  if (classes.size() != 1) end_state_row(view, text("all classes"), base + "/all", table);
  for (const auto& [class_name, group] : classes.items()) {
    end_state_row(view, name(class_name), base + pointer({"by_class", class_name}), table);
  }
}

std::string metric_title(const std::string& key) {
  const std::string metric = key.ends_with("_s") ? key.substr(0, key.size() - 2) : key;
  if (metric == "ttft" || metric == "itl" || metric == "tpot" || metric == "e2e") {
    std::string title = metric;
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return title;
  }
  return spaced(metric);
}

void latency_row(const View& view, const Markup& title, const std::string& metric,
                 const std::string& block, std::span<const char* const> statistics, Table& table) {
  const Json& values = view.at(block);
  if (values.is_null()) return;
  std::vector<Markup> cells{title, text(metric_title(metric)),
                            view.value(block + "/count", "count")};
  for (const char* statistic : statistics) {
    const Json& censored = values["censored"];
    const bool lost = std::find(censored.begin(), censored.end(), statistic) != censored.end();
    cells.push_back(view.value(block + "/" + statistic, "s", lost ? "lost" : "-"));
  }
  table.row(cells, block);
}

Table latency_table(std::string_view caption, std::span<const char* const> statistics) {
  Table table(caption);
  table.column("Class").column("Time").column("Requests", true);
  for (const char* statistic : statistics) table.column(statistic, true);
  return table;
}

/// `window`: "" for the whole run, else "/by_window/NAME".
void latencies_of(const View& view, const std::string& window,
                  std::span<const char* const> statistics, Table& table) {
  for (const auto& [class_name, group] : view.at("/requests/by_class").items()) {
    for (const auto& [metric, block] : view.at("/metrics").items()) {
      if (!window.empty() && (metric == "itl_s" || metric == "time_in_queue_s")) continue;
      latency_row(view, name(class_name), metric,
                  pointer({"metrics", metric}) + window + pointer({"by_class", class_name}),
                  statistics, table);
    }
  }
}

}  // namespace

Markup end_states_part(const View& view) {
  if (!view.has("/requests/all")) return {};
  Table table = end_state_table("How requests ended, by class");
  end_states_of(view, "/requests", table);
  Markup all = table.draw("ends");
  const Json& windows = view.at("/requests/by_window");
  if (windows.empty()) return all;
  Markup inside;
  for (const auto& [window, groups] : windows.items()) {
    Table of_window = end_state_table("How requests ended, by class, in window " + window);
    end_states_of(view, "/requests" + pointer({"by_window", window}), of_window);
    inside += element("h3", name(window)) + of_window.draw("ends");
  }
  return all + element("details", element("summary", "The same by window") + inside);
}

Markup latency_part(const View& view) {
  if (view.at("/metrics").empty()) return {};
  Table table = latency_table("Times by class", kStatistics);
  latencies_of(view, "", kStatistics, table);
  if (!table.has_rows()) return {};
  Markup all = table.draw("times");
  Markup inside;
  for (const auto& [window, ignored] : view.at("/requests/by_window").items()) {
    Table of_window = latency_table("Times by class, in window " + window, kOfWindow);
    latencies_of(view, pointer({"by_window", window}), kOfWindow, of_window);
    if (of_window.has_rows()) inside += element("h3", name(window)) + of_window.draw("times");
  }
  if (inside.empty()) return all;
  return all + element("details", element("summary", "The same by window") + inside);
}

Markup periods_part(const View& view) {
  const Json& periods = view.at("/busy_periods/periods");
  if (periods.empty()) return {};
  Table table("Busy periods as demand grows");
  table.column(view.word("/busy_periods/every"))
      .column("From")
      .column("Demand", true)
      .column("Work offered", true)
      .column("Fluid estimate", true)
      .column("Verdict");
  for (std::size_t i = 0; i < periods.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/busy_periods/periods", i, key); };
    const std::string start = view.word(at("start_utc"));
    table.row({view.value(at("index"), "count"), text(start.empty() ? "-" : start.substr(0, 10)),
               text("× ") + view.value(at("rate_multiplier"), "ratio"),
               view.value(at("offered_load_per_gpu"), "ratio") + text(" per GPU"),
               view.value(at("fluid_gpus"), "count") + text(" GPUs"),
               verdict_mark(view.at(at("pass")) == true ? "pass" : "fail")});
  }
  return table.draw();
}

}  // namespace headroom::html
