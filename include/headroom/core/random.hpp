#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace headroom {

/// What a random number is for. Each purpose has its own stream, so that changing the router does
/// not change the demand. New purposes go at the end: the values are part of every result.
enum class Purpose : std::uint32_t {
  kArrival = 0,
  kLengths = 1,
  kPrefixHit = 2,
  kPatience = 3,
  kService = 4,
  kRoute = 5,
  kTrace = 6,
  kWorlds = 7,
  kReroute = 8,
  kFailure = 9,
  kUsers = 10,
  kRetry = 11,
  kModulation = 14,
  kTest = 15,
};

/// Which run the numbers belong to. Fleet size, router and thread are not part of it: request i of
/// a class has the same lengths and patience under any of them (common random numbers).
struct RunKey {
  std::uint64_t seed = 0;
  std::uint32_t replication = 0;
  std::uint32_t cell = 0;
  /// The same for all cells of one run: its first cell. Draws that cells share are of this one.
  std::uint32_t first_cell = 0;

  RunKey shared() const { return {seed, replication, first_cell, first_cell}; }
};

/// A RunKey as the generator's key: for those who make many streams of one run.
class StreamKey {
 public:
  explicit StreamKey(const RunKey& run) : bits_(mix(run)) {}
  std::uint32_t low() const { return static_cast<std::uint32_t>(bits_); }
  std::uint32_t high() const { return static_cast<std::uint32_t>(bits_ >> 32U); }

 private:
  /// (seed, replication, cell) to 64 bits by two rounds of a 64-bit finalizer (SplitMix64's
  /// constants, Steele et al. 2014, doi:10.1145/2660193.2660195).
  static std::uint64_t mix(const RunKey& run) {
    const auto finalize = [](std::uint64_t z) {
      z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
      z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
      return z ^ (z >> 31U);
    };
    const std::uint64_t place = (static_cast<std::uint64_t>(run.replication) << 32U) | run.cell;
    return finalize(finalize(run.seed + 0x9E3779B97F4A7C15ULL) ^ place);
  }

  std::uint64_t bits_;
};

/// A counter-based source of random bits for one (run, purpose, class, entity): Philox4x32-10.
/// Satisfies UniformRandomBitGenerator, so that Boost.Random's distributions can draw from it.
/// Source: Salmon et al. 2011, doi:10.1145/2063384.2063405.
class RandomStream {
 public:
  using result_type = std::uint32_t;

  /// kind: class or other index below 2^24, so that one purpose serves several. entity: e.g. the
  /// request's number within its class.
  RandomStream(const RunKey& run, Purpose purpose, std::uint32_t kind, std::uint64_t entity)
      : RandomStream(StreamKey(run), purpose, kind, entity) {}
  RandomStream(const StreamKey& key, Purpose purpose, std::uint32_t kind, std::uint64_t entity)
      : key_{{key.low(), key.high()}},
        counter_{{0, static_cast<std::uint32_t>(purpose) | (kind << 8U),
                  static_cast<std::uint32_t>(entity), static_cast<std::uint32_t>(entity >> 32U)}} {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }

  result_type operator()() {
    if (used_ == 4) next_block();
    return block_[used_++];
  }

  /// Uniform in the open interval (0, 1), 52 bits: never 0 or 1, so that logs and quantiles exist.
  double uniform() {
    if (used_ == 4) next_block();
    if (used_ <= 2) {  // both in the block in hand
      used_ += 2;
      return uniform_of(block_[used_ - 2], block_[used_ - 1]);
    }
    const result_type high = (*this)();
    return uniform_of(high, (*this)());
  }

 private:
  using Generator = r123::Philox4x32;

  static double uniform_of(std::uint64_t high, std::uint64_t low) {
    const auto bits = static_cast<std::int64_t>(((high >> 6U) << 26U) | (low >> 6U));
    return (static_cast<double>(bits) + 0.5) * 0x1.0p-52;  // of a signed number: one instruction
  }

  /// A call, so that what draws from the block in hand stays small.
  [[gnu::noinline]] void next_block() {
    block_ = block_of(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }

#ifdef __SSE2__
  /// What Generator makes, at half its instructions: the two products of a round are one
  /// multiplication of two lanes. Numbers are the low 32 bits of lanes of 64; the bits above them
  /// are left as they come out, since a product does not read them.
  static Generator::ctr_type block_of(const Generator::ctr_type& c, const Generator::key_type& k) {
    const auto lanes = [](std::uint32_t first, std::uint32_t second) {
      return _mm_set_epi32(0, static_cast<int>(second), 0, static_cast<int>(first));
    };
    const __m128i multipliers = lanes(PHILOX_M4x32_0, PHILOX_M4x32_1);
    const __m128i key_step = lanes(PHILOX_W32_0, PHILOX_W32_1);
    __m128i key = lanes(k[0], k[1]);
    __m128i even = lanes(c[0], c[2]), odd = lanes(c[1], c[3]);
    for (unsigned round = 0; round < PHILOX4x32_DEFAULT_ROUNDS; ++round) {
      const __m128i products = _mm_mul_epu32(even, multipliers);
      const __m128i high_swapped = _mm_shuffle_epi32(products, _MM_SHUFFLE(0, 1, 0, 3));
      even = _mm_xor_si128(_mm_xor_si128(high_swapped, odd), key);
      odd = _mm_shuffle_epi32(products, _MM_SHUFFLE(0, 0, 0, 2));
      key = _mm_add_epi64(key, key_step);
    }
    const __m128i block = _mm_unpacklo_epi32(_mm_shuffle_epi32(even, _MM_SHUFFLE(0, 0, 2, 0)),
                                             _mm_shuffle_epi32(odd, _MM_SHUFFLE(0, 0, 2, 0)));
    Generator::ctr_type out;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out.data()), block);
    return out;
  }
#else
  static Generator::ctr_type block_of(const Generator::ctr_type& c, const Generator::key_type& k) {
    return Generator{}(c, k);
  }
#endif

  Generator::key_type key_;
  Generator::ctr_type counter_;
  Generator::ctr_type block_{};
  unsigned used_ = 4;
};

}  // namespace headroom
