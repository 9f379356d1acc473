#pragma once

#include <cstdint>

#include "headroom/latency/deployment.hpp"
#include "operators.hpp"

namespace headroom {

/// The terms of a step's time, seconds, straight from the kernel models.
class StepParts {
 public:
  /// The deployment must outlive this.
  explicit StepParts(const Deployment& deployment);

  /// Kernels that depend on the tokens alone; `share` = Slice::share(tokens).
  double dense_kernels(std::int64_t share) const;
  /// Logits, sampling, and the host's time for each sequence.
  double rows(std::int64_t rows) const;
  double decode(std::int64_t sequences, double context_sum) const;
  double prefill(std::int64_t chunk, std::int64_t past) const;
  /// Layer kernels as the host lets them run: never faster than it issues them.
  double floored(double kernels) const;

  /// Host time of a step in which `rows` sequences make a token; their part is in rows() too.
  double step_host(std::int64_t rows = 0) const {
    return step_host_ + sequence_host_ * static_cast<double>(rows);
  }
  const Slice& slice() const { return slice_; }
  const OperatorClock& clock() const { return clock_; }

 private:
  Slice slice_;
  OperatorClock clock_;
  double step_host_, sequence_host_, host_floor_;
};

}  // namespace headroom
