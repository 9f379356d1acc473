#include "headroom/latency/fit.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "fitted_forms.hpp"
#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "operators.hpp"

namespace headroom {
namespace {

/// Pull towards the starting coefficients, on the scale of residuals: settles those that few rows
/// say nothing about, and is lost among hundreds of rows.
constexpr double kAnchor = 0.3;
/// Deviations above this count by their size, below by their square.
constexpr double kSoft = 0.05;

/// A coefficient on the whole line: logit of its place between the parameter's limits.
double to_line(double value, const Parameter& p) {
  const double share = std::clamp((value - p.min) / (p.max - p.min), 1e-4, 1 - 1e-4);
  return std::log(share / (1 - share));
}
double from_line(double x, const Parameter& p) {
  return p.min + (p.max - p.min) / (1 + std::exp(-x));
}

class Problem {
 public:
  Problem(const Gpu& gpu, const FittedForm& form, const std::vector<MeasuredRow>& rows,
          std::span<const double> start)
      : gpu_(gpu), form_(form), rows_(rows) {
    anchor_.resize(static_cast<Eigen::Index>(start.size()));
    for (std::size_t i = 0; i < start.size(); ++i) {
      anchor_[static_cast<Eigen::Index>(i)] = to_line(start[i], form.parameters[i]);
    }
    bounds_.reserve(rows.size());
    for (const MeasuredRow& row : rows) bounds_.push_back(bound_seconds(gpu, row.shape));
  }

  std::vector<double> coefficients(const Eigen::VectorXd& x) const {
    std::vector<double> c(form_.parameters.size());
    for (std::size_t i = 0; i < c.size(); ++i) {
      c[i] = from_line(x[static_cast<Eigen::Index>(i)], form_.parameters[i]);
    }
    return c;
  }

  const Eigen::VectorXd& anchor() const { return anchor_; }

  /// Residuals whose squares sum to the soft-L1 norm (Charbonnier) of the log ratios.
  Eigen::VectorXd residuals(const Eigen::VectorXd& x) const {
    const std::vector<double> c = coefficients(x);
    const auto count = static_cast<Eigen::Index>(rows_.size());
    Eigen::VectorXd r(count + x.size());
    r.tail(x.size()) = kAnchor * (x - anchor_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const double time = std::max(bounds_[i], form_.seconds(gpu_, rows_[i].shape, c));
      const double ratio = std::log(time / rows_[i].seconds) / kSoft;
      const double soft = std::sqrt(2 * (std::sqrt(1 + ratio * ratio) - 1));
      r[static_cast<Eigen::Index>(i)] = ratio < 0 ? -soft : soft;
    }
    return r;
  }

