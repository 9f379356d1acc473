#include "headroom/stats/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

constexpr auto kTicks = static_cast<double>(kTicksPerSecond);

}  // namespace

void Histogram::cover(std::uint64_t bin) {
  const std::uint64_t per_octave = std::uint64_t{1} << bits_;
  const std::uint64_t from = bin / per_octave * per_octave;
  if (counts_.empty()) {
    first_bin_ = from;
    counts_.assign(per_octave, 0);
    return;
  }
  const std::uint64_t old_end = first_bin_ + counts_.size();
  const std::uint64_t new_first = std::min(first_bin_, from);
  const std::uint64_t new_end = std::max(old_end, from + per_octave);
  if (new_first == first_bin_) {
    counts_.resize(new_end - new_first, 0);
    return;
  }
  std::vector<double> wider(new_end - new_first, 0);
  std::copy(counts_.begin(), counts_.end(),
            wider.begin() + static_cast<std::ptrdiff_t>(first_bin_ - new_first));
  counts_ = std::move(wider);
  first_bin_ = new_first;
}

void Histogram::add_beyond(Ticks value, double times) {
  cover(bin_of(value.count));
  add(value, times);
}

void Histogram::add_split(const Progression& values, double times) {
  for (const Progression::Part& part : values.parts_) {
    counts_[part.bin - first_bin_] += part.terms * times;
  }
}

void Progression::set(Ticks first, std::int64_t step, std::int64_t terms) {
  HEADROOM_DCHECK(first.count >= 0 && step >= 0 && terms >= 1, "a rising progression of times");
  first_ = first;
  last_ = {first.count + step * (terms - 1)};
  first_bin_ = Histogram::bin_of(first.count, bits_);
  last_bin_ = Histogram::bin_of(last_.count, bits_);
  if (first_bin_ != last_bin_) split(step, terms);
  const auto n = static_cast<double>(terms);
  const auto f = static_cast<double>(first.count);
  const auto s = static_cast<double>(step);
  terms_ = n;
  sum_ = n * f + s * n * (n - 1) * 0.5;
  sum_squares_ = n * f * f + f * s * n * (n - 1) + s * s * (n - 1) * n * (2 * n - 1) * (1.0 / 6);
}

void Progression::split(std::int64_t step, std::int64_t terms) {
  parts_.clear();
  std::uint64_t bin = first_bin_;
  std::int64_t value = first_.count;
  std::int64_t left = terms;
  while (bin != last_bin_) {
    // The terms below the bin's upper edge.
    const auto edge = static_cast<std::int64_t>(Histogram::lower_edge(bin + 1, bits_));
    const std::int64_t here = (edge - value + step - 1) / step;
    parts_.push_back({bin, static_cast<double>(here)});
    left -= here;
    value += here * step;
    bin = Histogram::bin_of(value, bits_);
  }
  parts_.push_back({bin, static_cast<double>(left)});
}

void Histogram::merge(const Histogram& other, double weight) {
  HEADROOM_CHECK(bits_ == other.bits_, "histograms that are merged have the same bins");
  if (other.count_ == 0 || weight == 0) return;
  cover(other.first_bin_);
  cover(other.first_bin_ + other.counts_.size() - 1);
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    counts_[other.first_bin_ - first_bin_ + i] += weight * other.counts_[i];
  }
  count_ += weight * other.count_;
  sum_ += weight * other.sum_;
  sum_squares_ += weight * other.sum_squares_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::sum_s() const { return sum_ / kTicks; }

double Histogram::mean_s() const { return count_ > 0 ? sum_ / count_ / kTicks : 0; }

double Histogram::variance_s2() const {
  if (count_ < 2) return 0;
  const double squares = sum_squares_ - sum_ * (sum_ / count_);
  return std::max(0.0, squares / (count_ - 1)) / (kTicks * kTicks);
}

double Histogram::quantile_s(double p, double missing) const {
  const double total = count_ + missing;
  // A product such as 0.95 * 100 may come out a hair above the whole number it stands for.
  const double rank = std::max(std::ceil(p * total - 1e-9 * total), std::min(1.0, total));
  if (count_ <= 0 || rank > count_ * (1 + 1e-12)) return std::numeric_limits<double>::quiet_NaN();
  double below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] <= 0 || below + counts_[i] < rank) {
      below += counts_[i];
      continue;
    }
    const auto low = static_cast<double>(lower_edge(first_bin_ + i));
    const auto high = static_cast<double>(lower_edge(first_bin_ + i + 1));
    const double share = std::clamp((rank - below - 0.5) / counts_[i], 0.0, 1.0);
    const double value = low + share * (high - low);
    return std::clamp(value, static_cast<double>(min_.count), static_cast<double>(max_.count)) /
           kTicks;
  }
  return seconds(max_);
}

double Histogram::count_at_most(Ticks limit) const {
  if (limit >= max_) return count_;
  if (limit < min_) return 0;
  const std::uint64_t bin = bin_of(limit.count);
  double below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (first_bin_ + i > bin) break;
    if (first_bin_ + i < bin) {
      below += counts_[i];
      continue;
    }
    const auto low = static_cast<double>(lower_edge(bin));
    const auto high = static_cast<double>(lower_edge(bin + 1));
    below += counts_[i] * (static_cast<double>(limit.count) + 1 - low) / (high - low);
  }
  return below;
}

}  // namespace headroom
