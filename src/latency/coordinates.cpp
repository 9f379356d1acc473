#include <algorithm>
#include <array>
#include <cmath>

#include "headroom/core/check.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "real.hpp"

namespace headroom {
namespace {

constexpr std::array<std::string_view, 3> kGemmNames{"m", "n", "k"};
constexpr std::array<std::string_view, 6> kPrefillNames{"batch", "new_tokens", "keys",
                                                        "heads", "kv_heads",   "head_dim"};
constexpr std::array<std::string_view, 5> kDecodeNames{"sequences", "context", "heads", "kv_heads",
                                                       "head_dim"};
constexpr std::array<std::string_view, 1> kMemoryNames{"bytes"};
constexpr std::array<std::string_view, 2> kCollectiveNames{"bytes", "ranks"};
constexpr std::array<std::string_view, 7> kMoeNames{"tokens",  "d_model", "d_ff", "per_token",
                                                    "experts", "tp",      "ep"};
constexpr std::array<std::string_view, 3> kNetworkNames{"linear_flop", "attention_flop", "bytes"};

Coordinates point(std::initializer_list<double> values) {
  Coordinates at;
  at.count = values.size();
  std::copy(values.begin(), values.end(), at.value.begin());
  return at;
}

Coordinates coordinates(const GemmShape& s) { return point({real(s.m), real(s.n), real(s.k)}); }
Coordinates coordinates(const PrefillAttentionShape& s) {
  return point({real(s.batch), real(s.new_tokens), real(s.new_tokens + s.past), real(s.heads),
                real(s.kv_heads), real(s.head_dim)});
}
Coordinates coordinates(const DecodeAttentionShape& s) {
  return point({real(s.sequences), s.context_sum / real(s.sequences), real(s.heads),
                real(s.kv_heads), real(s.head_dim)});
}
Coordinates coordinates(const MemoryShape& s) { return point({s.bytes}); }
Coordinates coordinates(const CollectiveShape& s) { return point({s.bytes, real(s.ranks)}); }
Coordinates coordinates(const MoeShape& s) {
  return point({real(s.tokens), real(s.d_model), real(s.d_ff), real(s.per_token), real(s.experts),
                real(s.tp), real(s.ep)});
}
Coordinates coordinates(const NetworkShape& s) {
  return point({s.linear_flop, s.attention_flop, s.bytes});
}

std::int64_t whole(double value) { return std::llround(value); }

}  // namespace

KernelShape shape_at(KernelKind kind, Dtype dtype, const Coordinates& at) {
  HEADROOM_CHECK(at.count == coordinate_names(kind).size(), "a point has all its coordinates");
  const auto& v = at.value;
  const auto w = [&v](std::size_t i) { return whole(v[i]); };
  switch (kind) {
    case KernelKind::kGemm:
      return GemmShape{w(0), w(1), w(2), dtype};
    case KernelKind::kPrefillAttention:
      return PrefillAttentionShape{w(0), w(1), w(2) - w(1),  w(3),  w(4),
                                   w(5), w(5), Dtype::kBf16, dtype, true};
    case KernelKind::kEncoderAttention:
      return PrefillAttentionShape{w(0), w(1), w(2) - w(1), w(3),  w(4),
                                   w(5), w(5), dtype,       dtype, false};
    case KernelKind::kDecodeAttention:
      return DecodeAttentionShape{w(0), v[0] * v[1], w(2), w(3), w(4), 0, dtype};
    case KernelKind::kMemory:
      return MemoryShape{v[0]};
    case KernelKind::kCollective:
      return CollectiveShape{Collective::kAllReduce, v[0], w(1), true};
    case KernelKind::kMoe:
      return MoeShape{w(0), w(1), w(2), w(3), w(4), w(5), w(6), true, 0, dtype};
    case KernelKind::kNetwork:
      return NetworkShape{v[0], v[1], v[2], dtype};
  }
  return MemoryShape{};
}

bool is_on_grid(const KernelShape& shape) {
  struct Check {
    bool operator()(const GemmShape&) const { return true; }
    bool operator()(const PrefillAttentionShape& s) const { return s.head_dim == s.v_head_dim; }
    bool operator()(const DecodeAttentionShape& s) const { return s.latent_dim == 0; }
    bool operator()(const MemoryShape&) const { return true; }
    bool operator()(const CollectiveShape& s) const {
      return s.op == Collective::kAllReduce && s.engine;
    }
    bool operator()(const MoeShape& s) const { return s.gated && s.skew == 0; }
    bool operator()(const NetworkShape&) const { return true; }
  };
  return std::visit(Check{}, shape);
}

Coordinates coordinates_of(const KernelShape& shape) {
  return std::visit([](const auto& s) { return coordinates(s); }, shape);
}

std::span<const std::string_view> coordinate_names(KernelKind kind) {
  switch (kind) {
    case KernelKind::kGemm:
      return kGemmNames;
    case KernelKind::kPrefillAttention:
    case KernelKind::kEncoderAttention:
      return kPrefillNames;
    case KernelKind::kDecodeAttention:
      return kDecodeNames;
    case KernelKind::kMemory:
      return kMemoryNames;
    case KernelKind::kCollective:
      return kCollectiveNames;
    case KernelKind::kMoe:
      return kMoeNames;
    case KernelKind::kNetwork:
      return kNetworkNames;
  }
  return {};
}

}  // namespace headroom
