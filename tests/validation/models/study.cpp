#include "study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace headroom::validation {

std::string data_file(const StudyInput& input, const std::string& file) {
  return (input.shared / "data" / file).string();
}

void write_plot(const StudyInput& input, const std::string& name, const std::string& header,
                const std::vector<std::string>& rows) {
  if (input.plots.empty()) return;
  std::filesystem::create_directories(input.plots);
  const std::filesystem::path path = input.plots / (name + ".csv");
  std::ofstream file(path);
  file << header << '\n';
  for (const std::string& row : rows) file << row << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

ErrorSummary ErrorSample::summary() const {
  ErrorSummary summary;
  summary.rows = static_cast<std::int64_t>(ratios_.size());
  if (ratios_.empty()) return summary;
  const auto count = static_cast<double>(ratios_.size());
  std::vector<double> sizes;
  sizes.reserve(ratios_.size());
  for (const double ratio : ratios_) sizes.push_back(100 * std::abs(ratio));
  std::sort(sizes.begin(), sizes.end());
  const auto at_rank = [&](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * count));
    return sizes[std::max<std::size_t>(rank, 1) - 1];
  };
  summary.mape = std::accumulate(sizes.begin(), sizes.end(), 0.0) / count;
  summary.median = at_rank(0.5);
  summary.p90 = at_rank(0.9);
  summary.worst = sizes.back();
  summary.bias = 100 * std::accumulate(ratios_.begin(), ratios_.end(), 0.0) / count;
  return summary;
}

std::string three_errors(const ErrorSummary& errors) {
  return fmt::format("{:.1f} / {:.1f} / {:.1f}", errors.mape, errors.median, errors.p90);
}

std::string errors_text(const FitErrors& e) {
  if (e.rows == 0) return "-";
  return fmt::format("{:.1f} / {:.1f} / {:.1f}", 100 * e.mape, 100 * e.median, 100 * e.p90);
}

}  // namespace headroom::validation
