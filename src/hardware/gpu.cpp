#include "headroom/hardware/gpu.hpp"

#include <algorithm>
#include <array>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

constexpr std::array<json::Choice, kDtypes> kDtypeChoices{{
    {"bf16", "bfloat16"},
    {"fp16", "IEEE half precision"},
    {"fp8", "8-bit floating point, one scale a tensor or block"},
    {"int8", "8-bit integer"},
    {"fp4", "4-bit floating point, one 8-bit scale for 16 numbers"},
}};

constexpr std::array<json::Choice, 6> kCertaintyChoices{{
    {"high", "published by the maker, or checked in two places"},
    {"medium", "one source, or rounded"},
    {"low", "recalled or indirect"},
    {"derived", "arithmetic on published numbers"},
    {"assumption", "chosen here"},
    {"rumour", "an unconfirmed leak"},
}};

constexpr std::array<json::Choice, 2> kMarketChoices{{
    {"neocloud", "list price of a GPU cloud"},
    {"hyperscaler", "on-demand price of a large cloud"},
}};

/// A number that has no value yet must be given; one taken over from `like` need not be.
json::Need needed(double value) {
  return value == 0 ? json::Need::kRequired : json::Need::kOptional;
}

/// Below these no step of a large model would end in days.
constexpr json::Range kMemoryRate{1e9, 1e300}, kLinkRate{1e6, 1e300};
constexpr double kSlowestFlops = 1e11;

void describe_peaks(json::Archive& archive, Gpu& gpu) {
  using json::Dimension;
  using json::kNonNegative;
  archive.quantity({"bf16_flops", "dense peak for bfloat16; 0 where there is no such unit"},
                   gpu.bf16_flops, Dimension::kFlops, kNonNegative);
  archive.quantity({"fp16_flops", "dense peak for half precision"}, gpu.fp16_flops,
                   Dimension::kFlops, kNonNegative);
  archive.quantity({"fp8_flops", "dense peak for 8-bit floating point"}, gpu.fp8_flops,
                   Dimension::kFlops, kNonNegative);
  archive.quantity({"int8_flops", "dense peak for 8-bit integers"}, gpu.int8_flops,
                   Dimension::kFlops, kNonNegative);
  archive.quantity({"fp4_flops", "dense peak for 4-bit floating point"}, gpu.fp4_flops,
                   Dimension::kFlops, kNonNegative);
  if (archive.decoding() && gpu.bf16_flops == 0 && gpu.fp16_flops == 0) {
    archive.problem("", "E106", "a GPU needs bf16_flops or fp16_flops");
  }
  const double half = std::max(gpu.bf16_flops, gpu.fp16_flops);
  if (archive.decoding() && half > 0 && half < kSlowestFlops) {
    archive.problem(gpu.bf16_flops > 0 ? "bf16_flops" : "fp16_flops", "E111",
                    "a peak below 0.1 TFLOP/s is no GPU's");
  }
}

void describe_links(json::Archive& archive, Gpu& gpu) {
  using json::Dimension;
  archive.text({"link", "what joins the GPUs of a node"}, gpu.link);
  archive.quantity({"link_bytes_per_s", "of one GPU, each way, to the GPUs the link joins",
                    needed(gpu.link_bytes_per_s)},
                   gpu.link_bytes_per_s, Dimension::kBytesPerS, kLinkRate);
  archive.integer({"link_gpus", "how many GPUs the link joins"}, gpu.link_gpus, {1, 4096});
  archive.quantity(
      {"host_link_bytes_per_s", "PCIe of one GPU, each way", needed(gpu.host_link_bytes_per_s)},
      gpu.host_link_bytes_per_s, Dimension::kBytesPerS, kLinkRate);
  archive.quantity({"inter_node_bytes_per_s", "network of one GPU, each way",
                    needed(gpu.inter_node_bytes_per_s)},
                   gpu.inter_node_bytes_per_s, Dimension::kBytesPerS, kLinkRate);
  archive.integer({"gpus_per_node", "GPUs of one server"}, gpu.gpus_per_node, {1, 4096});
}

}  // namespace

std::string_view name(Dtype dtype) { return kDtypeChoices[static_cast<std::size_t>(dtype)].name; }

std::span<const json::Choice> dtype_choices() { return kDtypeChoices; }

