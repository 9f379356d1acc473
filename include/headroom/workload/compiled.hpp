#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/rate_function.hpp"

namespace headroom {

/// A file the workload was read from, for the report.
struct WorkloadInput {
  std::string role;       ///< "trace", "lengths" or "rate"
  std::string file;       ///< base name
  std::string sha256;     ///< of the file's bytes
  std::int64_t rows = 0;  ///< rows used
};

/// Expected work of one stage, per request. cached_tokens takes the hit share as independent of the
/// prompt; whole-number rounding of lengths is left out (below half a token).
struct MeanWork {
  double prompt_tokens = 0;
  double output_tokens = 0;
  double cached_tokens = 0;
  double service_s = 0;
};

/// Declared demand, ready to draw from. Immutable: any number of streams and threads share it.
class CompiledWorkload {
 public:
  struct Impl;
  explicit CompiledWorkload(std::unique_ptr<const Impl> impl);
  ~CompiledWorkload();

  /// Mean rate of a class over time. Of a trace: its requests counted in bins of 60 s (longer, so
  /// that there are at most 10,000).
  const RateFunction& rate(ClassId request_class) const;
  MeanWork mean_work(ClassId request_class, std::uint32_t stage) const;
  const std::vector<WorkloadInput>& inputs() const;
  /// Things the reader of a report should know (codes W130...), e.g. a trace that was out of order.
  const std::vector<Issue>& warnings() const;

  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<const Impl> impl_;
};

/// What compile does: see prepare().
std::shared_ptr<const CompiledWorkload> compile(const WorkloadConfig& config);

struct NamedSource {
  std::string name;
  std::string summary;
  std::string source;  ///< where the numbers come from
};
/// Built-in day and week profiles, and built-in length tables.
const std::vector<NamedSource>& profiles();
const std::vector<NamedSource>& length_tables();

}  // namespace headroom
