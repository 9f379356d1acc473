#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/report/format.hpp"
#include "headroom/report/report.hpp"
#include "screen_parts.hpp"
#include "text_layout.hpp"

namespace headroom {
namespace {

/// One screen: what would not fit is counted and left to the report.
constexpr std::size_t kMostTargets = 6;
constexpr std::size_t kMostDetails = 3;
constexpr std::size_t kMostClasses = 4;
constexpr std::size_t kMostWarnings = 3;
constexpr std::size_t kMostPeriods = 6;
constexpr std::size_t kMostDrains = 2;

/// Widths of the table of targets: a long value or interval takes its room from the names.
struct TargetColumns {
  std::size_t name = 35, value = 10, interval = 19;

  void make_room(const Json& target) {
    widen(value, display_width(target_value(target)) + 1);
    widen(interval, display_width(target_interval(target)) + 1);
  }

 private:
  static constexpr std::size_t kShortestName = 20;
  void widen(std::size_t& column, std::size_t wanted) {
    if (wanted <= column) return;
    name = std::max(kShortestName, name - std::min(name, wanted - column));
    column = wanted;
  }
};

class Screen {
 public:
  Screen(const Json& report, const TextStyle& style)
      : report_(report), style_(style), paint_(style.colour), clock_(report) {}

