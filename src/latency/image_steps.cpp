#include <algorithm>
#include <cmath>

#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "operators.hpp"

namespace headroom {
namespace {

/// Kernels of a transformer layer that an eager engine issues one by one: what `layer_host_s` of a
/// preset is divided by. Two norms, four projections, rotation, cache write, attention, activation
/// and two all-reduces.
constexpr double kKernelsOfALayer = 12;

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

  // The network form speaks of a chip under load, so the engine's server factor is left out.
  const OperatorClock clock(deployment);
  std::vector<OperatorTime> operators;
  const auto add = [&](std::string name, const NetworkShape& shape, double count) {
    const double device =
        clock.kernels().seconds(KernelShape{shape}) + shape.kernels * deployment.engine.launch_s;
    // An eager host issues one kernel after the other; the GPU cannot outrun it.
    const double host = shape.kernels * deployment.engine.layer_host_s / kKernelsOfALayer;
    operators.push_back({std::move(name), "network", count, count * std::max(device, host)});
  };
  if (p.text_encoder_flop > 0) {
    // Guidance reads a second, empty prompt for each picture.
    const double prompts = n * static_cast<double>(guidance);
    NetworkShape shape{prompts * p.text_encoder_flop, 0, width * p.text_encoder_parameters,
                       deployment.dtype};
    shape.kernels = 300;  // some 24 layers of 12
    add("text_encoder", shape, 1);
  }
  NetworkShape forward{
      forwards * p.linear_flop * scale.linear, forwards * p.attention_flop * scale.attention,
      width * p.parameters + forwards * p.activation_bytes * scale.linear, deployment.dtype};
  forward.conv_flop = forwards * p.conv_flop * scale.pixels;
  forward.kernels = static_cast<double>(p.kernels);
  add("denoise", forward, steps);
  if (deployment.tensor_parallel > 1 && p.attention_layers > 0) {
    // Each attention layer trades a share of the tokens for a share of the heads: queries, keys
    // and values before it, results after it (DeepSpeed-Ulysses, arXiv:2309.14509). Those four are
    // about an eighth of a forward's activation traffic.
    const double messages = 4 * static_cast<double>(p.attention_layers);
    const double bytes = forwards * p.activation_bytes * scale.linear / 8 / messages;
    const double seconds = clock.kernels().seconds(
        CollectiveShape{Collective::kAllToAll, bytes, deployment.tensor_parallel, false});
    operators.push_back({"exchange", "collective", steps * messages, steps * messages * seconds});
  }
  if (p.decoder_flop > 0) {
    // 32 bits: the TF32 unit runs at half the 16-bit rate, and every pass moves twice the bytes.
    const bool wide = p.decoder_overflows_fp16 && deployment.dtype != Dtype::kBf16;
    const double twice = wide ? 2 : 1;
    NetworkShape shape{0, 0,
                       twice * (n * p.decoder_bytes * scale.pixels + 2 * p.decoder_parameters),
                       Dtype::kFp16};
    shape.pixel_flop = twice * n * p.decoder_flop * scale.pixels;
    shape.kernels = 200;
    add("decoder", shape, 1);
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
