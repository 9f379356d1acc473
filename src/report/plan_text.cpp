#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "headroom/report/format.hpp"
#include "headroom/report/plan_report.hpp"
#include "plan_ways.hpp"
#include "screen_parts.hpp"
#include "text_layout.hpp"
#include "worlds_report.hpp"

namespace headroom {
namespace {

/// One screen: what would not fit is counted and left to the report.
constexpr std::size_t kMostTargets = 6;
constexpr std::size_t kMostCurve = 6;
constexpr std::size_t kMostWarnings = 2;
constexpr std::size_t kTargetColumns = 32;
constexpr std::size_t kAnswerColumns = 12;
constexpr std::size_t kValueColumns = 10;
constexpr std::size_t kIntervalColumns = 19;

std::string count_of(const Json& value) { return format_count(real(value)); }

std::string signed_count(double value) { return (value > 0 ? "+" : "") + format_count(value); }

std::string dollars(double usd) {
  if (std::isnan(usd)) return "-";
  const double size = std::abs(usd);
  const std::string digits = size < 1'000 ? fmt::format("{:.2f}", size) : format_count(size);
  return (usd < 0 ? "-$" : "$") + digits;
}

/// "0.72 s [0.61 s, 0.85 s]", or what stands for a value that there is not.
std::string value_and_interval(const Json& row, const std::string& unit, bool interval = true) {
  if (row["value"].is_null()) return "lost";
  std::string text = format_value(real(row["value"]), unit);
  if (interval && !row["ci"].is_null()) {
    text += " [" + format_value(real(row["ci"][0]), unit) + ", " +
            format_value(real(row["ci"][1]), unit) + "]";
  }
  return text;
}

class PlanScreen {
 public:
  PlanScreen(const Json& report, const TextStyle& style)
      : report_(report), style_(style), paint_(style.colour), clock_(report) {}

  std::string draw(const std::vector<std::string>& written) {
    title();
    headline();
    for (const std::string& l : claim_lines(report_, style_)) line(l);
    pools();
    targets();
    below();
    for (const std::string& l : worlds_lines(report_, style_)) line(l);
    alternatives();
    doing_nothing();
    knee();
    for (const std::string& l : ways_lines(report_, clock_, style_)) line(l);
    curve();
    for (const std::string& l : timeline_charts(report_, clock_, style_, 2)) line(l);
    notes();
    for (const std::string& file : written) line("  written  " + file);
    return std::move(text_);
  }

 private:
  void line(const std::string& text) {
    text_ += text;
    while (!text_.empty() && text_.back() == ' ') text_.pop_back();
    text_ += '\n';
  }
  void wrapped(const std::string& first, const std::string& text) {
    for (const std::string& l : wrap_text(text, first, style_.columns)) line(l);
  }
  bool found() const { return report_["answer"]["status"] == "found"; }

  void title() {
    std::string fleet;
    for (const Json& pool : report_["pools"]) {
      const std::string gpu = word(pool["gpu"]);
      fleet += (fleet.empty() ? "" : " + ") + count_of(pool["gpus"]) +
               (gpu.empty() ? " GPUs" : " x " + gpu);
    }
    line(cut_text(fmt::format("headroom {}  {}  |  today {}", word(report_["tool"]["version"]),
                              word(report_["scenario"]["name"]), fleet),
                  style_.columns));
    const Json& method = report_["method"];
    const Json& plan = method["plan"];
    line(paint_.faint(cut_text(
        fmt::format(
            "seed {}, {} replication{} near the answer and {} far from it, {:g} % confidence",
            method["seed"].dump(), plan["verdict_replications"].dump(),
            plan["verdict_replications"] == 1 ? "" : "s", plan["probe_replications"].dump(),
            100 * real(method["confidence"])),
        style_.columns)));
    line("");
  }

  void headline() {
    const std::string text = word(report_["answer"]["headline"]);
    for (const std::string& l : wrap_text(text, "PLAN  ", style_.columns)) {
      line(found() ? paint_.strong(l) : paint_.bad(l));
    }
    line("");
  }

