#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"
#include "operators.hpp"
#include "step_parts.hpp"

namespace headroom {

double computing_share(const Gpu& gpu, const KernelShape& shape) {
  const Work work = work_of(shape);
  const double compute = work.flop / gpu.peak_flops(dtype_of(shape));
  const double memory = work.bytes / gpu.hbm_bytes_per_s;
  const double squares = compute * compute + memory * memory;
  return squares > 0 ? compute * compute / squares : 0;
}

OperatorClock::OperatorClock(const Deployment& deployment)
    : gpu_(deployment.gpu),
      server_factor_(deployment.engine.server_factor),
      launch_s_(deployment.engine.launch_s),
      kernels_(deployment.gpu, deployment.family, deployment.kernels.get()) {}

double OperatorClock::seconds(const KernelShape& shape) const {
  // A chip under load runs at lower clocks: that slows what computes, not what waits for memory.
  return kernels_.seconds(shape) * (1 + (server_factor_ - 1) * computing_share(gpu_, shape)) +
         launch_s_;
}

StepParts::StepParts(const Deployment& deployment)
    : slice_(deployment),
      clock_(deployment),
      step_host_(deployment.engine.step_host_s),
      sequence_host_(deployment.engine.sequence_host_s),
      host_floor_(deployment.engine.layer_host_s * slice_.layers) {
  HEADROOM_CHECK(deployment.model.kind != ModelKind::kDiffusion, "the model makes tokens");
}

double StepParts::dense_kernels(std::int64_t share) const {
  double sum = 0;
  dense_operators(slice_, share, [&](std::string_view, const KernelShape& shape, double count) {
    sum += count * clock_.seconds(shape);
  });
  return sum;
}

double StepParts::rows(std::int64_t rows) const {
  if (rows == 0) return 0;
  double sum = sequence_host_ * static_cast<double>(rows);
  row_operators(slice_, slice_.share(rows),
                [&](std::string_view, const KernelShape& shape, double count) {
                  sum += count * clock_.seconds(shape);
                });
  return sum;
}

double StepParts::decode(std::int64_t sequences, double context_sum) const {
  if (sequences == 0) return 0;
  double sum = 0;
  decode_operators(slice_, sequences, context_sum,
                   [&](std::string_view, const KernelShape& shape, double count) {
                     sum += count * clock_.seconds(shape);
                   });
  return sum;
}

double StepParts::prefill(std::int64_t chunk, std::int64_t past) const {
  if (chunk == 0) return 0;
  double sum = 0;
  prefill_operators(slice_, chunk, past,
                    [&](std::string_view, const KernelShape& shape, double count) {
                      sum += count * clock_.seconds(shape);
                    });
  return sum;
}

double StepParts::floored(double kernels) const { return std::max(kernels, host_floor_); }

std::vector<OperatorTime> step_operators(const Deployment& deployment, const StepBatch& batch) {
  const StepParts parts(deployment);
  std::vector<OperatorTime> operators;
  double kernels = 0;
  const auto add = [&](std::string_view name, const KernelShape& shape, double count) {
    const double seconds = count * parts.clock().seconds(shape);
    kernels += seconds;
    operators.push_back(
        {std::string(name), std::string(headroom::name(kind_of(shape))), count, seconds});
  };
  std::int64_t tokens = batch.decodes;
  for (const StepBatch::Chunk& chunk : batch.prefills) tokens += chunk.new_tokens;
  if (tokens > 0) dense_operators(parts.slice(), parts.slice().share(tokens), add);
  if (batch.decodes > 0) {
    decode_operators(parts.slice(), batch.decodes, static_cast<double>(batch.context_sum), add);
  }
  for (const StepBatch::Chunk& chunk : batch.prefills) {
    prefill_operators(parts.slice(), chunk.new_tokens, chunk.past, add);
  }
  // The host issues layers while the GPU works: what it takes longer shows as waiting.
  const double waiting = parts.floored(kernels) - kernels;
  if (batch.rows > 0) row_operators(parts.slice(), parts.slice().share(batch.rows), add);
  if (waiting > 0) operators.push_back({"host_floor", "engine", 1, waiting});
  operators.push_back({"host", "engine", 1, parts.step_host(batch.rows)});
  return operators;
}

double step_seconds_direct(const Deployment& deployment, const StepBatch& batch) {
  double sum = 0;
  for (const OperatorTime& op : step_operators(deployment, batch)) sum += op.seconds;
  return sum;
}

}  // namespace headroom
