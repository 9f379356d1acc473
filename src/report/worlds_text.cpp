#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "headroom/report/format.hpp"
#include "screen_parts.hpp"
#include "text_layout.hpp"
#include "worlds_report.hpp"

namespace headroom {
namespace {

constexpr std::size_t kMostRows = 8;
constexpr std::size_t kNameColumns = 22;
constexpr std::size_t kEndColumns = 22;
constexpr std::size_t kBarColumns = 10;

std::string count_of(const Json& value) { return format_count(real(value)); }

/// "272: 26,000", "> 99,999" when no fleet within the bounds holds, or "no fleet" when none of any
/// size does.
std::string end_text(const Json& end, bool value) {
  const bool never = end["below_floor"].get<bool>();
  const std::string gpus =
      never ? "no fleet" : (end["found"].get<bool>() ? "" : "> ") + count_of(end["gpus"]);
  if (!value) return gpus;
  return word(end["values"][0]) + ": " + gpus;
}

std::string bar(double share, bool unicode) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(kBarColumns) + 0.5);
  std::string text;
  for (std::size_t i = 0; i < full; ++i) text += unicode ? "█" : "#";
  return text;
}

/// Some fleet was tried so in some world.
bool in_busiest_hours(const Json& worlds) {
  const Json& curve = worlds["curve"];
  return std::any_of(curve.begin(), curve.end(),
                     [](const Json& point) { return point["whole"] < point["simulated"]; });
}

void add_worlds(const Json& worlds, const TextStyle& style, std::vector<std::string>& lines) {
  std::string text = word(worlds["headline"]);
  const Json& below = worlds["below"];
  if (!below.is_null()) {
    text += fmt::format("; {} GPUs in {} ({})", count_of(below["gpus"]), below["hold"].dump(),
                        format_share(real(below["share"])));
  }
  if (worlds["from_gpus"].is_number() && worlds["from_gpus"] != worlds["needed_gpus"]) {
    text += fmt::format("; fleets from {} GPUs on are not excluded", count_of(worlds["from_gpus"]));
  }
  text +=
      fmt::format("; {} uncertain inputs, {} a world and fleet", worlds["inputs"].size(),
                  worlds["replications"] == 1 ? "one replication"
                                              : worlds["replications"].dump() + " replications");
  if (in_busiest_hours(worlds)) text += "; tried in the busiest hours, the answer in whole runs";
  for (const std::string& l : wrap_text(text, "  worlds        ", style.columns)) {
    lines.push_back(l);
  }
  lines.emplace_back();
}

void add_tornado(const Json& tornado, const TextStyle& style, std::vector<std::string>& lines) {
  const Paint paint(style.colour);
  const std::string head = fmt::format(
      "GPUs needed ({}{} as stated{})", tornado["stated_found"].get<bool>() ? "" : "more than ",
      count_of(tornado["stated_gpus"]),
      tornado["in_busiest_hours"] == true ? "; busiest hours" : "");
  lines.push_back(paint.faint("  " + pad_right("moves the answer", kNameColumns) + head));
  const Json& rows = tornado["rows"];
  const double widest = rows.empty() ? 0 : real(rows[0]["swing_gpus"]);
  for (std::size_t i = 0; i < std::min(rows.size(), kMostRows); ++i) {
    const Json& row = rows[i];
    const double swing = real(row["swing_gpus"]);
    lines.push_back("  " + pad_right(cut_text(word(row["input"]), kNameColumns - 1), kNameColumns) +
                    pad_right(cut_text(end_text(row["low"], true), kEndColumns - 1), kEndColumns) +
                    pad_right(cut_text(end_text(row["high"], true), kEndColumns - 1), kEndColumns) +
                    bar(widest > 0 ? swing / widest : 0, style.unicode));
  }
  if (rows.size() > kMostRows) {
    lines.push_back(fmt::format("  and {} more in the report", rows.size() - kMostRows));
  }
  lines.emplace_back();
}

}  // namespace

std::vector<std::string> worlds_lines(const Json& report, const TextStyle& style) {
  std::vector<std::string> lines;
  if (report.contains("worlds")) add_worlds(report["worlds"], style, lines);
  if (report.contains("tornado")) add_tornado(report["tornado"], style, lines);
  return lines;
}

std::string worlds_markdown(const Json& report) {
  std::string out;
  if (report.contains("worlds")) {
    const Json& worlds = report["worlds"];
    out += "\nWorlds: " + word(worlds["headline"]) +
           ".\n\n| GPUs | worlds that hold | share | interval |\n|---|---|---|---|\n";
    for (const Json& point : worlds["curve"]) {
      out += fmt::format("| {} | {} of {} | {} | {} to {} |\n", count_of(point["gpus"]),
                         point["hold"].dump(), point["worlds"].dump(),
                         format_share(real(point["share"])), format_share(real(point["ci"][0])),
                         format_share(real(point["ci"][1])));
    }
  }
  if (!report.contains("tornado")) return out;
  const Json& tornado = report["tornado"];
  out += fmt::format("\nAs stated: {} GPUs.\n\n| input | low | GPUs | high | GPUs | moves |\n",
                     count_of(tornado["stated_gpus"]));
  out += "|---|---|---|---|---|---|\n";
  for (const Json& row : tornado["rows"]) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(word(row["input"])),
                       markdown_text(word(row["low"]["values"][0])), end_text(row["low"], false),
                       markdown_text(word(row["high"]["values"][0])), end_text(row["high"], false),
                       count_of(row["swing_gpus"]));
  }
  return out;
}

}  // namespace headroom