  void pools() {
    if (!found()) return;
    line(paint_.faint("  " + pad_right("pool", 16) + pad_right("GPUs now", 11) +
                      pad_right("needed", 11) + pad_right("change", 11) +
                      pad_right("interval", 18) + "less a node"));
    for (const Json& pool : report_["answer"]["fleet"]) {
      const double add = real(pool["add"]);
      const double remove = real(pool["remove"]);
      const bool other = pool["gpu"] != pool["current_gpu"];
      const std::string change = other ? "+" + format_count(add) + " -" + format_count(remove)
                                       : signed_count(add - remove);
      const std::string interval =
          pool["needed_ci"][0] == pool["needed_ci"][1]
              ? count_of(pool["needed_ci"][1])
              : count_of(pool["needed_ci"][0]) + " to " + count_of(pool["needed_ci"][1]);
      line("  " + pad_right(cut_text(word(pool["pool"]), 15), 16) +
           pad_right(count_of(pool["current"]), 11) + pad_right(count_of(pool["needed"]), 11) +
           pad_right(change, 11) + pad_right(interval, 18) + count_of(pool["node_loss"]));
    }
    const Json& cost = report_["answer"]["cost"];
    if (cost["needed_usd_per_h"].is_number()) {
      std::string text =
          fmt::format("{} an hour instead of {}", dollars(real(cost["needed_usd_per_h"])),
                      dollars(real(cost["current_usd_per_h"])));
      text += prices_text(cost["prices"]);
      if (real(cost["needed_usd_per_h_high"]) > real(cost["needed_usd_per_h"])) {
        text += fmt::format("; {} at the highest listed price",
                            dollars(real(cost["needed_usd_per_h_high"])));
      }
      text += fmt::format("; {} GPU-hours", count_of(cost["gpu_hours"]));
      wrapped("  cost          ", text);
    }
    line("");
  }

  /// The lowest price of each type of GPU, which is the first of its rows.
  static std::string prices_text(const Json& prices) {
    std::vector<std::string> seen;
    std::string text;
    if (prices.empty()) return text;
    const bool several = prices.front()["gpu"] != prices.back()["gpu"];
    for (const Json& price : prices) {
      const std::string gpu = word(price["gpu"]);
      if (std::find(seen.begin(), seen.end(), gpu) != seen.end()) continue;
      seen.push_back(gpu);
      text += fmt::format("{}${:.2f}{} ({}, {})", text.empty() ? " at " : ", ",
                          real(price["usd_per_gpu_h"]), several ? " a " + gpu : "",
                          word(price["market"]), word(price["date"]));
    }
    return text;
  }

  /// A blank follows a value that is longer than its column.
  static std::string column(const std::string& text, std::size_t columns) {
    return pad_right(text, columns - 1) + " ";
  }

  /// The targets at the fleet that is the answer, beside today's.
  void targets() {
    const Json& at_answer = report_["answer"]["targets"];
    const Json& today = report_["targets"];
    if (today.empty() || at_answer.empty()) return;
    const std::string head = count_of(report_["answer"]["judged_gpus"]) + " GPUs";
    line(paint_.faint(pad_right("  target", kTargetColumns + 2) + column("today", kValueColumns) +
                      column(head, kAnswerColumns) + pad_right("interval", kIntervalColumns)));
    const Json& busy = report_["busy_periods"];
    if (!busy.is_null()) {
      const std::string every = word(busy["every"]) + " ";
      line(paint_.faint(pad_right("", kTargetColumns + 2) +
                        column(every + busy["reported"].dump(), kValueColumns) + every +
                        report_["answer"]["judged_period"].dump()));
    }
    for (std::size_t i = 0; i < std::min({today.size(), at_answer.size(), kMostTargets}); ++i) {
      const std::string unit = word(today[i]["unit"]);
      const Json& then = at_answer[i];
      std::string range;
      if (!then["ci"].is_null()) {
        range = "[" + format_value(real(then["ci"][0]), unit) + ", " +
                format_value(real(then["ci"][1]), unit) + "]";
      }
      const bool pass = then["pass"].get<bool>();
      line("  " + pad_right(cut_text(target_name(today[i]), kTargetColumns - 1), kTargetColumns) +
           column(target_value(today[i]), kValueColumns) +
           column(then["value"].is_null() ? "lost" : format_value(real(then["value"]), unit),
                  kAnswerColumns) +
           column(range, kIntervalColumns) + (pass ? paint_.good("PASS") : paint_.bad("FAIL")));
      line(paint_.faint("      limit " + target_limit(today[i])));
    }
    if (today.size() > kMostTargets) {
      line(fmt::format("  and {} more targets", today.size() - kMostTargets));
    }
  }

