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
  kNcclHop,
  kReduceRate,
  kGatherRate,
  kScatterRate,
  kExchangeRate,
  kNcclRamp,
  kCrossNode,
  kRankGain,
  kEngineRate,
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
    {"nccl_hop_us", "NCCL, for each hop of a ring beyond the first", 0.8, 0, 10},
    {"reduce_rate", "share of the link that NCCL's all-reduce reaches", 0.85, 0.1, 2},
    {"gather_rate", "the same, all-gather and send", 0.79, 0.1, 1},
    {"scatter_rate", "the same, reduce-scatter", 0.83, 0.1, 1},
    {"exchange_rate", "the same, all-to-all", 0.79, 0.1, 1},
    {"nccl_ramp", "as two_shot_ramp, NCCL", 7, 0, 40},
    {"cross_node_us", "added where ranks sit in several nodes", 12, 0, 100},
    {"rank_gain", "rise of NCCL's rates with each doubling of the ranks", 0.1, 0, 1},
    {"engine_rate", "NCCL's rate inside the engine, large messages, over its rate alone", 0.95, 0.4,
     1.2},
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

/// Hops of the ring that follow one another, beyond the first.
double hops(const CollectiveShape& s) {
  const auto ranks = static_cast<double>(s.ranks);
  switch (s.op) {
    case Collective::kAllReduce:
      return 2 * (ranks - 1) - 1;
    case Collective::kAllGather:
    case Collective::kReduceScatter:
      return ranks - 2;
    case Collective::kAllToAll:
    case Collective::kSendRecv:
      return s.op == Collective::kAllToAll ? (ranks - 2) / 2 : 0;  // straight to each rank
  }
  return 0;
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
  const double latency = c[kNcclBase] + c[kNcclHop] * hops(s) + (crosses ? c[kCrossNode] : 0);
  const double gain = 1 + c[kRankGain] * (std::log2(ranks) - 1);
  const double engine = s.engine && reduces ? c[kEngineRate] : 1;
  const double nccl =
      latency * kMicro +
      transfer(ring_bytes(s), link * rate_of(s.op, c) * gain * engine, c[kNcclRamp]);
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
