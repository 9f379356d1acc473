#include <algorithm>
#include <array>
#include <cmath>

#include "fitted_forms.hpp"

namespace headroom {
namespace {

constexpr double kMicro = 1e-6;

enum Index : std::size_t {
  kBase,
  kPerRank,
  kOneShot,
  kTwoShotBase,
  kTwoShot,
  kTwoShotRamp,
  kNcclBase,
  kNcclPerStep,
  kReduceRate,
  kGatherRate,
  kScatterRate,
  kExchangeRate,
  kNcclRamp,
  kCrossNode,
  kGatherLatency,
  kCount
};

constexpr std::array<Parameter, kCount> kParameters{{
    {"base_us", "one-shot all-reduce of an empty message", 4.5, 0.5, 40},
    {"per_rank_us", "one-shot or two-shot, for each further rank", 0.08, 0, 5},
    {"one_shot", "share of the link that one-shot reads reach", 0.54, 0.1, 1},
    {"two_shot_us", "two-shot all-reduce of an empty message", 12, 1, 60},
    {"two_shot", "share of the link that reduce-scatter and all-gather reach", 0.5, 0.1, 1},
    {"two_shot_ramp", "bytes in 1e6 at which a ramp of chunks costs as much as the transfer", 0.02,
     0, 20},
    {"nccl_us", "NCCL call of an empty message between two ranks", 8, 2, 80},
    {"nccl_per_step_us", "NCCL, for each doubling of the ranks", 2.8, 0, 40},
    {"reduce_rate", "share of the link that NCCL's all-reduce reaches", 0.85, 0.1, 2},
    {"gather_rate", "the same, all-gather and send", 0.79, 0.1, 1},
    {"scatter_rate", "the same, reduce-scatter", 0.83, 0.1, 1},
    {"exchange_rate", "the same, all-to-all", 0.79, 0.1, 1},
    {"nccl_ramp", "as two_shot_ramp, NCCL", 7, 0, 40},
    {"cross_node_us", "added where ranks sit in several nodes", 12, 0, 100},
    {"gather_latency", "latency of the other calls over that of all-reduce", 0.79, 0.3, 2},
}};

/// Message bytes that cross one GPU's link each way in a ring or tree of the op.
double ring_bytes(const CollectiveShape& s) {
  const auto ranks = static_cast<double>(s.ranks);
  const double others = (ranks - 1) / ranks;
  switch (s.op) {
    case Collective::kAllReduce:
      return 2 * others * s.bytes;
    case Collective::kAllGather:
    case Collective::kReduceScatter:
    case Collective::kAllToAll:
      return others * s.bytes;
    case Collective::kSendRecv:
      return s.bytes;
  }
  return s.bytes;
}

double rate_of(Collective op, std::span<const double> c) {
  switch (op) {
    case Collective::kAllReduce:
      return c[kReduceRate];
    case Collective::kAllGather:
    case Collective::kSendRecv:
      return c[kGatherRate];
    case Collective::kReduceScatter:
      return c[kScatterRate];
    case Collective::kAllToAll:
      return c[kExchangeRate];
  }
  return c[kReduceRate];
}

/// Transfer in chunks whose size grows with the message: x / rate x (1 + sqrt(ramp / x)).
double transfer(double bytes, double rate, double ramp) {
  return (bytes + std::sqrt(bytes * ramp * 1e6)) / rate;
}

double collective_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<CollectiveShape>(any);
  if (s.ranks <= 1) return 0;
  const auto ranks = static_cast<double>(s.ranks);
  const double link = link_bytes_per_s(gpu, s.ranks);
  const bool crosses = s.ranks > gpu.gpus_per_node;
  const bool reduces = s.op == Collective::kAllReduce;
  const double steps = s.op == Collective::kSendRecv ? 0 : std::log2(ranks) - 1;
  const double latency =
      (c[kNcclBase] + c[kNcclPerStep] * steps) * (reduces ? 1 : c[kGatherLatency]) +
      (crosses ? c[kCrossNode] : 0);
  const double nccl =
      latency * kMicro + transfer(ring_bytes(s), link * rate_of(s.op, c), c[kNcclRamp]);
  if (!reduces || !s.engine || crosses) return nccl;
  const double ranks_us = c[kPerRank] * (ranks - 2);
  const double one = (c[kBase] + ranks_us) * kMicro + (ranks - 1) * s.bytes / (link * c[kOneShot]);
  const double two =
      (c[kTwoShotBase] + ranks_us) * kMicro +
      transfer(2 * (ranks - 1) / ranks * s.bytes, link * c[kTwoShot], c[kTwoShotRamp]);
  return std::min({one, two, nccl});
}

}  // namespace

const FittedForm kCollectiveForm{KernelKind::kCollective, kParameters, collective_seconds};

}  // namespace headroom