  void below() {
    for (const Json& row : report_["answer"]["below"]) {
      const Json& binding = row["binding"];
      if (binding.is_null()) continue;
      const std::string unit = word(binding["unit"]);
      const bool pass = row["pass"].get<bool>();
      std::string text =
          fmt::format("{} {} ({} {})", word(binding["id"]), value_and_interval(binding, unit),
                      pass ? "PASS" : "FAIL",
                      row["rule"] == "point estimate" ? "in mean, too few replications for a bound"
                      : row["excluded"].get<bool>()   ? "beyond doubt"
                                                      : "by its bound, not excluded");
      wrapped("  " + pad_right("one less: " + count_of(row["gpus"]) + " GPUs", 24) + " ", text);
    }
    line("");
  }

  void alternatives() {
    const Json& all = report_["alternatives"];
    if (all.empty()) return;
    line(paint_.faint("  " + pad_right("GPU type", 24) + pad_right("needed", 12) +
                      pad_right("$ an hour", 14) + pad_right("kW", 10)));
    for (const Json& row : all) {
      const std::string mark = row["chosen"].get<bool>() ? "<- chosen" : "";
      if (row["needed_gpus"].is_null()) {
        wrapped("  " + pad_right(word(row["gpu"]), 24), word(row["problem"]));
        continue;
      }
      line("  " + pad_right(word(row["gpu"]), 24) + pad_right(count_of(row["needed_gpus"]), 12) +
           pad_right(row["usd_per_h"].is_null() ? "-" : dollars(real(row["usd_per_h"])), 14) +
           pad_right(row["power_w"].is_null() ? "-" : format_number(real(row["power_w"]) / 1000),
                     10) +
           mark);
    }
    line("");
  }

  void doing_nothing() {
    const Json& nothing = report_["do_nothing"];
    if (nothing["verdict"] != "fail") {
      wrapped("  doing nothing ",
              "holds every target today (" + nothing["replications"].dump() + " replications)");
      return;
    }
    std::string text;
    if (nothing["first_breach_s"].is_number()) {
      text = fmt::format("first over at {} ({})", clock_.moment(real(nothing["first_breach_s"])),
                         word(nothing["first_breach_target"]));
    } else {
      text = "misses its targets";
    }
    if (nothing["worst"].is_string()) {
      text += "; worst " +
              (nothing["worst_s"].is_null() ? std::string("lost")
                                            : format_seconds(real(nothing["worst_s"]))) +
              fmt::format(" ({}), over for {}", word(nothing["worst_target"]),
                          format_seconds(real(nothing["time_above_s"])));
    }
    if (real(nothing["backlog_peak"]) > 0) {
      text += fmt::format("; backlog peaks at {} requests", count_of(nothing["backlog_peak"]));
      text += drained(nothing["drain_s"]);
    }
    text += fmt::format("; {} requests lost ({})", format_short_count(real(nothing["lost"])),
                        format_share(real(nothing["lost_share"])));
    wrapped("  doing nothing ", text);
  }

  static std::string drained(const Json& windows) {
    double longest = 0;
    std::string where;
    for (const auto& [window, value] : windows.items()) {
      if (window == "run" && windows.size() > 1) continue;
      if (value.is_null()) return ", not drained after " + window + " before the horizon";
      if (value.get<double>() <= longest) continue;
      longest = value.get<double>();
      where = window;
    }
    return longest > 0 ? ", drained " + format_seconds(longest) + " after " + where : "";
  }

