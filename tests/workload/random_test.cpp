#include "headroom/core/random.hpp"

#include <Random123/philox.h>

#include "support/catch.hpp"

namespace headroom {
namespace {

TEST_CASE("a random stream is what Random123's Philox4x32-10 makes of its key and counter",
          "[workload][random]") {
  for (std::uint64_t i = 0; i < 500; ++i) {
    const StreamKey key(RunKey{i * 0x9E3779B97F4A7C15ULL, static_cast<std::uint32_t>(i), 3});
    const auto kind = static_cast<std::uint32_t>(i * 33'557) & 0xFFFFFFU;  // 24 bits
    const std::uint64_t entity = i * i * 0x123456789ULL;                   // both halves are used
    RandomStream stream(key, Purpose::kRoute, kind, entity);
    for (std::uint32_t block = 0; block < 3; ++block) {
      const r123::Philox4x32::ctr_type counter{
          {block, static_cast<std::uint32_t>(Purpose::kRoute) | (kind << 8U),
           static_cast<std::uint32_t>(entity), static_cast<std::uint32_t>(entity >> 32U)}};
      const r123::Philox4x32::key_type run{{key.low(), key.high()}};
      const auto expected = r123::Philox4x32{}(counter, run);
      for (const std::uint32_t word : expected) CHECK(stream() == word);
    }
  }
}

}  // namespace
}  // namespace headroom
