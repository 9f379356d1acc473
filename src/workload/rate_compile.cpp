#include "rate_compile.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "curve.hpp"

namespace headroom {
namespace {

constexpr double kHour = 3600, kDay = 86'400;
constexpr double kMostPieces = 200'000;

Issue refused(std::string pointer, std::string message) {
  Issue issue;
  issue.code = "E134";
  issue.pointer = std::move(pointer);
  issue.message = std::move(message);
  return issue;
}

double period_s(const std::string& per) {
  if (per == "day") return kDay;
  if (per == "week") return 7 * kDay;
  if (per == "year") return 365.25 * kDay;
  return 365.25 / 12 * kDay;  // a mean month
}

/// Divides each stretch of `cells` values by its mean.
void normalise(std::vector<double>& values, std::size_t cells) {
  for (std::size_t first = 0; first + cells <= values.size(); first += cells) {
    double sum = 0;
    for (std::size_t i = 0; i < cells; ++i) sum += values[first + i];
    if (sum <= 0) continue;
    for (std::size_t i = 0; i < cells; ++i) {
      values[first + i] *= static_cast<double>(cells) / sum;
    }
  }
}

std::vector<double> prepared_values(const ProfileConfig& profile) {
  std::vector<double> values =
      profile.values.empty() ? profile_values(profile.name) : profile.values;
  if (profile.normalise == "week") normalise(values, values.size());
  if (profile.normalise == "day") normalise(values, 24);
  for (double& value : values) {
    value = std::max(0.0, 1 + profile.amplitude * (value - 1));
  }
  return values;
}

/// Hours since a Monday 00:00 of the local clock, at the run's start. 1970-01-01 was a Thursday.
double hours_since_monday(double start_utc_s, double utc_offset_s) {
  return (start_utc_s + utc_offset_s) / kHour + 3 * 24;
}

Curve profile_curve(const ProfileConfig& profile, double start_utc_s, Ticks end) {
  Curve curve(1.0);
  const std::vector<double> values = prepared_values(profile);
  const bool flat = std::all_of(values.begin(), values.end(),
                                [&values](double v) { return v == values.front(); });
  if (values.empty()) return curve;
  if (flat) {
    curve.hold(-kHour, values.front());
    return curve;
  }
  const bool linear = profile.interpolation == "linear";
  const auto cells = static_cast<std::int64_t>(values.size());
  const auto value_of = [&](std::int64_t hour) {
    return values[static_cast<std::size_t>(((hour % cells) + cells) % cells)];
  };
  const double shift = hours_since_monday(start_utc_s, profile.utc_offset_s);
  const auto first = static_cast<std::int64_t>(std::floor(shift)) - 1;
  const double middle = linear ? 0.5 : 0.0;
  for (std::int64_t hour = first;; ++hour) {
    const double at = (static_cast<double>(hour) + middle - shift) * kHour;
    if (at >= seconds(end)) break;
    if (linear) {
      curve.add({at, kHour, value_of(hour), value_of(hour + 1)});
    } else {
      curve.hold(at, value_of(hour));
    }
  }
  return curve;
}

/// Linear between points, constant outside them, or steps at them.
Curve points_curve(const std::vector<std::pair<double, double>>& points, double before,
                   bool linear) {
  Curve curve(before);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto [at, value] = points[i];
    if (linear && i + 1 < points.size()) {
      curve.add({at, points[i + 1].first - at, value, points[i + 1].second});
    } else {
      curve.hold(at, value);
    }
  }
  return curve;
}

std::vector<std::pair<double, double>> dated_points(const GrowthConfig& growth,
                                                    double start_utc_s) {
  std::vector<std::pair<double, double>> points;
  for (const DatedMultiplier& point : growth.points) {
    points.emplace_back(since_start(point.at, start_utc_s), point.multiplier);
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  return points;
}

Curve growth_curve(const GrowthConfig& growth, double start_utc_s, Ticks end) {
  if (growth.kind == "dated") {
    return points_curve(dated_points(growth, start_utc_s), 1.0, growth.interpolation == "linear");
  }
  Curve curve(1.0);
  if (growth.kind == "compound" && growth.rate != 0) {
    curve.add({0, seconds(end), growth_factor(growth, 0, start_utc_s),
               growth_factor(growth, seconds(end), start_utc_s), Rise::kGeometric});
  }
  return curve;
}

/// Seconds from the first row of a rate file to the end of the last, which lasts as long as the one
/// before it; one alone, or rows of one moment, to the end of the run.
double file_period(std::span<const RateRow> rows, Ticks end) {
  double last_gap = seconds(end);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].at_s > rows[i - 1].at_s) last_gap = rows[i].at_s - rows[i - 1].at_s;
  }
  return rows.back().at_s - rows.front().at_s + last_gap;
}