  void knee() {
    const Json& knee = report_["knee"];
    if (knee["points"].empty()) return;
    std::string text = "today's fleet";
    const bool holds = knee["holds"].is_number();
    const bool fails = knee["fails"].is_number();
    if (holds) text += " holds " + format_number(real(knee["holds"])) + " x the demand";
    if (holds && fails) text += " and";
    if (fails) text += " does not hold " + format_number(real(knee["fails"])) + " x";
    text += ":";
    for (const Json& point : knee["points"]) {
      const Json& binding = point["binding"];
      text += fmt::format(" {}x {}", format_number(real(point["multiplier"])),
                          binding["value"].is_null()
                              ? "lost"
                              : format_value(real(binding["value"]), word(binding["unit"])));
      text += &point == &knee["points"].back() ? "" : ",";
    }
    wrapped("  knee          ", text);
  }

  /// "4 + 6": those that simulated the whole run, and the busiest hours alone.
  static std::string replications_of(const Json& row) {
    const auto all = row["replications"].get<std::int64_t>();
    const auto in_hours = row["in_busiest_hours"].get<std::int64_t>();
    if (in_hours == 0) return std::to_string(all);
    return (in_hours < all ? std::to_string(all - in_hours) + " " : "") + "+ " +
           std::to_string(in_hours);
  }

  /// The rows nearest to the answer.
  void curve() {
    const Json& rows = report_["curve"];
    if (rows.empty()) return;
    line("");
    line(paint_.faint("  " + pad_right("GPUs", 12) + pad_right("replications", 14) +
                      pad_right("tightest target", 37) + "verdict"));
    std::size_t centre = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i]["role"] == "answer") centre = i;
    }
    std::size_t from = centre > kMostCurve / 2 ? centre - kMostCurve / 2 : 0;
    from = std::min(from, rows.size() - std::min(rows.size(), kMostCurve));
    const std::size_t to = std::min(rows.size(), from + kMostCurve);
    for (std::size_t i = from; i < to; ++i) {
      const Json& row = rows[i];
      const Json& binding = row["binding"];
      const std::string said =
          binding.is_null()
              ? ""
              : word(binding["id"]) + " " +
                    value_and_interval(binding, word(binding["unit"]), row["rule"] == "CI bound");
      const std::string role = word(row["role"]);
      const bool pass = row["pass"].get<bool>();
      line("  " + pad_right(count_of(row["gpus"]), 12) + pad_right(replications_of(row), 14) +
           pad_right(cut_text(said, 36), 37) + (pass ? paint_.good("PASS") : paint_.bad("FAIL")) +
           (role == "answer"  ? " <- answer"
            : role == "today" ? " <- today"
                              : ""));
    }
    if (rows.size() > to - from) {
      line(fmt::format("  and {} more in the report", rows.size() - (to - from)));
    }
    const Json& hours = report_["method"]["plan"]["busiest_hours"];
    if (!hours.is_null()) {
      wrapped("  ", fmt::format("+: replications that simulate the busiest hours alone, {} to {}",
                                clock_.moment(real(hours["simulated_from_s"])),
                                clock_.moment(real(hours["simulated_to_s"]))));
    }
    line("");
  }

  void notes() {
    wrapped("  why           ", word(report_["why"]["binding"]));
    const std::string assumptions = assumptions_line(report_);
    if (!assumptions.empty()) line(assumptions);
    for (const std::string& l : rests_on_lines(report_, style_)) line(l);
    for (const std::string& l : warning_lines(report_, kMostWarnings, style_)) line(l);
    const Json& search = report_["search"];
    const Json& run = report_["run"];
    wrapped("  tried         ",
            fmt::format("{} fleets, {} variants; {} requests simulated in {} ({} threads)",
                        count_of(search["fleets"]), count_of(search["candidates"]),
                        format_short_count(real(search["requests"])),
                        format_seconds(real(run["wall_s"])), run["threads"].dump()));
  }

  const Json& report_;
  TextStyle style_;
  Paint paint_;
  Clock clock_;
  std::string text_;
};

}  // namespace

std::string render_plan_text(const nlohmann::ordered_json& report, const TextStyle& style,
                             const std::vector<std::string>& written) {
  return PlanScreen(report, style).draw(written);
}

}  // namespace headroom