 private:
  const Gpu& gpu_;
  const FittedForm& form_;
  const std::vector<MeasuredRow>& rows_;
  std::vector<double> bounds_;
  Eigen::VectorXd anchor_;
};

Eigen::MatrixXd jacobian(const Problem& problem, const Eigen::VectorXd& x,
                         const Eigen::VectorXd& at) {
  // Wide steps: the forms have kinks where tiles change, and a wide step sees past them.
  constexpr double kStep = 0.02;
  Eigen::MatrixXd j(at.size(), x.size());
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    Eigen::VectorXd moved = x;
    moved[i] += kStep;
    j.col(i) = (problem.residuals(moved) - at) / kStep;
  }
  return j;
}

struct Solution {
  Eigen::VectorXd x;
  double cost = 0;
  std::vector<double> coefficients;
};

/// Levenberg-Marquardt with Marquardt's scaling (Marquardt 1963, doi:10.1137/0111030).
Solution minimise(const Problem& problem, Eigen::VectorXd x, int rounds) {
  Eigen::VectorXd r = problem.residuals(x);
  double cost = r.squaredNorm();
  double damping = 1e-2;
  for (int round = 0; round < rounds; ++round) {
    const Eigen::MatrixXd j = jacobian(problem, x, r);
    const Eigen::MatrixXd normal = j.transpose() * j;
    const Eigen::VectorXd gradient = j.transpose() * r;
    bool better = false;
    double gain = 0;
    for (int attempt = 0; attempt < 8 && !better; ++attempt) {
      Eigen::MatrixXd damped = normal;
      damped.diagonal() += damping * (normal.diagonal().array() + 1e-9).matrix();
      Eigen::VectorXd step = damped.ldlt().solve(-gradient);
      step = step.cwiseMax(-2.0).cwiseMin(2.0);
      const Eigen::VectorXd moved = (x + step).cwiseMax(-9.0).cwiseMin(9.0);
      const Eigen::VectorXd there = problem.residuals(moved);
      if (there.squaredNorm() < cost) {
        gain = 1 - there.squaredNorm() / cost;
        x = moved;
        r = there;
        cost = r.squaredNorm();
        damping = std::max(damping / 4, 1e-7);
        better = true;
      } else {
        damping *= 4;
      }
    }
    if (!better || (gain < 1e-6 && round > 5)) break;
  }
  return {x, cost, problem.coefficients(x)};
}

/// The best of a descent from `from`, and of descents from its end with one coefficient after
/// another moved far to either side: the forms choose between tiles and schedules, so that the norm
/// has more than one valley.
Solution search(const Gpu& gpu, const FittedForm& form, const std::vector<MeasuredRow>& rows,
                std::span<const double> from, const FitOptions& options) {
  constexpr double kFar = 3;
  const Problem problem(gpu, form, rows, from);
  Solution best = minimise(problem, problem.anchor(), options.rounds);
  for (int pass = 0; pass < options.restarts; ++pass) {
    const double before = best.cost;
    for (Eigen::Index i = 0; i < best.x.size(); ++i) {
      for (const double side : {-kFar, kFar}) {
        Eigen::VectorXd moved = best.x;
        moved[i] = side;
        Solution other = minimise(problem, std::move(moved), 8);
        if (other.cost < best.cost) best = std::move(other);
      }
    }
    if (best.cost > before * (1 - 1e-3)) break;
  }
  return minimise(problem, best.x, options.rounds);
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  // FNV-1a over the eight bytes.
  for (int i = 0; i < 8; ++i) {
    hash = (hash ^ ((value >> (8 * i)) & 0xFFU)) * 0x100000001B3ULL;
  }
  return hash;
}

/// The same for every GPU, number format and machine.
std::uint64_t hash_of(std::size_t kind, const Coordinates& at) {
  std::uint64_t hash = mix(0xCBF29CE484222325ULL, kind);
  for (std::size_t i = 0; i < at.count; ++i) {
    hash = mix(hash, static_cast<std::uint64_t>(std::llround(at.value[i] * 16)));
  }
  return hash;
}

/// About `most` of the rows, by a hash of their place: files are sorted, and every k-th row of a
/// grid may be all of one kind.
std::vector<MeasuredRow> thin(const std::vector<MeasuredRow>& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  std::vector<MeasuredRow> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t draw = mix(0xCBF29CE484222325ULL, i) >> 11U;
    if (draw % rows.size() < most) kept.push_back(rows[i]);
  }
  return kept;
}

bool held_back(const KernelShape& shape, FitOptions::Split split) {
  switch (split) {
    case FitOptions::Split::kNone:
      return false;
    case FitOptions::Split::kShape:
      return is_scored(shape);
    case FitOptions::Split::kWeight:
      return is_scored_by_weight(shape);
  }
  return false;
}

std::vector<MeasuredRow> rows_of(std::span<const MeasuredRow> rows, KernelKind kind, Dtype dtype) {
  std::vector<MeasuredRow> kept;
  for (const MeasuredRow& row : rows) {
    if (kind_of(row.shape) == kind && dtype_of(row.shape) == dtype) kept.push_back(row);
  }
  return kept;
}

