#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "fitted_forms.hpp"
#include "headroom/core/check.hpp"
#include "headroom/latency/kernel_file.hpp"

namespace headroom {
namespace {

/// The worst of the coordinates, as a factor beyond [low, high].
double excess(const Coordinates& at, std::span<const double> low, std::span<const double> high) {
  double worst = 1;
  for (std::size_t i = 0; i < at.count && i < low.size(); ++i) {
    if (at.value[i] > high[i] && high[i] > 0) worst = std::max(worst, at.value[i] / high[i]);
    if (at.value[i] < low[i] && at.value[i] > 0) worst = std::max(worst, low[i] / at.value[i]);
  }
  return worst;
}

class BoundModel final : public KernelModel {
 public:
  explicit BoundModel(Gpu gpu) : gpu_(std::move(gpu)) {}
  double seconds(const KernelShape& shape) const override { return bound_seconds(gpu_, shape); }
  double outside(const KernelShape&) const override { return 1; }

 private:
  Gpu gpu_;
};

class FittedModel final : public KernelModel {
 public:
  FittedModel(Gpu gpu, const KernelFit& fit)
      : gpu_(std::move(gpu)),
        form_(&fitted_form(fit.kind)),
        coefficients_(fit.coefficients),
        low_(fit.range_min),
        high_(fit.range_max) {
    HEADROOM_CHECK(coefficients_.size() == form_->parameters.size(),
                   "a fit has one coefficient for each parameter of its form");
  }
  double seconds(const KernelShape& shape) const override {
    return std::max(bound_seconds(gpu_, shape), form_->seconds(gpu_, shape, coefficients_));
  }
  double outside(const KernelShape& shape) const override {
    return excess(coordinates_of(shape), low_, high_);
  }

 private:
  Gpu gpu_;
  const FittedForm* form_;
  std::vector<double> coefficients_;
  std::vector<double> low_, high_;
};

/// Shepard's inverse-distance weighting of log(measured / fallback) over the nearest points, in
/// log2 of the coordinates. A point is met exactly; beyond kReach doublings the correction fades to
/// none. Source: Shepard 1968, doi:10.1145/800186.810616.
///
/// Points are kept as lines along the coordinate with the most values, so that a look-up measures
/// the distance to a few hundred lines instead of thousands of points.
class TableModel final : public KernelModel {
 public:
  TableModel(Gpu gpu, const KernelTable& table, std::shared_ptr<const KernelModel> fallback)
      : gpu_(std::move(gpu)), fallback_(std::move(fallback)) {
    HEADROOM_CHECK(table.points.size() == table.seconds.size() && !table.points.empty(),
                   "a table has one time for each point");
    const std::size_t count = table.points[0].count;
    low_.assign(count, 1e300);
    high_.assign(count, 0);
    for (const Coordinates& at : table.points) {
      for (std::size_t i = 0; i < count; ++i) {
        low_[i] = std::min(low_[i], at.value[i]);
        high_[i] = std::max(high_[i], at.value[i]);
      }
    }
    choose_axis(table.points);
    std::map<std::array<double, Coordinates::kMost>, std::map<double, double>> lines;
    for (std::size_t i = 0; i < table.points.size(); ++i) {
      Coordinates at = logs(table.points[i]);
      const double place = at.value[axis_];
      at.value[axis_] = 0;
      const KernelShape shape = shape_at(table.kind, table.dtype, table.points[i]);
      lines[at.value][place] = std::log(table.seconds[i] / fallback_->seconds(shape));
    }
    for (const auto& [across, along] : lines) {
      lines_.push_back({across, places_.size(), places_.size() + along.size()});
      for (const auto& [place, log_ratio] : along) {
        places_.push_back(place);
        log_ratio_.push_back(log_ratio);
      }
    }
  }

  double seconds(const KernelShape& shape) const override {
    const double reference = fallback_->seconds(shape);
    if (!is_on_grid(shape)) return reference;
    const Coordinates at = logs(coordinates_of(shape));
    double sum = 0;
    double weights = 1 / std::pow(kReach, 4);
    for (const auto& [distance, i] : nearest(at)) {
      if (distance > kReach * kReach) break;
      const double weight = 1 / std::max(distance * distance, 1e-18);
      sum += weight * log_ratio_[i];
      weights += weight;
    }
    return std::max(bound_seconds(gpu_, shape), reference * std::exp(sum / weights));
  }
  double outside(const KernelShape& shape) const override {
    return excess(coordinates_of(shape), low_, high_);
  }

