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

TEST_CASE("more to read, send or attend to never takes noticeably less time", "[latency][kernel]") {
  for (const Gpu& gpu : gpus()) {
    const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
    // dip: what a law may step down by. Decode attention does where caches begin to be split.
    const auto rises = [&](const char* what, auto shape_of, double from, double to,
                           double dip = 1e-9) {
      double before = 0;
      for (double x = from; x <= to; x *= 2) {
        const double now = kernels.seconds(shape_of(x));
        INFO(gpu.name << " " << what << " " << x << " " << before << " " << now);
        CHECK(now >= before * (1 - dip));
        before = now;
      }
    };
    for (const std::int64_t kv_heads : {1, 8}) {
      rises(
          "context",
          [&](double context) -> KernelShape {
            return DecodeAttentionShape{8, 8 * context, 32, kv_heads, 128, 0, Dtype::kBf16};
          },
          16, 131072, 0.01);
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

}  // namespace
}  // namespace headroom