  std::string draw(const std::vector<std::string>& written) {
    title();
    headline();
    targets();
    classes();
    facts();
    charts();
    periods();
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

  void title() {
    std::string fleet;
    for (const Json& pool : report_["pools"]) {
      const std::string gpu = word(pool["gpu"]);
      fleet += (fleet.empty() ? "" : " + ") + format_count(real(pool["gpus"])) +
               (gpu.empty() ? " GPUs" : " x " + gpu);
    }
    line(cut_text(fmt::format("headroom {}  {}  |  {}", word(report_["tool"]["version"]),
                              word(report_["scenario"]["name"]), fleet),
                  style_.columns));
    const Json& method = report_["method"];
    const std::string grain = word(method["cells"]["grain"]);
    line(paint_.faint(
        cut_text(fmt::format("seed {}, {} replication{} of {}, {}", method["seed"].dump(),
                             method["replications"].dump(), method["replications"] == 1 ? "" : "s",
                             format_seconds(real(method["horizon_s"])), grain),
                 style_.columns)));
    line("");
  }

  void headline() {
    const std::string verdict = word(report_["answer"]["verdict"]);
    const auto lines = wrap_text(word(report_["answer"]["headline"]),
                                 verdict == "none"   ? ""
                                 : verdict == "pass" ? "PASS  "
                                                     : "FAIL  ",
                                 style_.columns);
    for (const std::string& l : lines) {
      line(verdict == "fail"   ? paint_.bad(l)
           : verdict == "pass" ? paint_.good(l)
                               : paint_.strong(l));
    }
    if (!report_["complete"].get<bool>()) line(paint_.bad("INCOMPLETE: the run was stopped early"));
    line("");
  }

  void targets() {
    const Json& all = report_["targets"];
    if (all.empty()) return;
    const bool intervals =
        std::any_of(all.begin(), all.end(), [](const Json& t) { return !t["ci"].is_null(); });
    const std::string head =
        intervals ? fmt::format("{:g} % interval", 100 * real(report_["method"]["confidence"]))
                  : "point estimate";
    std::vector<const Json*> order;
    for (const Json& t : all) {
      if (!t["pass"].get<bool>()) order.push_back(&t);
    }
    const std::size_t misses = order.size();
    for (const Json& t : all) {
      if (t["pass"].get<bool>()) order.push_back(&t);
    }
    // Busy periods take lines of the screen, so fewer targets are shown beside them.
    const std::size_t less = report_["busy_periods"].is_null() ? 0 : 2;
    const std::size_t most = std::min(order.size(), kMostTargets - less);
    TargetColumns columns;
    for (std::size_t i = 0; i < most; ++i) columns.make_room(*order[i]);
    line(paint_.faint(pad_right("  target", columns.name + 2) + pad_right("value", columns.value) +
                      pad_right(head, columns.interval) + "verdict"));
    for (std::size_t i = 0; i < most; ++i) target(*order[i], columns, i < kMostDetails - less);
    if (order.size() > most) {
      line(fmt::format("  and {} more; of {} targets {} PASS, {} FAIL", order.size() - most,
                       order.size(), order.size() - misses, misses));
    }
    line("");
  }

  void target(const Json& target, const TargetColumns& columns, bool detailed) {
    const std::string unit = word(target["unit"]);
    const bool pass = target["pass"].get<bool>();
    line("  " + pad_right(cut_text(target_name(target), columns.name - 1), columns.name) +
         pad_right(target_value(target), columns.value) +
         pad_right(target_interval(target), columns.interval) +
         (pass ? paint_.good("PASS") : paint_.bad("FAIL")) + " " + target_limit(target));
    if (pass || !detailed || !target.contains("first_breach_s")) return;
    if (target["first_breach_s"].is_null()) return;
    const double share = real(target["breach_share"]);
    std::string text =
        fmt::format("from {} ({} replications)", clock_.moment(real(target["first_breach_s"])),
                    share >= 1 ? "all" : format_share(share) + " of the");
    text += ", worst " + (target["worst"].is_null() ? std::string("lost")
                                                    : format_value(real(target["worst"]), unit));
    text += ", for " + format_seconds(real(target["time_above_s"]));
    for (const std::string& l : wrap_text(text, "      ", style_.columns)) line(paint_.faint(l));
  }

  /// "0.72 s", or what stands for a value that ranks among the lost.
  static std::string latency(const Json& metrics, const char* metric, const std::string& name,
                             const char* statistic) {
    if (!metrics.contains(metric) || !metrics[metric]["by_class"].contains(name)) return "-";
    const Json& block = metrics[metric]["by_class"][name];
    if (block[statistic].is_number()) return format_seconds(real(block[statistic]));
    return block["censored"].empty() ? "-" : "lost";
  }

  void classes() {
    const Json& by_class = report_["requests"]["by_class"];
    line(paint_.faint("  " + pad_right("class", 18) + pad_right("arrived", 9) +
                      pad_right("finished", 10) + pad_right("queue p50", 10) +
                      pad_right("queue p95", 10) + pad_right("TTFT p95", 10) + "E2E mean"));
    std::size_t shown = 0;
    for (const auto& [name, group] : by_class.items()) {
      if (shown++ == kMostClasses) break;
      const Json& metrics = report_["metrics"];
      const double arrived = real(group["arrived"]);
      line("  " + pad_right(cut_text(name, 17), 18) + pad_right(format_short_count(arrived), 9) +
           pad_right(format_share(real(group["finished"]) / arrived), 10) +
           pad_right(latency(metrics, "queue_delay_s", name, "p50"), 10) +
           pad_right(latency(metrics, "queue_delay_s", name, "p95"), 10) +
           pad_right(latency(metrics, "ttft_s", name, "p95"), 10) +
           latency(metrics, "e2e_s", name, "mean"));
    }
    if (by_class.size() > kMostClasses) {
      line(fmt::format("  and {} more classes", by_class.size() - kMostClasses));
    }
    line("");
  }

  /// Longest drain of a window over the classes that have a limit to be drained to; without one a
  /// single request waiting for a moment counts as a backlog. Negative: there is no such class.
  double longest_drain(const std::string& window) const {
    double longest = -1;
    for (const auto& [name, backlog] : report_["backlog"]["by_class"].items()) {
      if (real(backlog["drain_limit_s"]) <= 0) continue;
      const double drain = real(backlog["drain_s"][window]["value"]);
      if (std::isnan(drain)) return drain;
      longest = std::max(longest, drain);
    }
    return longest;
  }

  bool outlasts_demand() const {
    return real(report_["method"]["horizon_s"]) > real(report_["method"]["duration_s"]);
  }

  /// The windows that leave a backlog behind, as far as two lines go.
  std::string drains() const {
    std::string text;
    std::size_t shown = 0;
    const Json& windows = report_["method"]["windows"];
    for (const auto& [window, ignored] : windows.items()) {
      if (window == "run" && windows.size() > 1) continue;
      const double longest = longest_drain(window);
      const bool never = std::isnan(longest);
      if (!never && longest <= 0) continue;
      if (never && window == "run" && !outlasts_demand()) continue;  // nothing could drain
      if (++shown > kMostDrains) return text + "; ...";
      const std::string after = "after " + (window == "run" ? "the demand ends" : window);
      text += never ? "; not drained " + after + " before the horizon"
                    : "; drained " + format_seconds(longest) + " " + after;
    }
    return text;
  }

  /// What was refused on purpose, left while served or tried again; nothing where nothing was.
  std::string gateway() const {
    const Json& all = report_["requests"]["all"];
    const double arrived = real(all["arrived"]);
    std::string refused;
    for (const auto& [key, name] : {std::pair{"rejected_quota", "quota"},
                                    {"rejected_token_bucket", "token bucket"},
                                    {"rejected_queue_cap", "queue cap"}}) {
      if (!(real(all[key]) > 0)) continue;
      refused +=
          (refused.empty() ? "" : ", ") + format_share(real(all[key]) / arrived) + " by " + name;
    }
    std::string text = refused.empty() ? "" : "refused " + refused;
    const auto add = [&text](const std::string& part) {
      text += (text.empty() ? "" : "; ") + part;
    };
    if (real(all["attempts"]) > arrived) {
      add(format_number(real(all["attempts"]) / arrived) + " attempts a request");
    }
    if (real(all["abandoned_in_service"]) > 0) {
      add(format_share(real(all["abandoned_in_service"]) / arrived) + " left while served");
    }
    double wasted_s = 0;
    for (const Json& pool : report_["pools"]) wasted_s += real(pool["wasted_gpu_s"]);
    if (wasted_s > 0) add(format_number(wasted_s / 3600) + " GPU-hours on attempts that were lost");
    return text;
  }

  void facts() {
    const Json& answer = report_["answer"];
    bool varies = false;
    for (const Json& pool : report_["pools"]) varies = varies || pool.contains("fleet_changes");
    wrapped("  offered load  ",
            fmt::format("{} GPUs on average, {} at the peak, of {}{}; a fluid estimate asks for {}",
                        format_number(real(answer["offered_load_mean_gpus"])),
                        format_number(real(answer["offered_load_peak_gpus"])),
                        format_count(real(answer["gpus"])), varies ? " at the start" : "",
                        format_count(real(answer["fluid_gpus"]))));
    const Json& backlog = report_["backlog"]["all"];
    if (real(backlog["peak"]) > 0) {
      std::string text =
          fmt::format("peaks at {} requests, {}", format_count(real(backlog["peak"])),
                      clock_.moment(real(backlog["peak_at_s"])));
      text += drains();
      wrapped("  backlog       ", text);
    }
    if (const std::string text = gateway(); !text.empty()) wrapped("  gateway       ", text);
    std::string use;
    for (const Json& pool : report_["pools"]) {
      use +=
          fmt::format("{}{} {} mean, {} peak", use.empty() ? "" : "; ", word(pool["name"]),
                      format_share(real(pool["busy_mean"])), format_share(real(pool["busy_peak"])));
      if (pool.contains("kv_peak")) {
        use += ", KV " + format_share(real(pool["kv_peak"])) + " peak";
      }
    }
    wrapped("  busy          ", use);
    for (const Json& pool : report_["pools"]) in_service(pool);
    wrapped("  why           ", word(report_["why"]["binding"]));
    line("");
  }

  /// "a100 20 to 36 GPUs, 10.4 GPU-hours; 3 replicas failed".
  void in_service(const Json& pool) {
    if (!pool.contains("fleet_changes")) return;
    const Json& changes = pool["fleet_changes"];
    std::string text = fmt::format("{} {} to {} GPUs, {} GPU-hours", word(pool["name"]),
                                   format_number(real(changes["gpus_least"])),
                                   format_number(real(changes["gpus_most"])),
                                   format_number(real(pool["gpu_hours"])));
    const double faults = real(changes["replica_faults"]);
    if (faults > 0) {
      text += fmt::format("; {} replica {}, {} GPU-hours down", format_number(faults),
                          faults == 1 ? "fault" : "faults",
                          format_number(real(changes["gpu_hours_down"])));
    }
    wrapped("  in service    ", text);
  }

  void charts() {
    // Busy periods are a table of their own, so their charts are lower.
    const std::size_t height = report_["busy_periods"].is_null() ? 3 : 2;
    for (const std::string& l : timeline_charts(report_, clock_, style_, height)) line(l);
  }

  void periods() {
    const Json& block = report_["busy_periods"];
    if (block.is_null()) return;
    const std::string every = word(block["every"]);
    const std::size_t n = block["periods"].size();
    const std::size_t stride = (n + kMostPeriods - 1) / kMostPeriods;
    std::size_t i = 0;
    for (const Json& period : block["periods"]) {
      const bool turning = block["first_failing"].is_number() &&
                           (i == block["first_failing"].get<std::size_t>() ||
                            i + 1 == block["first_failing"].get<std::size_t>());
      const bool show = i % stride == 0 || i + 1 == n || turning;
      ++i;
      if (!show) continue;
      const bool pass = period["pass"].get<bool>();
      const std::string utc = word(period["start_utc"]);
      line("  " + pad_right(every + " " + period["index"].dump(), 10) +
           pad_right(utc.substr(0, std::min<std::size_t>(10, utc.size())), 12) +
           pad_right(format_number(real(period["rate_multiplier"])) + " x demand", 15) +
           pad_right(format_number(real(period["offered_load_per_gpu"])) + " load per GPU", 20) +
           (pass ? paint_.good("PASS") : paint_.bad("FAIL")));
    }
    line("");
  }

  void notes() {
    const std::string assumptions = assumptions_line(report_);
    if (!assumptions.empty()) line(assumptions);
    for (const std::string& l : warning_lines(report_, kMostWarnings, style_)) line(l);
  }

  const Json& report_;
  TextStyle style_;
  Paint paint_;
  Clock clock_;
  std::string text_;
};

}  // namespace

std::string render_text(const nlohmann::ordered_json& report, const TextStyle& style,
                        const std::vector<std::string>& written) {
  return Screen(report, style).draw(written);
}

}  // namespace headroom
