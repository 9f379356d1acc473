#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "engine_kernels.hpp"
#include "headroom/latency/deployment.hpp"
#include "published_facts.hpp"

/// Published LLM serving rows as runs of the engine.
namespace headroom::validation {

enum class ServingKind {
  kOffline,      ///< all requests queued at the start
  kStaticBatch,  ///< one batch, started and ended together
  kFirstToken,   ///< one prompt alone: its time to first token
  kOnline,       ///< open arrivals
  kClosedLoop,   ///< as many requests as users, each replaced when it ends
};

/// Token lengths of a data set.
struct Lengths {
  double mean = 0;
  double cv = 0;          ///< 0: all alike
  std::int64_t most = 0;  ///< cut here; 0: nowhere
};

/// One row: what ran, and what was measured.
struct ServingCase {
  std::string id, software, year, gpu, model, precision;
  ServingKind kind = ServingKind::kOffline;
  bool mlperf = false;
  bool own_kernels = false;   ///< predicted with kernels measured under the row's engine
  bool inputs_stated = true;  ///< false: the input lengths are our assumption
  Deployment deployment;
  std::int64_t replicas = 1;
  Lengths input, output;
  /// Sequences that make one answer, of which one is kept (beam search); they share a prompt.
  std::int64_t beams = 1;
  std::int64_t concurrency = 0;  ///< batch or users; 0: as many as fit
  std::int64_t requests = 0;     ///< in all
  double offered_per_s = 0;      ///< 0: all at once
  bool searched = false;         ///< rate is whatever keeps the p99 limits below
  double ttft_limit_s = 0, tpot_limit_s = 0, latency_limit_s = 0;  ///< of the p99; the last, if any
  /// Measured; 0 = not published.
  double output_tok_s = 0, ttft_s = 0, ttft_p99_s = 0, tpot_s = 0, tpot_p99_s = 0;
  double latency_s = 0, latency_p99_s = 0;
};
/// The case, or why the models cannot express the row. TensorRT-LLM rows get its own kernels.
std::variant<ServingCase, std::string> express(const FactRow& row, EngineKernels& kernels);

struct ServingResult {
  double output_tok_s = 0;
  double ttft_s = 0, ttft_p99_s = 0, tpot_s = 0, tpot_p99_s = 0, latency_s = 0, latency_p99_s = 0;
  double largest_batch = 0;  ///< of one replica
  std::string refusal;       ///< why the model does not fit; empty = it does
};
/// A case compiled once, run at any speed.
class PublishedRun {
 public:
  explicit PublishedRun(const ServingCase& served);
  /// `speed` = all step times divided by it: the run meets arrivals slowed by it and its times are
  /// scaled back, which is the same.
  ServingResult run(double speed) const;
  /// As run, at another rate of arrivals.
  ServingResult run_at(double offered_per_s, double speed) const;
  /// The largest rate a second that keeps the case's limits, by bisection to 2 %.
  double largest_rate(double speed) const;

 private:
  ServingResult first_token(double speed) const;
  ServingResult static_batch(double speed) const;

  ServingCase case_;
  CompiledSteps compiled_;
  KvCapacity kv_;
  std::int64_t max_batch_ = 0;
};

}  // namespace headroom::validation
