#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "headroom/report/format.hpp"
#include "html/sections.hpp"
#include "html/svg_tornado.hpp"
#include "html/table.hpp"

namespace headroom::html {
namespace {

constexpr std::size_t kMostBars = 12;  ///< the table has them all

TornadoMark mark_of(const Json& end) {
  const Json& values = end["values"];
  return {values.empty() ? "" : word(values[0]), real(end["gpus"]), end["found"] == true};
}

Markup tornado_table(const View& view) {
  Table table("The answer with each uncertain input at its low and its high", false);
  table.column("Input")
      .column("Low", true)
      .column("GPUs", true)
      .column("High", true)
      .column("GPUs", true)
      .column("Moves the answer by", true);
  const Json& rows = view.at("/tornado/rows");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string row = fmt::format("/tornado/rows/{}", i);
    const auto gpus = [&](const char* end) {
      const std::string at = row + "/" + end;
      const bool found = view.at(at + "/found") == true;
      const bool never = view.at(at + "/below_floor") == true;
      return text(found   ? ""
                  : never ? "no fleet, not even "
                          : "more than ") +
             view.value(at + "/gpus", "count");
    };
    const auto value = [&](const char* end) {
      const Json& values = rows[i][end]["values"];
      return name(values.empty() ? "-" : word(values[0]));
    };
    table.row({name(word(rows[i]["input"])), value("low"), gpus("low"), value("high"), gpus("high"),
               view.value(row + "/swing_gpus", "count")},
              row);
  }
  return table.draw("tornado-table");
}

Markup curve_table(const View& view) {
  Table table("Fleets and the worlds in which they hold", false);
  table.column("GPUs", true)
      .column("Worlds that hold", true)
      .column("Of", true)
      .column("Whole runs", true)
      .column("Share", true)
      .column("Interval", true);
  const Json& curve = view.at("/worlds/curve");
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const std::string row = fmt::format("/worlds/curve/{}", i);
    table.row({view.value(row + "/gpus", "count"), view.value(row + "/hold", "count"),
               view.value(row + "/worlds", "count"), view.value(row + "/whole", "count"),
               view.value(row + "/share", "share"), view.range(row + "/ci", "share")},
              row);
  }
  return table.draw("worlds-table");
}

Markup inputs_table(const View& view, const std::string& block) {
  Table table("What is uncertain");
  table.column("Input")
      .column("Field")
      .column("How")
      .column("Stated", true)
      .column("Low", true)
      .column("High", true);
  for (const Json& input : view.at(block + "/inputs")) {
    for (const Json& field : input["fields"]) {
      table.row({name(word(input["name"])), path_name(word(field["path"])),
                 text(spaced(word(input["kind"]))), name(word(field["stated"])),
                 name(word(field["low"])), name(word(field["high"]))});
    }
  }
  return element("details",
                 element("summary", "What is uncertain, and between what") + table.draw());
}

}  // namespace

Markup worlds_part(const View& view) {
  if (!view.has("/worlds")) return {};
  const std::string headline = view.word("/worlds/headline");
  Markup all = element("p", headline + ".");
  all += element("p", text("Each world draws every uncertain input once and has its own chance; "
                           "the worlds are the same for every fleet. Replications a world: ") +
                          view.value("/worlds/replications", "count") + text("."));
  return all + curve_table(view) + inputs_table(view, "/worlds");
}

Markup tornado_part(const View& view) {
  if (!view.has("/tornado") || view.at("/tornado/rows").empty()) return {};
  TornadoChart chart;
  chart.id = view.id("tornado");
  chart.title = "GPUs needed with one input at its low and at its high";
  chart.summary =
      "The line is the answer with everything as stated; the widest bar is the input "
      "that the answer rests on most.";
  chart.stated = view.real("/tornado/stated_gpus");
  const Json& rows = view.at("/tornado/rows");
  for (std::size_t i = 0; i < std::min(rows.size(), kMostBars); ++i) {
    chart.bars.push_back(
        {word(rows[i]["input"]), mark_of(rows[i]["low"]), mark_of(rows[i]["high"])});
  }
  return draw_tornado(chart) + tornado_table(view) +
         (view.has("/worlds") ? Markup() : inputs_table(view, "/tornado"));
}

}  // namespace headroom::html
