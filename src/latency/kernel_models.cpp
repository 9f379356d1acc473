#include <algorithm>
#include <cmath>
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
/// log2 of the coordinates. A measured point is met exactly; beyond kReach doublings the correction
/// fades to none. Source: Shepard 1968, doi:10.1145/800186.810616.
class TableModel final : public KernelModel {
 public:
  TableModel(Gpu gpu, const KernelTable& table, std::shared_ptr<const KernelModel> fallback)
      : gpu_(std::move(gpu)), fallback_(std::move(fallback)) {
    HEADROOM_CHECK(table.points.size() == table.seconds.size() && !table.points.empty(),
                   "a table has one time for each point");
    low_.assign(table.points[0].count, 1e300);
    high_.assign(table.points[0].count, 0);
    for (const Coordinates& at : table.points) {
      points_.push_back(logs(at));
      for (std::size_t i = 0; i < at.count; ++i) {
        low_[i] = std::min(low_[i], at.value[i]);
        high_[i] = std::max(high_[i], at.value[i]);
      }
    }
    log_ratio_.reserve(table.seconds.size());
    for (std::size_t i = 0; i < table.seconds.size(); ++i) {
      const KernelShape shape = shape_at(table.kind, table.dtype, table.points[i]);
      log_ratio_.push_back(std::log(table.seconds[i] / fallback_->seconds(shape)));
    }
  }

  double seconds(const KernelShape& shape) const override {
    const double reference = fallback_->seconds(shape);
    const Coordinates at = logs(coordinates_of(shape));
    std::array<std::pair<double, std::size_t>, kNeighbours> nearest;
    nearest.fill({1e300, 0});
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const double distance = squared_distance(at, points_[i]);
      if (distance >= nearest.back().first) continue;
      nearest.back() = {distance, i};
      for (std::size_t j = kNeighbours - 1; j > 0 && nearest[j] < nearest[j - 1]; --j) {
        std::swap(nearest[j], nearest[j - 1]);
      }
    }
    double sum = 0;
    double weights = 1 / std::pow(kReach, 4);
    for (const auto& [distance, i] : nearest) {
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

 private:
  static constexpr std::size_t kNeighbours = 6;
  static constexpr double kReach = 3;

  static Coordinates logs(const Coordinates& at) {
    Coordinates out = at;
    for (std::size_t i = 0; i < at.count; ++i) out.value[i] = std::log2(std::max(at.value[i], 0.5));
    return out;
  }
  static double squared_distance(const Coordinates& a, const Coordinates& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.count; ++i) {
      sum += (a.value[i] - b.value[i]) * (a.value[i] - b.value[i]);
    }
    return sum;
  }

  Gpu gpu_;
  std::shared_ptr<const KernelModel> fallback_;
  std::vector<Coordinates> points_;
  std::vector<double> log_ratio_;
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

}  // namespace headroom