Curve base_curve(const RateConfig& rate, std::span<const RateRow> rows, double start_utc_s,
                 Ticks end) {
  if (rate.file && !rows.empty()) {
    std::vector<std::pair<double, double>> points;
    const double first = rows.front().at_s;
    const double period = file_period(rows, end);
    const bool linear = rate.file->interpolation == "linear";
    double shift = 0;
    for (; shift < seconds(end); shift += period) {
      for (const RateRow& row : rows) {
        points.emplace_back(row.at_s - first + shift, row.rate_per_s * rate.file->scale);
      }
      if (rate.file->loop) continue;
      if (linear) points.emplace_back(shift + period, points.back().second);  // it lasts so long
      points.emplace_back(shift + period, 0.0);
      break;
    }
    if (rate.file->loop) points.emplace_back(shift, points.front().second);  // a line leads there
    return points_curve(points, 0.0, linear);
  }
  if (!rate.points.empty()) {
    std::vector<std::pair<double, double>> points;
    for (const RatePoint& point : rate.points) {
      points.emplace_back(since_start(point.at, start_utc_s), point.rate_per_s);
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return points_curve(points, points.front().second, true);
  }
  return Curve(rate.users ? *rate.users * rate.requests_per_user_per_s : rate.base_per_s);
}

/// Adds one occurrence of a surge. `rest` is the value without it, `full` at its height.
void add_occurrence(const SurgeConfig& surge, double start, double rest, double full,
                    Curve& curve) {
  if (surge.kind == "points") {
    for (std::size_t i = 0; i < surge.points.size(); ++i) {
      const SurgePoint& point = surge.points[i];
      const auto value = [&surge](const SurgePoint& p) {
        return surge.adds ? p.add_per_s : p.multiply;
      };
      const bool last = i + 1 == surge.points.size();
      const double length = last ? 0 : surge.points[i + 1].after_s - point.after_s;
      const double to = last ? rest : value(surge.points[i + 1]);
      curve.add({start + point.after_s, length, last ? rest : value(point), to});
    }
    return;
  }
  double at = start;
  const bool curved = surge.kind == "exponential" || surge.kind == "logistic";
  if (surge.kind != "step" && surge.rise_s > 0) {
    const Rise rise = surge.kind == "exponential" ? Rise::kExponential
                      : surge.kind == "logistic"  ? Rise::kLogistic
                                                  : Rise::kLinear;
    curve.add({at, surge.rise_s, rest, full, rise});
    at += surge.rise_s;
  }
  curve.hold(at, full);
  const bool decays = surge.kind != "step" && surge.decay_s > 0;
  if (surge.duration_s <= 0 && !decays) return;  // stays to the end
  at += surge.duration_s;
  if (decays) {
    const double length = curved ? 12 * surge.decay_s : surge.decay_s;
    curve.add({at, length, full, rest, curved ? Rise::kExponentialDecay : Rise::kLinear});
    at += length;
  }
  curve.hold(at, rest);
}

Curve surge_curve(const SurgeConfig& surge, double start_utc_s, Ticks end,
                  const std::string& pointer, std::vector<Issue>& issues) {
  const double rest = surge.adds ? 0 : 1, full = surge.adds ? surge.add_per_s : surge.multiply;
  Curve once(rest);
  double start = since_start(surge.start, start_utc_s);
  add_occurrence(surge, start, rest, full, once);
  if (surge.repeat_every_s <= 0) return once;

  const double pieces = static_cast<double>(once.pieces().size());
  double occurrences = seconds(end) / surge.repeat_every_s;
  if (surge.repeat_times > 0) {
    occurrences = std::min(occurrences, static_cast<double>(surge.repeat_times));
  }
  if (occurrences * pieces > kMostPieces) {
    issues.push_back(refused(pointer + "/repeat_every",
                             "the surge repeats more often than 200,000 pieces of rate can say"));
    return once;
  }
  // Occurrences long before the start leave nothing behind but still count.
  Curve curve(rest);
  const double skipped = std::max(0.0, std::floor(-start / surge.repeat_every_s) - 1);
  std::int64_t times = surge.repeat_times > 0
                           ? std::min(surge.repeat_times - 1, static_cast<std::int64_t>(skipped))
                           : static_cast<std::int64_t>(skipped);
  start += static_cast<double>(times) * surge.repeat_every_s;
  for (; start < seconds(end); start += surge.repeat_every_s) {
    if (surge.repeat_times > 0 && times == surge.repeat_times) break;
    ++times;
    Curve occurrence(rest);
    add_occurrence(surge, start, rest, full, occurrence);
    const auto& list = occurrence.pieces();
    for (std::size_t i = 1; i < list.size(); ++i) {
      // What is left when the next occurrence begins is cut. A rest that begins just then stays:
      // the next may begin later, with its first point.
      if (list[i].start_s <= start + surge.repeat_every_s ||
          (surge.repeat_times > 0 && times == surge.repeat_times)) {
        curve.add(list[i]);
      }
    }
  }
  return curve;
}

}  // namespace

