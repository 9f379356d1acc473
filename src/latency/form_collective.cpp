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
  kTwoShot,
  kTwoShotBase,
  kNcclBase,
  kNcclPerRank,
  kNcclRate,
  kCorner,
  kCrossNode,
  kCount
};

constexpr std::array<Parameter, kCount> kParameters{{
    {"base_us", "one-shot all-reduce of an empty message", 3.5, 0.5, 40},
    {"per_rank_us", "one-shot, for each further rank", 0.25, 0, 5},
    {"one_shot", "share of the link that one-shot reads reach", 0.55, 0.1, 1},
    {"two_shot", "share of the link that reduce-scatter and all-gather reach", 0.7, 0.1, 1.6},
    {"two_shot_us", "two-shot all-reduce of an empty message", 8, 1, 60},
    {"nccl_us", "NCCL call of an empty message between two ranks", 9, 2, 80},
    {"nccl_per_rank_us", "NCCL, for each further rank (log2)", 4, 0, 40},
    {"nccl_rate", "share of the link that NCCL's ring reaches", 0.78, 0.1, 1.6},
    {"corner", "exponent that joins latency and transfer", 1.5, 1, 8},
    {"cross_node_us", "added where ranks sit in several nodes", 12, 0, 100},
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

double collective_seconds(const Gpu& gpu, const KernelShape& any, std::span<const double> c) {
  const auto& s = std::get<CollectiveShape>(any);
  if (s.ranks <= 1) return 0;
  const auto ranks = static_cast<double>(s.ranks);
  const double link = link_bytes_per_s(gpu, s.ranks);
  const bool crosses = s.ranks > gpu.gpus_per_node;
  const double steps = s.op == Collective::kSendRecv ? 0 : std::log2(ranks) - 1;
  const double nccl =
      smooth_max((c[kNcclBase] + c[kNcclPerRank] * steps + (crosses ? c[kCrossNode] : 0)) * kMicro,
                 ring_bytes(s) / (link * c[kNcclRate]), c[kCorner]);
  if (s.op != Collective::kAllReduce || !s.engine || crosses) return nccl;
  const double one = smooth_max((c[kBase] + c[kPerRank] * (ranks - 2)) * kMicro,
                                (ranks - 1) * s.bytes / (link * c[kOneShot]), c[kCorner]);
  const double two =
      smooth_max((c[kTwoShotBase] + c[kPerRank] * (ranks - 2)) * kMicro,
                 2 * (ranks - 1) / ranks * s.bytes / (link * c[kTwoShot]), c[kCorner]);
  return std::min({one, two, nccl});
}

}  // namespace

const FittedForm kCollectiveForm{KernelKind::kCollective, kParameters, collective_seconds};

}  // namespace headroom
