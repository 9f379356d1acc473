#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"

namespace headroom::validation {

/// Measured kernels of TensorRT-LLM (data/kernels/*/trtllm-*): a row measured under that engine is
/// predicted with its kernels, not with those of vLLM that the catalogue's coefficients describe.
class EngineKernels {
 public:
  explicit EngineKernels(std::filesystem::path shared) : shared_(std::move(shared)) {}
  /// Gives the deployment tables of the kernels near its shapes; left alone where the GPU's were
  /// not measured. Returns whether it did.
  bool give(Deployment& deployment);

 private:
  const std::vector<MeasuredRow>& rows_of(const std::string& gpu);

  std::filesystem::path shared_;
  std::map<std::string, std::vector<MeasuredRow>> rows_;
};

}  // namespace headroom::validation
