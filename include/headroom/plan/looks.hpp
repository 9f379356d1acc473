#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "headroom/plan/measure.hpp"

namespace headroom {

/// A replication count at which results are looked at, and the confidence of what is said there.
struct Look {
  std::size_t replications = 0;
  double confidence = 0.95;
};

/// Replications after which `-n auto` looks; the last is its cap. Fixed, so that the number of
/// threads cannot change where a run stops.
inline constexpr std::size_t kAutoReplications[] = {5, 10, 20, 40, 80};

/// One look, at the end.
std::vector<Look> fixed_look(std::size_t replications, double confidence);

/// Looks at the given counts, at most `cap` of them. The error 1 - confidence is spent in
/// proportion to the replications: look k may err with (1 - confidence) (n_k - n_(k-1)) / n_last,
/// so that by Boole's inequality all looks together err with at most 1 - confidence, however the
/// choice to stop depends on what was seen. Source: the power family of spending functions, rho =
/// 1, Kim and DeMets 1987, doi:10.1093/biomet/74.1.149.
std::vector<Look> spending_looks(std::span<const std::size_t> replications, double confidence);

/// The rule of `-n auto --precision P`.
struct Precision {
  double share = 0.05;  ///< half-width of an interval / its value
};

/// Whether the interval of every target's value (without targets: of the mean queue delay and the
/// mean E2E of all classes) is at most `share` of the value to either side. A value censored in
/// all replications is settled; one censored in some is not.
bool is_precise(const RunStatistics& statistics, const MeasureSpec& spec, double confidence,
                double share);

}  // namespace headroom
