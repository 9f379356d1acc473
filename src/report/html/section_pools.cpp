#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "headroom/report/format.hpp"
#include "html/scale.hpp"
#include "html/sections.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

/// Columns of the heat map: what fits a page with a number in each cell.
constexpr double kMostColumns = 25;

struct Columns {
  double width_s = 0;
  std::vector<double> starts_s;
};

Columns columns_of(double step_s, std::size_t bins) {
  const double span_s = step_s * static_cast<double>(bins);
  Columns columns;
  columns.width_s = std::max(step_s, round_duration(span_s / kMostColumns));
  for (double at = 0; at < span_s - 1e-9; at += columns.width_s) columns.starts_s.push_back(at);
  return columns;
}

/// Mean over the bins that start in a column; NaN without any.
std::vector<double> means(const std::vector<double>& values, double step_s,
                          const Columns& columns) {
  std::vector<double> sums(columns.starts_s.size(), 0.0);
  std::vector<double> counts(columns.starts_s.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto at = static_cast<std::size_t>(
        std::floor((static_cast<double>(i) * step_s + 1e-9) / columns.width_s));
    if (at >= sums.size() || std::isnan(values[i])) continue;
    sums[at] += values[i];
    counts[at] += 1;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= counts[i];
  return sums;
}

Markup heat_cell(double share) {
  if (std::isnan(share)) return element("td", {{"class", "n"}}, text("-"));
  const int level = std::clamp(static_cast<int>(std::lround(share * 10)), 0, 10);
  return element("td", {{"class", fmt::format("n h{}", level)}},
                 text(fmt::format("{:.0f}", share * 100)));
}

Markup heat_row(const Markup& title, const std::vector<double>& values, double step_s,
                const Columns& columns) {
  Markup cells = element("th", {{"scope", "row"}}, title);
  for (const double share : means(values, step_s, columns)) cells += heat_cell(share);
  return element("tr", cells);
}

Markup heat_map(const View& view) {
  const double step_s = view.real("/timeline/step_s");
  const Columns columns = columns_of(step_s, view.at("/timeline/t_s").size());
  Markup head = element("th", {{"scope", "col"}}, text("Pool"));
  for (const double at : columns.starts_s) {
    head += element("th", {{"scope", "col"}, {"class", "n"}},
                    text(view.clock().tick(at, columns.width_s)));
  }
  Markup rows;
  for (const auto& [pool, lines] : view.at("/timeline/by_pool").items()) {
    rows += heat_row(name(pool) + text(", compute"), reals(lines["busy_share"]), step_s, columns);
    if (lines.contains("kv_share")) {
      rows += heat_row(name(pool) + text(", KV memory"), reals(lines["kv_share"]), step_s, columns);
    }
  }
  const std::string caption = fmt::format(
      "Share in use, %: mean of each {}; the darker, the fuller", format_seconds(columns.width_s));
  return element("div",
                 {{"class", "scroll"},
                  {"tabindex", "0"},
                  {"role", "region"},
                  {"aria-label", "Utilisation by pool and time"}},
                 element("table", {{"class", "heat"}},
                         element("caption", caption) + element("thead", element("tr", head)) +
                             element("tbody", rows)));
}

Markup pool_table(const View& view) {
  Table table("Pools");
  table.column("Pool")
      .column("GPUs", true)
      .column("Busy, mean", true)
      .column("Busy, peak", true)
      .column("KV, peak", true)
      .column("Work offered at the peak", true)
      .column("Full by")
      .column("Preemptions", true);
  const Json& pools = view.at("/pools");
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const auto at = [&](std::string_view key) { return pointer("/pools", i, key); };
    const std::string load = at("offered_load");
    table.row({name(word(pools[i]["name"])) + element("small", word(pools[i]["gpu"])),
               view.value(at("gpus"), "count"), view.value(at("busy_mean"), "share"),
               view.value(at("busy_peak"), "share"), view.value(at("kv_peak"), "share"),
               view.value(load + "/peak_per_gpu", "GPUs") + text(" per GPU"),
               text(view.word(load + "/full_replica_limit")),
               view.value(at("preemptions"), "count")});
  }
  return table.draw();
}

}  // namespace

Markup utilisation_part(const View& view) {
  if (view.at("/timeline/by_pool").empty()) return {};
  return heat_map(view) + pool_table(view);
}

}  // namespace headroom::html
