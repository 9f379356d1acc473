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
    {"one_shot", "share of the link that one-shot reads reach", 0.6, 0.1, 1},
    {"two_shot_us", "two-shot all-reduce of an empty message", 10, 1, 60},
    {"two_shot", "share of the link that reduce-scatter and all-gather reach", 0.6, 0.1, 1},
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

double nccl_seconds(const Gpu& gpu, const CollectiveShape& s, std::span<const double> c) {
  const double link = link_bytes_per_s(gpu, s.ranks);
  const bool crosses = s.ranks > gpu.gpus_per_node;
  const double latency = c[kNcclBase] + c[kNcclHop] * hops(s) + (crosses ? c[kCrossNode] : 0);
  const double gain = 1 + c[kRankGain] * (std::log2(static_cast<double>(s.ranks)) - 1);
  const double engine = s.engine && s.op == Collective::kAllReduce ? c[kEngineRate] : 1;
  return latency * kMicro +
         transfer(ring_bytes(s), link * rate_of(s.op, c) * gain * engine, c[kNcclRamp]);
}

/// Message from which the engine leaves an all-reduce to NCCL (vLLM, custom_all_reduce.py).
constexpr double kEngineMost = 8 * 1024 * 1024;

/// Message from which a one-shot all-reduce gives way to reduce-scatter and all-gather; between two
/// GPUs never (vLLM, csrc/custom_all_reduce.cuh).
double one_shot_most(std::int64_t ranks) {
  if (ranks <= 2) return 1e300;
  return (ranks <= 4 ? 512 : 256) * 1024.0;
}

/// The engine's own all-reduce: every rank reads all others' messages, or a share of each and then
/// the sums.
double custom_seconds(const Gpu& gpu, std::int64_t many, double bytes, std::span<const double> c) {
  const double link = link_bytes_per_s(gpu, many);
  const auto ranks = static_cast<double>(many);
  const double more_us = c[kPerRank] * (ranks - 2);
  const auto one_shot = [&](double message) {
    return (c[kBase] + more_us) * kMicro + (ranks - 1) * message / (link * c[kOneShot]);
  };
  const double most = one_shot_most(many);
  if (bytes < most) return one_shot(bytes);
  const double two_shot =
      (c[kTwoShotBase] + more_us) * kMicro +
      transfer(2 * (ranks - 1) / ranks * bytes, link * c[kTwoShot], c[kTwoShotRamp]);
  return std::max(one_shot(most), two_shot);  // a longer message never takes less
}

double collective_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<CollectiveShape>(any);
  if (s.ranks <= 1) return 0;
  const double nccl = nccl_seconds(gpu, s, c);
  // Across nodes, and among more than two GPUs that no NVLink joins, the engine has none of its
  // own.
  const bool joined = s.ranks <= std::min(gpu.link_gpus, gpu.gpus_per_node) || s.ranks <= 2;
  if (s.op != Collective::kAllReduce || !s.engine || !joined) return nccl;
  const double custom = custom_seconds(gpu, s.ranks, std::min(s.bytes, kEngineMost), c);
  return s.bytes < kEngineMost ? custom : std::max(custom, nccl);
}

}  // namespace

const FittedForm kCollectiveForm{KernelKind::kCollective, kParameters, collective_seconds};

}  // namespace headroom