void set_range(KernelFit& fit, const std::vector<MeasuredRow>& rows) {
  const std::size_t count = coordinate_names(fit.kind).size();
  fit.range_min.assign(count, 1e300);
  fit.range_max.assign(count, 0);
  for (const MeasuredRow& row : rows) {
    const Coordinates at = coordinates_of(row.shape);
    for (std::size_t i = 0; i < count; ++i) {
      fit.range_min[i] = std::min(fit.range_min[i], at.value[i]);
      fit.range_max[i] = std::max(fit.range_max[i], at.value[i]);
    }
  }
}

}  // namespace

bool has_weights(KernelKind kind) { return kind == KernelKind::kGemm || kind == KernelKind::kMoe; }

bool is_scored_by_weight(const KernelShape& shape) {
  if (!has_weights(kind_of(shape))) return false;
  Coordinates at = coordinates_of(shape);
  at.value[0] = 0;  // tokens
  return (hash_of(shape.index(), at) >> 20U) % 5 == 0;
}

bool is_scored(const KernelShape& shape) {
  return (hash_of(shape.index(), coordinates_of(shape)) >> 20U) % 5 == 0;
}

std::vector<Issue> unit_problems(const Gpu& gpu, std::span<const MeasuredRow> rows,
                                 const std::string& file) {
  constexpr double kTooFast = 100;
  constexpr double kTooSlow = 300;
  constexpr double kLongSeconds = 0.03;
  std::vector<Issue> issues;
  for (const MeasuredRow& row : rows) {
    const double bound = bound_seconds(gpu, row.shape);
    std::string message;
    if (row.seconds * kTooFast < bound) {
      message = fmt::format(
          "{:.3g} ms is {:.0f} times faster than {} can be ({:.3g} ms); is it in seconds?",
          row.seconds * 1e3, bound / row.seconds, gpu.name, bound * 1e3);
    } else if (row.seconds > kLongSeconds && row.seconds > kTooSlow * bound) {
      message = fmt::format(
          "{:.4g} ms is {:.0f} times the physical bound ({:.3g} ms); is it in microseconds?",
          row.seconds * 1e3, row.seconds / bound, bound * 1e3);
    }
    if (message.empty()) continue;
    Issue issue;
    issue.code = "E105";
    issue.file = file;
    issue.line = row.line;
    issue.message = std::move(message);
    issues.push_back(std::move(issue));
  }
  return issues;
}

std::optional<ServerFactor> server_factor_of(const Gpu& gpu, std::span<const MeasuredRow> rows,
                                             std::span<const double> alone_s) {
  HEADROOM_CHECK(rows.size() == alone_s.size(), "one time alone a row");
  constexpr std::int64_t kFewestRows = 10;
  constexpr double kHalf = 0.5;
  Eigen::VectorXd share(static_cast<Eigen::Index>(rows.size()));
  Eigen::VectorXd excess(share.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    share[at] = computing_share(gpu, rows[i].shape);
    excess[at] = rows[i].seconds / alone_s[i] - 1;
  }
  ServerFactor fit;
  fit.rows = (share.array() > kHalf).count();
  if (fit.rows < kFewestRows) return std::nullopt;
  const double slope = share.dot(excess) / share.squaredNorm();
  fit.factor = 1 + slope;
  fit.rms = std::sqrt((excess - slope * share).squaredNorm() / static_cast<double>(share.size()));
  return fit;
}

FitErrors errors_of(const KernelModel& model, std::span<const MeasuredRow> rows) {
  std::vector<double> deviations;
  deviations.reserve(rows.size());
  for (const MeasuredRow& row : rows) {
    deviations.push_back(std::abs(model.seconds(row.shape) / row.seconds - 1));
  }
  return errors_from(std::move(deviations));
}

