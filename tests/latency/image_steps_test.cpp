#include <cmath>
#include <string_view>

#include "headroom/latency/deployment.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "support/catch.hpp"

/// Times of image pipelines, redone by hand from the form in docs/model-latency.md.
namespace headroom {
namespace {

/// 100 TFLOPS, 1 TB/s, no power limit: generic coefficients.
Deployment plain_deployment() {
  Deployment d;
  d.gpu.name = "plain";
  d.gpu.bf16_flops = d.gpu.fp16_flops = 100e12;
  d.gpu.hbm_bytes = 80e9;
  d.gpu.hbm_bytes_per_s = 1e12;
  d.gpu.link_bytes_per_s = 100e9;
  d.gpu.sm_count = 100;
  d.gpu.l2_bytes = 40e6;
  d.dtype = Dtype::kFp16;
  d.model.kind = ModelKind::kDiffusion;
  ImagePipeline& p = d.model.image;
  p.parameters = 1e9;
  p.linear_flop = 10e12;
  p.conv_flop = 2e12;
  p.attention_flop = 4e12;
  p.image_tokens = 900;
  p.text_tokens = 100;
  p.activation_bytes = 3e9;
  p.kernels = 1000;
  p.attention_layers = 25;
  p.forwards_per_step = 2;
  p.default_steps = 10;
  return d;
}

double seconds_of(const Deployment& d, const ImageBatch& batch, std::int64_t pictures,
                  std::string_view name) {
  double sum = 0;
  for (const OperatorTime& op : image_operators(d, batch, pictures)) {
    if (op.name == name) sum += op.seconds;
  }
  return sum;
}

/// Seconds of one step of `forwards` pictures, with the work of each.
double step_by_hand(double forwards, double linear, double conv, double attention, double bytes) {
  const std::vector<double> c = generic_coefficients(KernelKind::kNetwork);
  const double compute = linear / c[0] + conv / c[1] + attention / c[2];
  return forwards * compute / 100e12 + (2 * 1e9 + forwards * bytes) / (1e12 * c[4]) +
         1000 * c[6] * 1e-6;
}

TEST_CASE("guidance doubles the pictures a denoising step computes", "[latency][image]") {
  const Deployment d = plain_deployment();
  // 2 forwards of 10 + 2 + 4 TFLOP a step, 10 steps.
  CHECK(seconds_of(d, {}, 1, "denoise") ==
        Approx(10 * step_by_hand(2, 10e12, 2e12, 4e12, 3e9)).epsilon(1e-9));
  // One picture with guidance is two without.
  CHECK(seconds_of(d, {1, 10, 0, 1}, 2, "denoise") ==
        Approx(seconds_of(d, {1, 10, 0, 2}, 1, "denoise")).epsilon(1e-12));
}

TEST_CASE("a batch shares the weights and the kernels of its pictures", "[latency][image]") {
  const Deployment d = plain_deployment();
  // 3 pictures: 6 forwards of work, weights read and 1,000 kernels run once a step.
  CHECK(seconds_of(d, {3, 7, 0, 0}, 3, "denoise") ==
        Approx(7 * step_by_hand(6, 10e12, 2e12, 4e12, 3e9)).epsilon(1e-9));
}

TEST_CASE("at twice the side, convolutions grow fourfold and attention with tokens squared",
          "[latency][image]") {
  const Deployment d = plain_deployment();
  // 3,600 + 100 tokens where 900 + 100 were: 3.7 times the projections, 13.69 times the attention.
  CHECK(seconds_of(d, {1, 10, 2048, 0}, 1, "denoise") ==
        Approx(10 * step_by_hand(2, 37e12, 8e12, 4e12 * 3.7 * 3.7, 11.1e9)).epsilon(1e-9));
}

TEST_CASE("steps multiply the denoiser and nothing else", "[latency][image]") {
  Deployment d = plain_deployment();
  d.model.image.text_encoder_parameters = 1e9;
  d.model.image.text_encoder_flop = 0.2e12;
  d.model.image.decoder_flop = 5e12;
  d.model.image.decoder_bytes = 8e9;
  for (const char* name : {"text_encoder", "decoder"}) {
    CHECK(seconds_of(d, {1, 10, 0, 0}, 1, name) == seconds_of(d, {1, 40, 0, 0}, 1, name));
    CHECK(seconds_of(d, {1, 10, 0, 0}, 1, name) > 0);
  }
  CHECK(seconds_of(d, {1, 40, 0, 0}, 1, "denoise") ==
        Approx(4 * seconds_of(d, {1, 10, 0, 0}, 1, "denoise")));
  // The decoder's pixels grow with the side squared, the prompt does not.
  const std::vector<double> c = generic_coefficients(KernelKind::kNetwork);
  CHECK(seconds_of(d, {1, 1, 2048, 0}, 1, "decoder") -
            seconds_of(d, {1, 1, 1024, 0}, 1, "decoder") ==
        Approx(3 * (5e12 / (100e12 * c[3]) + 8e9 / (1e12 * c[4]))));
  CHECK(seconds_of(d, {1, 1, 2048, 0}, 1, "text_encoder") ==
        seconds_of(d, {1, 1, 1024, 0}, 1, "text_encoder"));
}

TEST_CASE("a decoder that overflows fp16 costs twice, except in bf16", "[latency][image]") {
  Deployment d = plain_deployment();
  d.model.image.decoder_flop = 5e12;
  d.model.image.decoder_bytes = 8e9;
  d.model.image.decoder_parameters = 50e6;
  const std::vector<double> c = generic_coefficients(KernelKind::kNetwork);
  const double once = 5e12 / (100e12 * c[3]) + 8.1e9 / (1e12 * c[4]);
  const double kernels = 200 * c[6] * 1e-6;
  CHECK(seconds_of(d, {}, 1, "decoder") == Approx(once + kernels));
  d.model.image.decoder_overflows_fp16 = true;
  CHECK(seconds_of(d, {}, 1, "decoder") == Approx(2 * once + kernels));
  d.dtype = Dtype::kBf16;
  CHECK(seconds_of(d, {}, 1, "decoder") == Approx(once + kernels));
}

TEST_CASE("an eager host sets a floor under a step's kernels", "[latency][image]") {
  Deployment d = plain_deployment();
  d.engine.layer_host_s = 0.012;  // 1 ms a kernel: 1,000 kernels, 10 steps
  CHECK(seconds_of(d, {}, 1, "denoise") == Approx(10.0));
  // Eight pictures keep the GPU busy for longer than that.
  CHECK(seconds_of(d, {8, 0, 0, 0}, 8, "denoise") ==
        Approx(10 * step_by_hand(16, 10e12, 2e12, 4e12, 3e9)));
}

TEST_CASE("a chip short of power computes with the root of the share it has", "[latency][image]") {
  Deployment d = plain_deployment();
  const double free = seconds_of(d, {}, 1, "denoise");
  d.gpu.architecture = "Ampere";  // 1.7 W a TFLOPS: 170 W wanted
  d.gpu.power_w = 170;
  CHECK(seconds_of(d, {}, 1, "denoise") == Approx(free));
  d.gpu.power_w = 42.5;  // a quarter: half the rate; memory and tails as before
  const double compute =
      10 * step_by_hand(2, 10e12, 2e12, 4e12, 3e9) - 10 * step_by_hand(2, 0, 0, 0, 3e9);
  CHECK(seconds_of(d, {}, 1, "denoise") == Approx(free + compute));
}

TEST_CASE("GPUs that share a picture split its work and trade tokens for heads",
          "[latency][image]") {
  Deployment d = plain_deployment();
  d.tensor_parallel = 2;
  CHECK(seconds_of(d, {}, 1, "denoise") ==
        Approx(10 * step_by_hand(1, 10e12, 2e12, 4e12, 3e9)).epsilon(1e-9));
  for (const OperatorTime& op : image_operators(d, {}, 1)) {
    if (op.name != "exchange") continue;
    CHECK(op.count == 10 * 4 * 25);  // queries, keys, values, results of 25 layers, 10 steps
    // Half of 3 GB / 8 / 100 a message, one half of which leaves: at least that over 100 GB/s.
    CHECK(op.seconds >= 1000 * (2 * 3e9 / 2 / 8 / 100 / 2) / 100e9);
    CHECK(op.seconds < 1.0);
  }
}

TEST_CASE("an autoregressive picture takes its tokens' steps and then the pixel stage",
          "[latency][image]") {
  Deployment d = plain_deployment();
  d.gpu = *find_gpu("A100-SXM-80GB");
  d.dtype = Dtype::kBf16;
  d.tensor_parallel = 8;
  d.model = *find_model("AR-Image-70B");
  // Tokens: the steps of a transformer of the same shapes.
  Deployment text = d;
  text.model = *find_model("Llama-3.1-70B");
  const StepBatch batch{{}, 64, 64 * 600, 64};
  CHECK(step_seconds_direct(d, batch) == step_seconds_direct(text, batch));
  // Pixels: every operator but the prompt's, with one forward a step.
  d.tensor_parallel = 1;
  CHECK(seconds_of(d, {}, 1, "text_encoder") == 0);
  CHECK(seconds_of(d, {}, 1, "decoder") > 0);
  Deployment sdxl = d;
  sdxl.model = *find_model("SDXL-1.0");
  CHECK(seconds_of(d, {}, 4, "denoise") ==
        Approx(seconds_of(sdxl, {4, d.model.image.default_steps, 0, 1}, 4, "denoise")));
}

}  // namespace
}  // namespace headroom
