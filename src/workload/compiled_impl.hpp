#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "headroom/workload/compiled.hpp"
#include "modulation.hpp"
#include "sampler.hpp"
#include "trace.hpp"
#include "user_days.hpp"

namespace headroom {

/// A joint length table, ready to draw from.
struct JointSampler {
  QuantileTable prompt;
  std::vector<QuantileTable> output;  ///< by group of prompts

  void draw(RandomStream& random, double& prompt_tokens, double& output_tokens) const;
  double mean_output() const;
};

/// Where the lengths of one stage come from. A pair source is drawn first; prompt and output of
/// their own then go before it. `keyed_by` is the stage whose number keys the draw: stage 0 for
/// what the class says, so that all its stages see the same lengths.
struct CompiledStage {
  enum class Pairs { kNone, kJoint, kTrace, kOwnRow };

  Pairs pairs = Pairs::kNone;
  std::uint32_t pairs_keyed_by = 0;
  std::shared_ptr<const JointSampler> joint;
  std::shared_ptr<const TraceRows> rows;  ///< kTrace; kOwnRow reads the class's trace
  std::optional<Sampler> prompt, output;
  std::uint32_t prompt_keyed_by = 0, output_keyed_by = 0;
  std::optional<Sampler> service_s;
  bool service_of_row = false;
  MeanWork mean;
};

struct CompiledClass {
  RateFunction rate;
  Sampler gap;                           ///< of the unit process: mean 1
  std::optional<Modulation> modulation;  ///< of the rate, by states
  std::shared_ptr<const TraceRows> trace;
  std::optional<TraceConfig> trace_config;
  std::vector<CompiledStage> stages;
  std::optional<Sampler> prefix_hit_share, patience_s, timeout_s;
  std::optional<UserDays> user_days;
  double day_offset_s = 0;  ///< utc_offset of the quota
};

struct CompiledWorkload::Impl {
  std::vector<CompiledClass> classes;
  std::vector<WorkloadInput> inputs;
  std::vector<Issue> warnings;
  double start_utc_s = 0;
  Ticks demand_end{0};
};

}  // namespace headroom
