#include "progress_line.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "headroom/report/format.hpp"

namespace headroom::tools {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainSeconds = 10;

std::string line_of(const Progress& progress) {
  std::string text =
      fmt::format("{:3.0f} %  {} simulated, {} requests, {}/s", progress.share * 100,
                  format_seconds(progress.simulated_s), format_short_count(progress.requests),
                  format_short_count(progress.requests_per_s));
  if (progress.requests > 0) text += ", delay " + format_seconds(progress.mean_delay_s);
  if (progress.share > 0.01) {
    const double left_s = progress.wall_s * (1 - progress.share) / progress.share;
    text += ", " + format_seconds(left_s) + " left";
  }
  return text;
}

}  // namespace

ProgressLine::ProgressLine(const CommonOptions& common, const Terminal& terminal, bool json)
    : as_json_(common.log_format == "json") {
  const char* ci = std::getenv("CI");
  const bool in_ci = ci != nullptr && std::string(ci) == "true";
  if (common.verbosity < 0 || !common.progress || in_ci) return;
  if (json && !terminal.out_is_tty) return;
  form_ = terminal.err_is_tty && !as_json_ ? Form::kRedrawn : Form::kPlain;
}

void ProgressLine::show(const Progress& progress) {
  if (form_ == Form::kNone) return;
  const double every_s = form_ == Form::kRedrawn ? kRedrawSeconds : kPlainSeconds;
  if (progress.wall_s - shown_at_s_ < every_s) return;
  shown_at_s_ = progress.wall_s;
  if (form_ == Form::kRedrawn) {
    fmt::print(stderr, "\r\033[K{}", line_of(progress));
    drawn_ = true;
  } else if (as_json_) {
    fmt::print(stderr,
               "{{\"progress\": {:.4f}, \"simulated_s\": {:.0f}, \"requests\": {:.0f}, "
               "\"mean_delay_s\": {:.6g}, \"wall_s\": {:.1f}}}\n",
               progress.share, progress.simulated_s, progress.requests, progress.mean_delay_s,
               progress.wall_s);
  } else {
    fmt::print(stderr, "{}\n", line_of(progress));
  }
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace headroom::tools
