#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "headroom/latency/deployment.hpp"

/// Published picture latencies as image pipelines of the latency models.
namespace headroom::validation {

struct ImageCase {
  std::string id, gpu, model, software, precision;
  /// "eager", "compiled", "TensorRT", "quantised"; "MLPerf offline" and "MLPerf server" apart.
  std::string family;
  std::string refusal;  ///< why the models cannot express it; empty = they can
  std::string note;     ///< what was assumed
  Deployment deployment;
  ImageBatch batch;
  std::int64_t pictures = 1;    ///< of one batch
  bool denoiser_alone = false;  ///< text encoder and decoder are not in the number
  double extra_s = 0;           ///< beside the pipeline: a network
  double measured_s = 0;        ///< of one batch
  std::int64_t replicas = 1;
  double offered_per_s = 0, latency_s = 0, latency_p99_s = 0;  ///< of server rows
};
std::vector<ImageCase> image_cases(const std::filesystem::path& shared);

/// Seconds of one batch by the models. REQUIRES: no refusal.
double predicted_seconds(const ImageCase& image);

struct ImageQueue {
  double load = 0;  ///< offered over capacity at full batches
  double latency_s = 0, latency_p99_s = 0;
};
/// The server row through the engine, batch times divided by `speed`.
ImageQueue run_image_queue(const ImageCase& image, double speed);

}  // namespace headroom::validation
