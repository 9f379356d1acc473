#include "headroom/latency/kernel.hpp"

#include <cmath>

#include "headroom/core/random.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

/// Random shapes of every kind, log-uniform sizes.
KernelShape random_shape(RandomStream& random, std::size_t kind) {
  const auto size = [&random](double low, double high) {
    return static_cast<std::int64_t>(low * std::pow(high / low, random.uniform()));
  };
  switch (kind) {
    case 0:
      return GemmShape{size(1, 16384), size(32, 65536), size(32, 65536), Dtype::kBf16};
    case 1:
      return PrefillAttentionShape{size(1, 16),
                                   size(1, 16384),
                                   size(1, 65536),
                                   8 * size(1, 16),
                                   8,
                                   128,
                                   128,
                                   Dtype::kBf16,
                                   Dtype::kBf16,
                                   true};
    case 2: {
      const std::int64_t n = size(1, 2048);
      return DecodeAttentionShape{
          n, static_cast<double>(n * size(1, 131072)), 8 * size(1, 16), 8, 128, 0, Dtype::kBf16};
    }
    case 3:
      return MemoryShape{static_cast<double>(size(1, 1e9))};
    case 4:
      return CollectiveShape{static_cast<Collective>(size(1, 5) - 1),
                             static_cast<double>(size(256, 1e9)), size(2, 65), size(1, 3) == 1};
    case 5:
      return MoeShape{
          size(1, 65536), size(512, 8192), size(512, 16384), 2, 8, 1, size(1, 3), true, 0,
          Dtype::kBf16};
    case 7:
      return PrefillAttentionShape{size(1, 16),  size(1, 16384), 0,    16, 16, 8 * size(4, 33), 72,
                                   Dtype::kBf16, Dtype::kBf16,   false};
    default:
      return NetworkShape{1e12 * static_cast<double>(size(1, 100)),
                          1e11 * static_cast<double>(size(1, 100)),
                          1e9 * static_cast<double>(size(1, 100)), Dtype::kFp16};
  }
}

TEST_CASE("the bound of a GEMM is the larger of computing and streaming", "[latency][kernel]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  // 8192^3 computes: 2 x 8192^3 / 312e12. One row streams: (8192 + 8192^2 + 8192) x 2 B / 2039e9.
  CHECK(bound_seconds(gpu, GemmShape{8192, 8192, 8192, Dtype::kBf16}) ==
        Approx(2 * std::pow(8192.0, 3) / 312e12));
  CHECK(bound_seconds(gpu, GemmShape{1, 8192, 8192, Dtype::kBf16}) ==
        Approx((8192.0 * 8192 + 2 * 8192) * 2 / 2.039e12));
}

TEST_CASE("causal prefill counts each pair of query and key once", "[latency][kernel]") {
  // 100 new after 50 past: 100 x 50 + 100 x 101 / 2 pairs, 4 x 128 operations each, 8 heads.
  const PrefillAttentionShape shape{1, 100, 50, 8, 8, 128, 128, Dtype::kBf16, Dtype::kBf16, true};
  CHECK(work_of(shape).flop == Approx((100 * 50 + 100 * 101 / 2.0) * 4 * 128 * 8));
}

TEST_CASE("decode attention reads every cached key and value once", "[latency][kernel]") {
  const DecodeAttentionShape shape{4, 4000, 32, 8, 128, 0, Dtype::kBf16};
  // KV: 2 x 8 heads x 128 x 4000 x 2 B; queries and results: 2 x 4 x 32 x 128 x 2 B.
  CHECK(work_of(shape).bytes == Approx(2.0 * 8 * 128 * 4000 * 2 + 2.0 * 4 * 32 * 128 * 2));
}

TEST_CASE("a message crosses the link that its ranks share", "[latency][kernel]") {
  const Gpu& sxm = *find_gpu("A100-SXM-80GB");
  CHECK(link_bytes_per_s(sxm, 8) == 300e9);
  CHECK(link_bytes_per_s(sxm, 16) == 25e9);
  const Gpu& pcie = *find_gpu("A100-PCIe-80GB");
  CHECK(link_bytes_per_s(pcie, 2) == 300e9);
  CHECK(link_bytes_per_s(pcie, 4) == 32e9);
}