FitErrors errors_from(std::vector<double> deviations) {
  FitErrors errors;
  if (deviations.empty()) return errors;
  std::sort(deviations.begin(), deviations.end());
  errors.rows = static_cast<std::int64_t>(deviations.size());
  for (const double d : deviations) errors.mape += d;
  errors.mape /= static_cast<double>(deviations.size());
  const auto rank = [&deviations](double share) {
    const double at = std::ceil(share * static_cast<double>(deviations.size()));
    return deviations[static_cast<std::size_t>(std::max(at, 1.0)) - 1];
  };
  errors.median = rank(0.5);
  errors.p90 = rank(0.9);
  return errors;
}

KernelFit fit_kernel(const Gpu& gpu, KernelKind kind, Dtype dtype,
                     std::span<const MeasuredRow> rows, std::string source,
                     const FitOptions& options, const KernelFit* start) {
  const FittedForm& form = fitted_form(kind);
  KernelFit fit;
  fit.kind = kind;
  fit.dtype = dtype;
  fit.source = std::move(source);
  std::vector<MeasuredRow> fitted;
  std::vector<MeasuredRow> scored;
  for (const MeasuredRow& row : rows_of(rows, kind, dtype)) {
    if (row.seconds < bound_seconds(gpu, row.shape)) {
      ++fit.below_bound;
    } else if (held_back(row.shape, options.split)) {
      scored.push_back(row);
    } else {
      fitted.push_back(row);
    }
  }
  HEADROOM_CHECK(!fitted.empty(), "there are rows to fit");
  set_range(fit, fitted);

  const std::vector<MeasuredRow> few = thin(fitted, options.search_rows);
  Solution best = search(gpu, form, few, generic_coefficients(kind), options);
  if (start != nullptr && start->coefficients.size() == form.parameters.size()) {
    Solution other = search(gpu, form, few, start->coefficients, options);
    if (other.cost < best.cost) best = std::move(other);
  }
  fit.coefficients = best.coefficients;
  if (fitted.size() > few.size()) {
    const std::vector<MeasuredRow> many = thin(fitted, options.most_rows);
    const Problem problem(gpu, form, many, generic_coefficients(kind));
    fit.coefficients = minimise(problem, best.x, options.rounds / 2).coefficients;
  }
  const auto model = make_fitted_model(gpu, fit);
  fit.fitted = errors_of(*model, fitted);
  fit.scored = errors_of(*model, scored);
  return fit;
}

KernelTable make_table(const Gpu& gpu, KernelKind kind, Dtype dtype,
                       std::span<const MeasuredRow> rows, std::string source, bool hold_back) {
  std::vector<std::pair<std::array<double, Coordinates::kMost>, double>> points;
  for (const MeasuredRow& row : rows_of(rows, kind, dtype)) {
    if (row.seconds < bound_seconds(gpu, row.shape) || !is_on_grid(row.shape)) continue;
    if (hold_back && is_scored(row.shape)) continue;
    points.emplace_back(coordinates_of(row.shape).value, row.seconds);
  }
  std::sort(points.begin(), points.end());
  KernelTable table;
  table.kind = kind;
  table.dtype = dtype;
  table.source = std::move(source);
  for (std::size_t i = 0; i < points.size();) {
    std::size_t end = i;
    while (end < points.size() && points[end].first == points[i].first) ++end;
    Coordinates at;
    at.value = points[i].first;
    at.count = coordinate_names(kind).size();
    table.points.push_back(at);
    table.seconds.push_back(points[i + (end - i) / 2].second);  // sorted: the median
    i = end;
  }
  if (table.points.empty()) return table;
  const auto shipped = std::make_shared<const KernelSet>(gpu, KernelFamily::kFitted, nullptr);
  const KernelShape any = shape_at(kind, dtype, table.points[0]);
  replace_outliers(gpu, table, {shipped, &shipped->model(any)});
  return table;
}

}  // namespace headroom
