#pragma once

#include <cstdint>
#include <vector>

#include "headroom/core/random.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/rate_function.hpp"

namespace headroom {

/// States of a Markov-modulated rate with their factors relative to the time-mean of all of them.
struct Modulation {
  std::vector<double> factors;
  std::vector<double> mean_sojourns_s;
  double mean_factor = 1;  ///< time-mean of the factors as declared
};

/// REQUIRES: at least one state; sojourns > 0; some factor > 0 (checked where it is described).
Modulation compile_modulation(const std::vector<ArrivalState>& states);

/// Walks through the states of one realisation, in step with a RateCursor on the same rate.
///
/// The realisation belongs to the class's demand: it depends on seed, replication and class, and
/// all cells of a run share it.
class ModulationCursor {
 public:
  /// Both must outlive the cursor. `kind` keys the random streams, as for the arrivals.
  ModulationCursor(const Modulation& modulation, const RateFunction& rate, const RunKey& key,
                   std::uint32_t kind);

  /// How far the integral of the rate goes on while that of rate x factor goes on by `mass`;
  /// infinite when the rate ends before.
  double unmodulated(double mass);

 private:
  void enter(double from_s);

  const Modulation* modulation_;
  const RateFunction* rate_;
  StreamKey key_;
  std::uint32_t kind_;
  std::uint64_t sojourns_ = 0;  // begun so far
  std::size_t state_ = 0;
  double until_s_ = 0;  // end of the present sojourn
  double left_ = 0;     // of the rate's integral, to that end
};

}  // namespace headroom