TEST_CASE("no fitted kernel is faster than the physical bound", "[latency][kernel]") {
  for (const Gpu& gpu : gpus()) {
    const KernelSet fitted(gpu, KernelFamily::kFitted, nullptr);
    const KernelSet bound(gpu, KernelFamily::kBound, nullptr);
    RandomStream random({7, 0, 0}, Purpose::kTest, 1, static_cast<std::uint64_t>(gpu.sm_count));
    for (int i = 0; i < 700; ++i) {
      const KernelShape shape = random_shape(random, static_cast<std::size_t>(i) % kKernelKinds);
      INFO(gpu.name << " kind " << shape.index() << " draw " << i);
      CHECK(std::isfinite(fitted.seconds(shape)));
      CHECK(fitted.seconds(shape) >= bound.seconds(shape));
      CHECK(bound.seconds(shape) == bound_seconds(gpu, shape));
    }
  }
}

TEST_CASE("more to read, send or attend to never takes less time", "[latency][kernel]") {
  for (const Gpu& gpu : gpus()) {
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    const auto rises = [&](const char* what, auto shape_of, double from, double to) {
      double before = 0;
      for (double x = from; x <= to; x *= 2) {
        const double now = kernels.seconds(shape_of(x));
        INFO(gpu.name << " " << what << " " << x << " " << before << " " << now);
        CHECK(now >= before * (1 - 1e-9));
        before = now;
      }
    };
    for (const std::int64_t kv_heads : {1, 8}) {
      rises(
          "context",
          [&](double context) -> KernelShape {
            return DecodeAttentionShape{8, 8 * context, 32, kv_heads, 128, 0, Dtype::kBf16};
          },
          16, 131072);
      rises(
          "prompt",
          [&](double prompt) -> KernelShape {
            return PrefillAttentionShape{4,
                                         static_cast<std::int64_t>(prompt),
                                         0,
                                         32,
                                         kv_heads,
                                         128,
                                         128,
                                         Dtype::kBf16,
                                         Dtype::kBf16,
                                         true};
          },
          128, 16384);
    }
    rises(
        "bytes", [](double bytes) -> KernelShape { return MemoryShape{bytes}; }, 1e3, 1e9);
    rises(
        "message",
        [](double bytes) -> KernelShape {
          return CollectiveShape{Collective::kAllReduce, bytes, 8, true};
        },
        256, 1e9);
  }
}

TEST_CASE("decode attention falls neither with context nor with the batch", "[latency][kernel]") {
  // One token and one sequence at a time around the places where caches begin to be split, are
  // split most, and no longer are; and in steps of an eighth from end to end.
  const auto next = [](std::int64_t x) { return x < 300 ? x + 1 : x + x / 8; };
  for (const Gpu& gpu : gpus()) {
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    for (const auto& [heads, kv_heads] : {std::pair{8, 1}, {64, 8}, {32, 32}}) {
      const auto seconds = [&, h = heads, k = kv_heads](std::int64_t n, std::int64_t context) {
        return kernels.seconds(
            DecodeAttentionShape{n, static_cast<double>(n * context), h, k, 128, 0, Dtype::kBf16});
      };
      INFO(gpu.name << ", " << heads << " heads on " << kv_heads);
      for (const std::int64_t fixed : {1, 2, 5, 40, 137, 900, 5000}) {
        double by_context = 0;
        double by_batch = 0;
        std::int64_t fell = 0;
        for (std::int64_t x = 1; x <= 20000; x = next(x)) {
          const double longer = seconds(fixed, x);
          const double larger = seconds(x, fixed);
          if (longer < by_context * (1 - 1e-9) || larger < by_batch * (1 - 1e-9)) fell = x;
          by_context = longer;
          by_batch = larger;
        }
        INFO("last fall at " << fell << " beside " << fixed);
        CHECK(fell == 0);
      }
    }
  }
}

TEST_CASE("the engine's all-reduce changes hands where vLLM's does", "[latency][kernel]") {
  // csrc/custom_all_reduce.cuh: one-shot below 512 KiB among four and 256 KiB among eight, always
  // between two; custom_all_reduce.py: NCCL from 8 MiB on.
  const KernelSet kernels(*find_gpu("A100-SXM-80GB"), KernelFamily::kFitted, nullptr);
  const auto seconds = [&](std::int64_t ranks, double kib) {
    return kernels.seconds(CollectiveShape{Collective::kAllReduce, 1024 * kib, ranks, true});
  };
  // A step up of more than a tenth for 2 % more bytes is a change of the algorithm.
  const auto jumps = [&](std::int64_t ranks, double kib) {
    return seconds(ranks, kib * 1.01) > 1.1 * seconds(ranks, kib * 0.99);
  };
  CHECK(jumps(2, 8 * 1024));
  CHECK(jumps(4, 8 * 1024));
  CHECK(!jumps(2, 512));
  CHECK(!jumps(2, 256));
  CHECK(!jumps(8, 64));
  // Measured on this GPU (ai-dynamo/aiconfigurator @ 095f58a51c4c): 25.2 us for 4 MiB and 89.7 us
  // for 8 MiB between two.
  CHECK(seconds(2, 4 * 1024) == Approx(25.2e-6).epsilon(0.15));
  CHECK(seconds(2, 8 * 1024) == Approx(89.7e-6).epsilon(0.15));
}

