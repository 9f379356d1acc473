#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace headroom {

/// What is said of the difference of one statistic between two runs. NaN where there is none.
struct Difference {
  double base = std::numeric_limits<double>::quiet_NaN();   ///< mean; NaN when any is censored
  double now = std::numeric_limits<double>::quiet_NaN();    ///< the same of the new run
  double delta = std::numeric_limits<double>::quiet_NaN();  ///< now - base
  double low = std::numeric_limits<double>::quiet_NaN();    ///< two-sided interval of delta
  double high = std::numeric_limits<double>::quiet_NaN();
  /// Two-sided, of "no difference". 1 without evidence: fewer than two values a side.
  double p_value = 1;
  bool paired = false;
  std::size_t values = 0;  ///< pairs, or the smaller number of values when not paired
  std::size_t censored_base = 0, censored_now = 0;  ///< NaN among the values

  /// delta / base; NaN when the base is 0.
  double relative() const;
  /// A side has censored replications: means say nothing, their numbers were compared instead.
  bool censored() const { return censored_base + censored_now > 0; }
};

/// Compares a statistic's values, one a replication; NaN = censored (it ranks among the lost).
///
/// paired: entry i of both comes from the same random numbers (same seed, same index). Then
/// Student's t on the differences; else Welch's t with the Welch-Satterthwaite degrees of freedom
/// (Welch 1947, doi:10.1093/biomet/34.1-2.28). Values that differ by one and the same amount
/// everywhere have no spread: p is 0 when that amount is not 0, else 1.
///
/// With censored values on either side: paired, the exact sign test on the replications that are
/// censored on one side only (McNemar 1947, doi:10.1007/BF02295996); else Fisher's exact test on
/// the numbers of censored replications (Fisher 1922, doi:10.2307/2340521).
/// REQUIRES: paired only with equal sizes; 0 < confidence < 1.
Difference compare_values(std::span<const double> base, std::span<const double> now, bool paired,
                          double confidence);

/// p values adjusted so that calling every one below alpha keeps the chance of any false call
/// below alpha (Holm 1979, Scand. J. Statist. 6, 65-70). In the order given, each at most 1.
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace headroom
