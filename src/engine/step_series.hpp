#pragma once

#include <cstdint>
#include <vector>

#include "headroom/core/units.hpp"

namespace headroom {

/// Time-means of a quantity over bins of equal width, from its changes in time order.
class StepSeries {
 public:
  StepSeries() = default;
  StepSeries(std::size_t bins, Ticks width) : width_(width.count), area_(bins, 0) {
    bin_end_ = width_;
  }

  double value() const { return value_; }
  void add(double change, std::int64_t now) { set(value_ + change, now); }
  void set(double value, std::int64_t now) {
    advance(now);
    value_ = value;
  }
  /// Accounts the present value up to `now`, which never goes back.
  void advance(std::int64_t now) {
    if (now > bin_end_) pass_bins(now);
    area_of_bin_ += value_ * static_cast<double>(now - last_);
    last_ = now;
  }
  /// Area so far, up to the last change or advance.
  double total() const {
    double sum = 0;
    for (const double area : areas()) sum += area;
    return sum;
  }
  /// Means over the bins, the last one up to `horizon`.
  std::vector<double> means(Ticks horizon) const { return means_of(areas(), width_, horizon); }

  static std::vector<double> means_of(const std::vector<double>& area, std::int64_t width,
                                      Ticks horizon) {
    std::vector<double> means(area.size());
    for (std::size_t i = 0; i < area.size(); ++i) {
      const std::int64_t from = static_cast<std::int64_t>(i) * width;
      const std::int64_t length = horizon.count - from < width ? horizon.count - from : width;
      means[i] = length > 0 ? area[i] / static_cast<double>(length) : 0;
    }
    return means;
  }

 private:
  void pass_bins(std::int64_t now) {
    while (now > bin_end_ && bin_ + 1 < area_.size()) {
      area_[bin_] = area_of_bin_ + value_ * static_cast<double>(bin_end_ - last_);
      area_of_bin_ = 0;
      last_ = bin_end_;
      ++bin_;
      bin_end_ += width_;
    }
  }
  std::vector<double> areas() const {
    std::vector<double> all = area_;
    all[bin_] = area_of_bin_;
    return all;
  }

  std::int64_t width_ = 1;
  std::vector<double> area_{0};  // of the bins before the present one
  std::size_t bin_ = 0;
  double area_of_bin_ = 0;  // of the present one
  std::int64_t bin_end_ = kNever.count;
  std::int64_t last_ = 0;
  double value_ = 0;
};

/// Area under pieces that may come out of order, e.g. one a replica: a line from (from, v0) to (to,
/// v1), shared out to the bins it crosses.
class AreaSeries {
 public:
  AreaSeries() = default;
  AreaSeries(std::size_t bins, Ticks width) : width_(width.count), area_(bins, 0) {}

  void add_line(std::int64_t from, double v0, std::int64_t to, double v1) {
    if (to <= from) return;
    // Pieces come in the order of their ends or nearly so: a step or two from the last one's bin
    // where it began, and no division.
    while (from < last_bin_from_) {
      --last_bin_;
      last_bin_from_ -= width_;
    }
    while (from - last_bin_from_ >= width_) {
      ++last_bin_;
      last_bin_from_ += width_;
    }
    std::size_t bin = last_bin_;
    std::int64_t bin_end = last_bin_from_ + width_;
    const double slope = v1 == v0 ? 0 : (v1 - v0) / static_cast<double>(to - from);
    std::int64_t at = from;
    while (at < to) {
      const std::int64_t end = bin_end > to || bin + 1 >= area_.size() ? to : bin_end;
      const double middle =
          v0 + slope * (static_cast<double>(at - from) + static_cast<double>(end - at) / 2);
      area_[bin] += middle * static_cast<double>(end - at);
      at = end;
      ++bin;
      bin_end += width_;
    }
  }
  std::vector<double> means(Ticks horizon) const {
    return StepSeries::means_of(area_, width_, horizon);
  }

 private:
  std::int64_t width_ = 1;
  std::vector<double> area_{0};
  std::size_t last_bin_ = 0;        // in which the last piece began
  std::int64_t last_bin_from_ = 0;  // where that bin does
};

}  // namespace headroom