double since_start(const json::TimePoint& at, double start_utc_s) {
  return at.absolute ? at.seconds - start_utc_s : at.seconds;
}

double growth_factor(const GrowthConfig& growth, double since_start_s, double start_utc_s) {
  if (growth.kind == "compound") {
    const double elapsed = since_start_s - since_start(growth.from, start_utc_s);
    return std::pow(1 + growth.rate, elapsed / period_s(growth.per));
  }
  if (growth.kind != "dated" || growth.points.empty()) return 1.0;
  const Curve curve =
      points_curve(dated_points(growth, start_utc_s), 1.0, growth.interpolation == "linear");
  return curve.piece_at(since_start_s).value(since_start_s);
}

RateFunction compile_rate(const RateConfig& rate, std::span<const RateRow> rows, double start_utc_s,
                          Ticks end, const std::string& pointer, std::vector<Issue>& issues) {
  if (rate.file && rate.file->loop && !rows.empty()) {
    const double loops = std::ceil(seconds(end) / file_period(rows, end));
    if (loops * static_cast<double>(rows.size()) > kMostPieces) {
      issues.push_back(refused(pointer + "/file/loop",
                               "the file would be looped into more than 200,000 pieces of rate"));
      return {};
    }
  }
  std::vector<Curve> factors, terms;
  factors.push_back(base_curve(rate, rows, start_utc_s, end));
  factors.push_back(profile_curve(rate.profile, start_utc_s, end));
  factors.push_back(growth_curve(rate.growth, start_utc_s, end));
  for (std::size_t i = 0; i < rate.surges.size(); ++i) {
    const SurgeConfig& surge = rate.surges[i];
    (surge.adds ? terms : factors)
        .push_back(
            surge_curve(surge, start_utc_s, end, pointer + "/surges/" + std::to_string(i), issues));
  }
  return combine(factors, terms, end);
}

}  // namespace headroom