Dtype dtype_from_name(std::string_view word) {
  const auto found = std::find_if(kDtypeChoices.begin(), kDtypeChoices.end(),
                                  [word](const json::Choice& c) { return c.name == word; });
  HEADROOM_CHECK(found != kDtypeChoices.end(), "a dtype's name is one of dtype_choices()");
  return static_cast<Dtype>(found - kDtypeChoices.begin());
}

double bytes_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::kBf16:
    case Dtype::kFp16:
      return 2;
    case Dtype::kFp8:
    case Dtype::kInt8:
      return 1;
    case Dtype::kFp4:
      return 0.5 + 1.0 / 16.0;
  }
  return 2;
}

std::span<const json::Choice> certainty_choices() { return kCertaintyChoices; }

double Gpu::peak_flops(Dtype dtype) const {
  const double half = std::max(bf16_flops, fp16_flops);
  double own = 0;
  switch (dtype) {
    case Dtype::kBf16:
      own = bf16_flops;
      break;
    case Dtype::kFp16:
      own = fp16_flops;
      break;
    case Dtype::kFp8:
      own = fp8_flops;
      break;
    case Dtype::kInt8:
      own = int8_flops;
      break;
    case Dtype::kFp4:
      own = fp4_flops;
      break;
  }
  return own > 0 ? own : half;
}

bool Gpu::supports(Dtype dtype) const {
  switch (dtype) {
    case Dtype::kBf16:
      return bf16_flops > 0;
    case Dtype::kFp16:
      return fp16_flops > 0;
    case Dtype::kFp8:
      return fp8_flops > 0;
    case Dtype::kInt8:
      return int8_flops > 0;
    case Dtype::kFp4:
      return fp4_flops > 0;
  }
  return false;
}

void describe(json::Archive& archive, Provenance& provenance) {
  archive.texts({"of", "keys of the numbers this source covers", json::Need::kRequired},
                provenance.of);
  archive.text({"source", "where the numbers come from", json::Need::kRequired}, provenance.source);
  archive.choice({"certainty", "how far the source may be trusted"}, provenance.certainty,
                 kCertaintyChoices);
  archive.text({"note", "what else a reader should know"}, provenance.note);
}

void describe(json::Archive& archive, Price& price) {
  archive.number({"usd_per_gpu_h", "US dollars for one GPU for one hour", json::Need::kRequired},
                 price.usd_per_gpu_h, json::kPositive);
  archive.choice({"market", "kind of seller"}, price.market, kMarketChoices);
  archive.text({"date", "when the price was asked"}, price.date);
  archive.text({"source", "who asked it"}, price.source);
}

void describe(json::Archive& archive, Gpu& gpu) {
  using json::Dimension;
  std::string like;
  archive.text({"like", "catalogue GPU that gives every number not stated here"}, like);
  if (archive.decoding() && !like.empty()) {
    if (const Gpu* base = find_gpu(like)) {
      gpu = *base;
      gpu.aliases.clear();
    } else {
      archive.problem("like", "E112", "no GPU called \"" + like + "\" in the catalogue");
    }
  }
  archive.text({"name", "name of the GPU", json::Need::kRequired}, gpu.name);
  archive.texts({"aliases", "other spellings of the name"}, gpu.aliases);
  archive.text({"architecture", "family of the chip"}, gpu.architecture);
  describe_peaks(archive, gpu);
  archive.quantity({"hbm_bytes", "device memory", needed(gpu.hbm_bytes)}, gpu.hbm_bytes,
                   Dimension::kBytes, json::kPositive);
  archive.quantity(
      {"hbm_bytes_per_s", "peak bandwidth of the device memory", needed(gpu.hbm_bytes_per_s)},
      gpu.hbm_bytes_per_s, Dimension::kBytesPerS, kMemoryRate);
  archive.integer({"sm_count", "streaming multiprocessors or compute units",
                   needed(static_cast<double>(gpu.sm_count))},
                  gpu.sm_count, {1, 100'000});
  archive.quantity({"l2_bytes", "last-level cache", needed(gpu.l2_bytes)}, gpu.l2_bytes,
                   Dimension::kBytes, json::kPositive);
  describe_links(archive, gpu);
  archive.quantity({"power_w", "board power limit"}, gpu.power_w, Dimension::kPower,
                   json::kNonNegative);
  archive.list({"prices", "what an hour costs, by seller"}, gpu.prices);
  archive.list({"provenance", "sources of the numbers"}, gpu.provenance);
}

}  // namespace headroom
