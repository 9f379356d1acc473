#include "study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace headroom::validation {

void on_all_cores(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex first;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> crew;
    const unsigned threads = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned t = 0; t < threads; ++t) {
      crew.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++) {
          try {
            work(i);
          } catch (...) {
            const std::scoped_lock lock(first);
            if (!failure) failure = std::current_exception();
          }
        }
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
}

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

}  // namespace headroom::validation