TEST_CASE("a GPU known by its data sheet alone behaves like its generation", "[latency][kernel]") {
  Gpu sheet = *find_gpu("H100-SXM-80GB");
  const KernelSet measured(sheet, KernelFamily::kFitted, nullptr);
  sheet.name = "nobody measured this one";
  const KernelSet borrowed(sheet, KernelFamily::kFitted, nullptr);
  sheet.architecture = "of a new generation";
  const KernelSet generic(sheet, KernelFamily::kFitted, nullptr);
  CHECK(measured.calibrated(KernelKind::kGemm));
  CHECK(!borrowed.calibrated(KernelKind::kGemm));
  const std::vector<KernelShape> shapes{
      GemmShape{16, 8192, 8192, Dtype::kBf16}, GemmShape{4096, 8192, 8192, Dtype::kBf16},
      PrefillAttentionShape{1, 8192, 0, 32, 8, 128, 128, Dtype::kBf16, Dtype::kBf16, true},
      DecodeAttentionShape{64, 64 * 4096.0, 32, 8, 128, 0, Dtype::kBf16}};
  for (const KernelShape& shape : shapes) {
    INFO("kind " << shape.index());
    CHECK(borrowed.seconds(shape) == measured.seconds(shape));
    // Coefficients amid those of three generations: within 30 % where the work is large.
    CHECK(generic.seconds(shape) == Approx(measured.seconds(shape)).epsilon(0.3));
  }
}

TEST_CASE("fitted forms have at most 20 coefficients", "[latency][kernel]") {
  for (std::size_t kind = 0; kind < kKernelKinds; ++kind) {
    CHECK(coefficient_infos(static_cast<KernelKind>(kind)).size() <= 20);
  }
}

TEST_CASE("a table meets its own points and falls back far from them", "[latency][kernel]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  KernelFit plain;
  plain.coefficients = generic_coefficients(KernelKind::kGemm);
  const std::shared_ptr<const KernelModel> fallback = make_fitted_model(gpu, plain);
  KernelTable table;
  table.kind = KernelKind::kGemm;
  for (const std::int64_t m : {16, 64, 256}) {
    const GemmShape shape{m, 4096, 4096, Dtype::kBf16};
    table.points.push_back(coordinates_of(shape));
    table.seconds.push_back(2 * fallback->seconds(shape));  // this GPU is twice as slow
  }
  const auto model = make_table_model(gpu, table, fallback);
  for (const std::int64_t m : {16, 64, 256}) {
    const GemmShape shape{m, 4096, 4096, Dtype::kBf16};
    CHECK(model->seconds(shape) == Approx(2 * fallback->seconds(shape)));
  }
  const GemmShape between{32, 4096, 4096, Dtype::kBf16};
  CHECK(model->seconds(between) == Approx(2 * fallback->seconds(between)).epsilon(0.05));
  const GemmShape far{16, 64, 64, Dtype::kBf16};
  CHECK(model->seconds(far) == Approx(fallback->seconds(far)));
  CHECK(model->outside(between) == 1);
  CHECK(model->outside(GemmShape{1024, 4096, 4096, Dtype::kBf16}) == Approx(4));
}

TEST_CASE("a measurement far off its neighbours counts as they do", "[latency][kernel]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  KernelFit plain;
  plain.coefficients = generic_coefficients(KernelKind::kGemm);
  const std::shared_ptr<const KernelModel> law = make_fitted_model(gpu, plain);
  const GemmShape odd{256, 4096, 4096, Dtype::kBf16};
  // Every point takes 1.2 times the law, that of 256 rows `slow` times.
  const auto odd_after = [&](double slow) {
    KernelTable table;
    table.kind = KernelKind::kGemm;
    for (const std::int64_t m : {32, 64, 128, 256, 512, 1024, 2048}) {
      const GemmShape shape{m, 4096, 4096, Dtype::kBf16};
      table.points.push_back(coordinates_of(shape));
      table.seconds.push_back((m == 256 ? slow : 1.2) * law->seconds(shape));
    }
    const std::size_t replaced = replace_outliers(gpu, table, law);
    CHECK(replaced == (slow > 1.8 ? 1 : 0));
    return table.seconds[3] / law->seconds(odd);
  };
  // 1.2 x 1.5 is the limit.
  CHECK(odd_after(1.7) == Approx(1.7));
  CHECK(odd_after(3.0) == Approx(1.2));
}

}  // namespace
}  // namespace headroom
