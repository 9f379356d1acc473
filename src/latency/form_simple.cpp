#include <algorithm>
#include <array>
#include <cmath>

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

constexpr std::array<Parameter, 5> kNetworkParameters{{
    {"linear_efficiency", "share of the peak in convolutions and projections", 0.55, 0.05, 1},
    {"attention_efficiency", "share of the peak in attention", 0.4, 0.05, 1},
    {"bandwidth", "share of HBM bandwidth that is streamed", 0.7, 0.1, 1},
    {"narrow_gain", "exponent of the gain of formats below 16 bits", 0.6, 0, 1},
    {"fill_tflop", "work at which a forward reaches half of its rate, for 1 PFLOPS", 0.1, 0, 10},
}};

/// The work runs at a share of the peak that grows with the work (few pictures cannot fill the
/// GPU); activation traffic is added, since layers alternate between the two. Attention stays
/// 16-bit.
double network_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<NetworkShape>(any);
  const double half = gpu.peak_flops(Dtype::kFp16);
  const double narrow = std::pow(gpu.peak_flops(s.dtype) / half, c[3]);
  const double linear = (s.linear_flop + c[4] * 1e12 * half / 1e15) / (half * narrow * c[0]);
  const double attention = s.attention_flop / (half * c[1]);
  return linear + attention + s.bytes / (gpu.hbm_bytes_per_s * c[2]);
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
  }
  HEADROOM_CHECK(false, "every kernel kind has a form");
  return kMemoryForm;
}

}  // namespace headroom
