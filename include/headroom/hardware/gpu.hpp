#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/json/archive.hpp"

namespace headroom {

/// Number format of weights, activations or KV cache.
enum class Dtype { kBf16, kFp16, kFp8, kInt8, kFp4 };
inline constexpr std::size_t kDtypes = 5;

/// "bf16", "fp16", "fp8", "int8", "fp4".
std::string_view name(Dtype dtype);
std::span<const json::Choice> dtype_choices();
/// The dtype of that name. REQUIRES: `word` is one of the names.
Dtype dtype_from_name(std::string_view word);
/// Bytes of one stored number; fp4 carries one scale byte for every 16 numbers (NVFP4 block).
double bytes_of(Dtype dtype);

/// Where numbers come from. One entry covers the named fields of the object it stands in.
struct Provenance {
  std::vector<std::string> of;  ///< keys of the numbers covered
  std::string source;
  std::string certainty = "high";  ///< high, medium, low, derived, assumption, rumour
  std::string note;
};
void describe(json::Archive& archive, Provenance& provenance);

/// What an hour of one GPU costs at one place and time.
struct Price {
  double usd_per_gpu_h = 0;
  std::string market;  ///< "neocloud" or "hyperscaler"
  std::string date;
  std::string source;
};
void describe(json::Archive& archive, Price& price);

/// One GPU type, by its data sheet. Peaks are dense (no sparsity); 0 = the GPU has no such unit.
struct Gpu {
  std::string name;  ///< "A100-SXM-80GB"
  std::vector<std::string> aliases;
  std::string architecture;
  double bf16_flops = 0, fp16_flops = 0, fp8_flops = 0, int8_flops = 0, fp4_flops = 0;
  double hbm_bytes = 0;               ///< device memory, whatever its kind
  double hbm_bytes_per_s = 0;         ///< peak
  std::int64_t sm_count = 0;          ///< streaming multiprocessors or compute units
  double l2_bytes = 0;                ///< last-level cache
  std::string link;                   ///< between the GPUs of a node: "NVLink3", "PCIe4", ...
  double link_bytes_per_s = 0;        ///< of one GPU, each way
  std::int64_t link_gpus = 8;         ///< GPUs the link joins (2 with bridges)
  double host_link_bytes_per_s = 0;   ///< PCIe of one GPU, each way: to GPUs the link does not join
  double inter_node_bytes_per_s = 0;  ///< of one GPU, each way
  std::int64_t gpus_per_node = 8;
  double power_w = 0;
  std::vector<Price> prices;
  std::vector<Provenance> provenance;

  /// Dense peak for a dtype, operations per second. A format without its own unit runs at the rate
  /// of the 16-bit unit (weights are widened on the way in).
  double peak_flops(Dtype dtype) const;
  /// Whether the GPU has a unit for the dtype.
  bool supports(Dtype dtype) const;
};
/// Reads one GPU. `"like": "A100-SXM-80GB"` starts from that catalogue entry, so that a scenario
/// may override single numbers.
void describe(json::Archive& archive, Gpu& gpu);

/// The built-in catalogue, in file order.
std::span<const Gpu> gpus();
/// By name or alias, case ignored; nullptr when unknown.
const Gpu* find_gpu(std::string_view name_or_alias);

/// How the numbers of a source may be trusted: the words `certainty` may have.
std::span<const json::Choice> certainty_choices();

}  // namespace headroom
