#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "operators.hpp"

namespace headroom {
namespace {

/// Work of one forward of `pictures`, scaled from the reference picture: convolutions and
/// projections by tokens, attention by tokens squared (text tokens do not grow).
struct Scale {
  double pixels, linear, attention;
};

Scale scale_of(const ImagePipeline& p, std::int64_t resolution) {
  const double side = static_cast<double>(resolution) / static_cast<double>(p.reference_px);
  const double pixels = side * side;
  if (p.image_tokens <= 0) return {pixels, pixels, pixels * pixels};
  const double tokens =
      (p.image_tokens * pixels + p.text_tokens) / (p.image_tokens + p.text_tokens);
  return {pixels, tokens, tokens * tokens};
}

}  // namespace

std::vector<OperatorTime> image_operators(const Deployment& deployment, const ImageBatch& batch,
                                          std::int64_t pictures) {
  HEADROOM_CHECK(deployment.model.kind != ModelKind::kTransformer, "the model makes pixels");
  const ImagePipeline& p = deployment.model.image;
  const std::int64_t resolution = batch.resolution > 0 ? batch.resolution : p.reference_px;
  const auto steps = static_cast<double>(batch.steps > 0 ? batch.steps : p.default_steps);
  const std::int64_t guidance =
      batch.forwards_per_step > 0 ? batch.forwards_per_step : p.forwards_per_step;
  const Scale scale = scale_of(p, resolution);
  // Sequence parallelism over the tensor group: each GPU makes its share of every picture.
  const auto gpus = static_cast<double>(deployment.tensor_parallel);
  const double n = static_cast<double>(pictures);
  const double forwards = n * static_cast<double>(guidance) / gpus;
  const double width = bytes_of(deployment.dtype);

  const OperatorClock clock(deployment);
  std::vector<OperatorTime> operators;
  const auto add = [&](std::string name, const NetworkShape& shape, double count, double kernels) {
    const double launches = kernels * deployment.engine.launch_s;
    // Eager launches cannot be outrun: the host issues a kernel every launch-floor.
    const double seconds = std::max(clock.seconds(KernelShape{shape}) + launches, 0.0);
    operators.push_back({std::move(name), "network", count, count * seconds});
  };
  if (p.text_encoder_flop > 0) {
    add("text_encoder",
        {n * p.text_encoder_flop, 0, width * p.text_encoder_parameters, deployment.dtype}, 1, 500);
  }
  add("denoise",
      {forwards * p.linear_flop * scale.linear, forwards * p.attention_flop * scale.attention,
       width * p.parameters + forwards * p.activation_bytes * scale.linear, deployment.dtype},
      steps, static_cast<double>(p.kernels));
  if (deployment.tensor_parallel > 1) {
    // Keys and values of all tokens reach every GPU in each attention layer; overlap hides most of
    // it, so one pass over the activations at the link's rate is charged.
    const double bytes = forwards * p.activation_bytes * scale.linear / 16;
    const double seconds = clock.kernels().seconds(
        CollectiveShape{Collective::kAllToAll, bytes, deployment.tensor_parallel, false});
    operators.push_back({"exchange", "collective", steps, steps * seconds});
  }
  if (p.decoder_flop > 0) {
    add("decoder",
        {n * p.decoder_flop * scale.pixels, 0,
         n * p.decoder_bytes * scale.pixels + 2 * p.decoder_parameters, Dtype::kFp16},
        1, 200);
  }
  operators.push_back({"host", "engine", 1, deployment.engine.step_host_s});
  return operators;
}

std::vector<std::int64_t> compile_batches(const Deployment& deployment, const ImageBatch& batch) {
  HEADROOM_CHECK(batch.max_batch >= 1, "a batch holds a picture");
  std::vector<std::int64_t> times{0};
  for (std::int64_t n = 1; n <= batch.max_batch; ++n) {
    double seconds = 0;
    for (const OperatorTime& op : image_operators(deployment, batch, n)) seconds += op.seconds;
    const auto ticks = std::llround(seconds * static_cast<double>(kTicksPerSecond));
    times.push_back(std::max<std::int64_t>({1, ticks, times.back()}));
  }
  return times;
}

}  // namespace headroom
