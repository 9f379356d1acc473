#include <fmt/format.h>

#include <algorithm>

#include "html/sections.hpp"
#include "html/svg.hpp"
#include "html/table.hpp"
#include "html/time_chart.hpp"

namespace headroom::html {
namespace {

Markup slot_label(const Slot& slot, bool only) {
  Markup label = element("span", {{"class", "swatch " + slot.key}}, {});
  label += slot.class_name.empty() ? text(slot.label) : name(slot.label);
  if (only) return label;
  return element(
      "label",
      void_element("input", {{"type", "checkbox"}, {"checked", ""}, {"data-slot", slot.key}}) +
          label);
}

/// The largest value of a chart's line, in a cell that the script fills with other moments.
Markup live_cell(const View& view, const TimeChart& chart, const Slot& slot, const Slot& first) {
  Markup words = text("-");
  for (const ChartLine& line : chart.lines) {
    if (line.slot != slot.key || line.values.empty()) continue;
    const bool lost =
        std::any_of(line.values.begin(), line.values.end(), [](double v) { return v != v; });
    const double most = largest(line.values);
    words =
        text(lost && most == 0 ? "lost" : shown(most, chart.unit) + (lost ? ", then lost" : ""));
  }
  // Of the whole backlog the report has the peak itself; the line is a mean over replications. (A
  // class's own peak is of a moment, the others' of a bin: they do not go into one column.)
  if (chart.part == "backlog" && &slot == &first) words = view.value("/backlog/all/peak", "count");
  return element("span", {{"data-live", chart.part}, {"data-slot", slot.key}}, words);
}

Markup legend(const View& view, const std::vector<TimeChart>& charts) {
  const auto list = slots(view);
  Table table("Largest values, by class");
  table.column("Class");
  for (const TimeChart& chart : charts) table.column(chart.title, true);
  for (const Slot& slot : list) {
    std::vector<Markup> cells{slot_label(slot, list.size() == 1)};
    for (const TimeChart& chart : charts)
      cells.push_back(live_cell(view, chart, slot, list.front()));
    table.row(cells);
  }
  Markup all = element("p", {{"class", "moment"}},
                       element("span", {{"data-moment", ""}}, text("Largest values")) +
                           element("span", {{"class", "live-only"}},
                                   text(" · move over a chart, or focus one and use ← and →, to "
                                        "read a moment; drag to zoom, double-click or 0 to "
                                        "zoom out")));
  all += table.draw("legend");
  if (const std::size_t more = classes_left_out(view); more > 0) {
    all += element("p", fmt::format("{} more classes are in \"all classes\" and in the tables "
                                    "below.",
                                    more));
  }
  return all;
}

}  // namespace

Markup time_part(const View& view, const Tops& tops) {
  if (view.at("/timeline/t_s").empty()) return {};
  const std::vector<TimeChart> charts{demand_chart(view), delay_chart(view), backlog_chart(view)};
  return legend(view, charts) + draw_time_chart(view, charts[0], tops.demand) +
         draw_time_chart(view, charts[1], tops.delay) +
         draw_time_chart(view, charts[2], tops.backlog) +
         element("p", {{"class", "quiet"}, {"role", "status"}, {"data-spoken", ""}}, {});
}

}  // namespace headroom::html
