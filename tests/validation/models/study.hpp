#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/latency/kernel_file.hpp"
#include "sections.hpp"

/// What the studies share: paths, error figures, plot data.
namespace headroom::validation {

std::string data_file(const StudyInput& input, const std::string& file);

/// Writes `name`.csv into the folder of plot data, if there is one: a header and rows, already
/// joined with commas.
void write_plot(const StudyInput& input, const std::string& name, const std::string& header,
                const std::vector<std::string>& rows);

/// Errors |predicted / measured - 1| of pairs, in per cent; median and p90 at rank ceil(share n).
struct ErrorSummary {
  std::int64_t rows = 0;
  double mape = 0, median = 0, p90 = 0, worst = 0;
  double bias = 0;  ///< mean of predicted / measured - 1, signed
};
class ErrorSample {
 public:
  void add(double predicted, double measured) { ratios_.push_back(predicted / measured - 1); }
  ErrorSummary summary() const;

 private:
  std::vector<double> ratios_;
};

/// "2.2 / 1.9 / 4.0": MAPE, median, p90.
std::string three_errors(const ErrorSummary& errors);
/// The same; "-" where there is no row.
std::string errors_text(const FitErrors& errors);

}  // namespace headroom::validation