  /// Median of log(measured / fallback) over the nearest other points; none where they are few.
  std::optional<double> median_beside(const Coordinates& point) const {
    constexpr std::size_t kFewest = 4;
    std::vector<double> others;
    for (const auto& [distance, i] : nearest(logs(point))) {
      if (distance > 0 && distance <= kReach * kReach) others.push_back(log_ratio_[i]);
    }
    if (others.size() < kFewest) return std::nullopt;
    std::sort(others.begin(), others.end());
    return (others[(others.size() - 1) / 2] + others[others.size() / 2]) / 2;
  }

 private:
  static constexpr std::size_t kNeighbours = 6;
  static constexpr double kReach = 3;
  /// Squared distance and index of a point, nearest first.
  using Nearest = std::array<std::pair<double, std::size_t>, kNeighbours>;

  struct Line {
    std::array<double, Coordinates::kMost> across;  ///< logs of the other coordinates
    std::size_t begin, end;                         ///< its points in places_, sorted
  };

  static Coordinates logs(const Coordinates& at) {
    Coordinates out = at;
    for (std::size_t i = 0; i < at.count; ++i) out.value[i] = std::log2(std::max(at.value[i], 0.5));
    return out;
  }

  void choose_axis(const std::vector<Coordinates>& points) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < points[0].count; ++i) {
      std::set<double> values;
      for (const Coordinates& at : points) values.insert(at.value[i]);
      if (values.size() > most) {
        most = values.size();
        axis_ = i;
      }
    }
  }

  Nearest nearest(const Coordinates& at) const {
    Nearest best;
    best.fill({1e300, 0});
    const double along = at.value[axis_];
    for (const Line& line : lines_) {
      double across = 0;
      for (std::size_t i = 0; i < at.count; ++i) {
        const double apart = i == axis_ ? 0 : at.value[i] - line.across[i];
        across += apart * apart;
      }
      if (across >= best.back().first) continue;
      const auto first = places_.begin() + static_cast<std::ptrdiff_t>(line.begin);
      const auto last = places_.begin() + static_cast<std::ptrdiff_t>(line.end);
      const auto middle =
          static_cast<std::size_t>(std::lower_bound(first, last, along) - places_.begin());
      for (std::size_t i = middle; i < line.end; ++i) {
        if (!insert(best, across + (places_[i] - along) * (places_[i] - along), i)) break;
      }
      for (std::size_t i = middle; i > line.begin; --i) {
        const double apart = places_[i - 1] - along;
        if (!insert(best, across + apart * apart, i - 1)) break;
      }
    }
    return best;
  }

  /// Returns whether the point is among the nearest; later points of its line are farther.
  static bool insert(Nearest& best, double distance, std::size_t i) {
    if (distance >= best.back().first) return false;
    best.back() = {distance, i};
    for (std::size_t j = kNeighbours - 1; j > 0 && best[j] < best[j - 1]; --j) {
      std::swap(best[j], best[j - 1]);
    }
    return true;
  }

  Gpu gpu_;
  std::shared_ptr<const KernelModel> fallback_;
  std::size_t axis_ = 0;
  std::vector<Line> lines_;
  std::vector<double> places_, log_ratio_;
  std::vector<double> low_, high_;
};

}  // namespace

std::unique_ptr<KernelModel> make_bound_model(const Gpu& gpu) {
  return std::make_unique<BoundModel>(gpu);
}

std::unique_ptr<KernelModel> make_fitted_model(const Gpu& gpu, const KernelFit& fit) {
  return std::make_unique<FittedModel>(gpu, fit);
}

std::unique_ptr<KernelModel> make_table_model(const Gpu& gpu, const KernelTable& table,
                                              std::shared_ptr<const KernelModel> fallback) {
  return std::make_unique<TableModel>(gpu, table, std::move(fallback));
}

std::size_t replace_outliers(const Gpu& gpu, KernelTable& table,
                             std::shared_ptr<const KernelModel> reference) {
  constexpr double kOutlier = 0.405;  // log(1.5)
  if (table.points.empty()) return 0;
  const TableModel model(gpu, table, reference);
  std::size_t replaced = 0;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const double law = reference->seconds(shape_at(table.kind, table.dtype, table.points[i]));
    const std::optional<double> median = model.median_beside(table.points[i]);
    if (!median || std::abs(std::log(table.seconds[i] / law) - *median) <= kOutlier) continue;
    table.seconds[i] = law * std::exp(*median);
    ++replaced;
  }
  return replaced;
}

}  // namespace headroom
