#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "fitted_forms.hpp"
#include "headroom/core/check.hpp"

namespace headroom {
namespace {

constexpr double kMicro = 1e-6;

constexpr std::array<Parameter, 4> kMemoryParameters{{
    {"launch_us", "time of an empty kernel", 2.3, 0.2, 20},
    {"bandwidth", "share of HBM bandwidth that is streamed", 0.7, 0.1, 1},
    {"cache_gain", "rate from the last-level cache over that", 3.5, 1, 12},
    {"cache_share", "share of the cache that holds what the kernel before left", 0.5, 0, 1},
}};

/// What the last kernel left in the cache comes from there, the rest from memory.
double memory_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<MemoryShape>(any);
  const double cached = std::min(s.bytes, gpu.l2_bytes * c[3]);
  return c[0] * kMicro + (s.bytes - cached + cached / c[2]) / (gpu.hbm_bytes_per_s * c[1]);
}

constexpr std::array<Parameter, 7> kNetworkParameters{{
    {"linear_efficiency", "share of the sustained peak in projections", 0.85, 0.05, 1},
    {"conv_efficiency", "the same in convolutions at latent resolution", 0.4, 0.05, 1},
    {"attention_efficiency", "the same in attention", 0.55, 0.05, 1},
    {"pixel_efficiency", "the same in a pixel decoder's convolutions", 0.22, 0.02, 1},
    {"bandwidth", "share of HBM bandwidth that is streamed", 0.85, 0.1, 1},
    {"narrow_gain", "exponent of the gain of formats below 16 bits", 1.0, 0, 1},
    {"kernel_us", "ramp-up and tail of a kernel in which the GPU is not full", 3.0, 0, 20},
}};

/// Watts that a dense 16-bit TFLOPS takes on a chip at full clock, by generation: from the best
/// sustained matrix multiplication (271 of 312 on A100, 794 of 989 on H100, 1,745 of 2,250 on
/// B200: stas00/ml-engineering, compute/accelerator/README.md) through sustained_share. Volta and
/// Turing: an assumption; others are taken to hold their clock.
double watts_per_tflops(std::string_view architecture) {
  if (architecture == "Ampere") return 1.70;
  if (architecture == "Hopper" || architecture == "Ada") return 1.10;
  if (architecture == "Blackwell") return 0.74;
  if (architecture == "Volta" || architecture == "Turing") return 3.0;
  return 0;
}

/// Share of the peak that the power limit leaves to a chip that multiplies without pause. Clocks
/// fall with the root of the power that is missing: power goes with frequency times voltage
/// squared, and voltage falls less than frequency.
double sustained_share(const Gpu& gpu) {
  const double wanted = gpu.peak_flops(Dtype::kFp16) * 1e-12 * watts_per_tflops(gpu.architecture);
  if (gpu.power_w <= 0 || wanted <= gpu.power_w) return 1;
  return std::sqrt(gpu.power_w / wanted);
}

/// Layers of different kinds alternate, so their times add; each runs at its share of what the
/// power limit leaves of the peak. Attention and pixel decoders stay 16-bit.
double network_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<NetworkShape>(any);
  const double peak = gpu.peak_flops(Dtype::kFp16);
  const double rate = peak * sustained_share(gpu);
  const double narrow = std::pow(gpu.peak_flops(s.dtype) / peak, c[5]);
  const double compute = s.linear_flop / (c[0] * narrow) + s.conv_flop / (c[1] * narrow) +
                         s.attention_flop / c[2] + s.pixel_flop / c[3];
  return compute / rate + s.bytes / (gpu.hbm_bytes_per_s * c[4]) + s.kernels * c[6] * kMicro;
}

}  // namespace

double smooth_max(double a, double b, double p) {
  const double high = a > b ? a : b;
  const double low = a > b ? b : a;
  // The smaller term changes the sum by less than 1e-7 of the larger.
  if (low <= 0 || p * std::log2(low / high) < -23) return high;
  return high * std::pow(1 + std::pow(low / high, p), 1 / p);
}

const FittedForm kMemoryForm{KernelKind::kMemory, kMemoryParameters, memory_seconds};
const FittedForm kNetworkForm{KernelKind::kNetwork, kNetworkParameters, network_seconds};

const FittedForm& fitted_form(KernelKind kind) {
  switch (kind) {
    case KernelKind::kGemm:
      return kGemmForm;
    case KernelKind::kPrefillAttention:
      return kPrefillAttentionForm;
    case KernelKind::kDecodeAttention:
      return kDecodeAttentionForm;
    case KernelKind::kMemory:
      return kMemoryForm;
    case KernelKind::kCollective:
      return kCollectiveForm;
    case KernelKind::kMoe:
      return kMoeForm;
    case KernelKind::kNetwork:
      return kNetworkForm;
    case KernelKind::kEncoderAttention:
      return kEncoderAttentionForm;
  }
  HEADROOM_CHECK(false, "every kernel kind has a form");
  return kMemoryForm;
}

}  // namespace headroom
