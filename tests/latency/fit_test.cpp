#include "headroom/latency/fit.hpp"

#include <filesystem>
#include <iostream>
#include <string>

#include "headroom/json/document.hpp"
#include "headroom/latency/deployment.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

Issue error_of(const std::string& text) {
  try {
    parse_kernel_csv(text, "rows.csv");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 1);
    return error.issues()[0];
  }
  FAIL("the text was accepted");
  return {};
}

TEST_CASE("the header tells what a CSV of kernel times holds", "[latency][fit]") {
  const MeasuredFile gemm = parse_kernel_csv(
      "dtype,m,n,k,latency_ms\nbfloat16,8,128,256,0.005\nint4_wo,8,128,256,0.004\n", "g.csv");
  CHECK(gemm.kind == "gemm");
  REQUIRE(gemm.rows.size() == 1);
  CHECK(gemm.other_rows == 1);  // weight-only formats are counted, not fitted
  CHECK(gemm.rows[0].seconds == Approx(5e-6));
  CHECK(gemm.rows[0].line == 2);
  const auto& shape = std::get<GemmShape>(gemm.rows[0].shape);
  CHECK(shape.m == 8);
  CHECK(shape.n == 128);
  CHECK(shape.k == 256);

  const MeasuredFile decode = parse_kernel_csv(
      "dtype,kv_dtype,batch,kv_len,num_heads,num_kv_heads,head_dim,window_size,latency_ms\r\n"
      "bfloat16,fp8,4,1000,32,8,128,0,0.02\r\nbfloat16,fp8,4,1000,32,8,128,128,0.02\r\n",
      "d.csv");
  CHECK(decode.kind == "attention_decode");
  REQUIRE(decode.rows.size() == 1);  // the sliding window is another kernel
  CHECK(std::get<DecodeAttentionShape>(decode.rows[0].shape).context_sum == 4000);
  CHECK(dtype_of(decode.rows[0].shape) == Dtype::kFp8);

  CHECK(parse_kernel_csv("backend,dtype,num_gpus,bytes,latency_ms\nx_graph,bfloat16,8,256,0.006\n",
                         "r.csv")
            .kind == "custom_allreduce");
}

TEST_CASE("experts without a gate are told by the name of their kernel", "[latency][fit]") {
  const std::string head =
      "dtype,num_tokens,hidden_size,inter_size,topk,num_experts,tp,ep,distribution";
  const MeasuredFile named = parse_kernel_csv(
      head +
          ",kernel,latency_ms\nbfloat16,8,2048,768,8,128,1,1,balanced,moe_torch_flow,0.05\n"
          "bfloat16,8,2048,768,8,128,1,1,balanced,moe_torch_flow_nongated,0.04\n",
      "m.csv");
  REQUIRE(named.rows.size() == 2);
  CHECK(std::get<MoeShape>(named.rows[0].shape).gated);
  CHECK(!std::get<MoeShape>(named.rows[1].shape).gated);
  // Two matrices in place of three: two thirds of the work.
  CHECK(work_of(named.rows[1].shape).flop == Approx(work_of(named.rows[0].shape).flop * 2 / 3));
  const MeasuredFile plain = parse_kernel_csv(
      head + ",latency_ms\nbfloat16,8,2048,768,8,128,1,1,balanced,0.05\n", "m.csv");
  REQUIRE(plain.rows.size() == 1);
  CHECK(std::get<MoeShape>(plain.rows[0].shape).gated);
}

TEST_CASE("a broken row is named with its line and its reason", "[latency][fit]") {
  const std::string header = "dtype,m,n,k,latency_ms\n";
  const Issue text = error_of(header + "bfloat16,8,128,256,0.005\nbfloat16,8,x,256,0.005\n");
  CHECK(text.code == "E105");
  CHECK(text.line == 3);
  CHECK(text.message == "column n: \"x\" is no number");

  CHECK(error_of(header + "bfloat16,8,128,256\n").message ==
        "the header has 5 columns, this row has 4");
  CHECK(error_of(header + "bfloat16,8,0,256,0.005\n").message ==
        "column n: 0 must be greater than 0");
  CHECK(error_of(header + "bfloat16,8,1.5,256,0.005\n").message ==
        "column n: 1.5 must be a whole number");
  CHECK(error_of(header + "bfloat16,8,128,256,nan\n").line == 2);
}

TEST_CASE("every broken row is named, not the first alone", "[latency][fit]") {
  try {
    parse_kernel_csv("dtype,m,n,k,latency_ms\nbfloat16,8,x,256,1\nbfloat16,8,128,256,1\nbfloat16\n",
                     "rows.csv");
    FAIL("the text was accepted");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 2);
    CHECK(error.issues()[0].line == 2);
    CHECK(error.issues()[1].line == 4);
  }
}

TEST_CASE("times in another unit are told by the physical bound", "[latency][fit]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  // 2 x 8192^3 / 312e12 = 3.5 ms.
  const GemmShape large{8192, 8192, 8192, Dtype::kBf16};
  const std::vector<MeasuredRow> rows{{large, 5e-6, 2}, {large, 5e-3, 3}, {large, 5.0, 4}};
  const std::vector<Issue> issues = unit_problems(gpu, rows, "rows.csv");
  REQUIRE(issues.size() == 2);
  CHECK(issues[0].line == 2);
  CHECK(issues[0].message.find("is it in seconds?") != std::string::npos);
  CHECK(issues[1].line == 4);
  CHECK(issues[1].message.find("is it in microseconds?") != std::string::npos);
}

TEST_CASE("another split holds back whole weight shapes", "[latency][fit]") {
  int scored = 0;
  for (std::int64_t n = 1; n <= 1000; ++n) {
    const bool held = is_scored_by_weight(GemmShape{1, n, 4096, Dtype::kBf16});
    CHECK(held == is_scored_by_weight(GemmShape{777, n, 4096, Dtype::kBf16}));
    scored += held ? 1 : 0;
  }
  CHECK(scored > 150);
  CHECK(scored < 250);
  CHECK_FALSE(is_scored_by_weight(MemoryShape{1e6}));
}

TEST_CASE("a time over ten seconds is taken for a wrong unit", "[latency][fit]") {
  const Issue issue = error_of("dtype,m,n,k,latency_ms\nbfloat16,8,128,256,25000\n");
  CHECK(issue.line == 2);
  CHECK(issue.message.find("microseconds") != std::string::npos);
}

TEST_CASE("a missing column is named with the layout it is missing from", "[latency][fit]") {
  const Issue issue = error_of("dtype,m,n,latency_ms\nbfloat16,8,128,0.005\n");
  CHECK(issue.code == "E104");
  CHECK(issue.message == "the header is no known layout; nearest is gemm, which misses column k");
  CHECK(error_of("").code == "E104");
}

TEST_CASE("a layer's kernel grid takes its shapes from the model", "[latency][fit]") {
  const LayerContext context{find_model("Llama-3.1-70B"), 8};
  const MeasuredFile dense =
      parse_kernel_csv("layer,tokens,time_us\nqkv_proj,64,20\ngate_up_proj,64,80\nsampler,64,9\n",
                       "dense.csv", context);
  CHECK(dense.kind == "dense");
  REQUIRE(dense.rows.size() == 2);
  CHECK(dense.other_rows == 1);
  CHECK(dense.rows[0].seconds == Approx(20e-6));
  // 8 query heads and 1 key and 1 value head of 128 on each of eight GPUs.
  CHECK(std::get<GemmShape>(dense.rows[0].shape).n == (8 + 2) * 128);
  CHECK(std::get<GemmShape>(dense.rows[1].shape).n == 2 * 28672 / 8);

  const MeasuredFile attention = parse_kernel_csv(
      "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,4,100,12\n64,32,0,0,15\n"
      "64,32,4,100,20\n",
      "attention.csv", context);
  REQUIRE(attention.rows.size() == 2);  // the mixed batch is no single kernel
  CHECK(std::get<DecodeAttentionShape>(attention.rows[0].shape).context_sum == 400);
  CHECK(std::get<PrefillAttentionShape>(attention.rows[1].shape).past == 32);

  CHECK(error_of("layer,tokens,time_us\nqkv_proj,64,20\n").code == "E106");
}

TEST_CASE("one shape in five is held back, the same everywhere", "[latency][fit]") {
  int scored = 0;
  int all = 0;
  for (std::int64_t m = 1; m <= 64; ++m) {
    for (std::int64_t n = 1; n <= 64; ++n) {
      const GemmShape shape{m, 64 * n, 4096, Dtype::kBf16};
      GemmShape other = shape;
      other.dtype = Dtype::kFp8;
      CHECK(is_scored(shape) == is_scored(other));
      scored += is_scored(shape) ? 1 : 0;
      ++all;
    }
  }
  // 4,096 draws at 1/5: the standard deviation is 0.6 %.
  CHECK(static_cast<double>(scored) / all == Approx(0.2).margin(0.025));
}

/// Times that a GPU with other coefficients would show.
std::vector<MeasuredRow> synthetic(const Gpu& gpu, const std::vector<double>& truth) {
  KernelFit fit;
  fit.coefficients = truth;
  const auto model = make_fitted_model(gpu, fit);
  std::vector<MeasuredRow> rows;
  for (std::int64_t m = 1; m <= 8192; m *= 2) {
    for (std::int64_t n = 512; n <= 16384; n *= 2) {
      for (std::int64_t k = 512; k <= 16384; k *= 2) {
        const GemmShape shape{m, n, k, Dtype::kBf16};
        rows.push_back({shape, model->seconds(shape), 0});
      }
    }
  }
  return rows;
}

TEST_CASE("a fit finds the times of a GPU that follows the form", "[latency][fit]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  std::vector<double> truth = generic_coefficients(KernelKind::kGemm);
  truth[0] *= 2;    // launch
  truth[1] *= 0.8;  // efficiency
  std::vector<MeasuredRow> rows = synthetic(gpu, truth);
  rows[5].seconds = 1e-9;  // faster than light
  const KernelFit fit = fit_kernel(gpu, KernelKind::kGemm, Dtype::kBf16, rows, "synthetic");
  CHECK(fit.below_bound == 1);
  CHECK(fit.fitted.rows + fit.scored.rows == static_cast<std::int64_t>(rows.size()) - 1);
  CHECK(fit.scored.mape < 0.01);
  CHECK(fit.range_min == std::vector<double>{1, 512, 512});
  CHECK(fit.range_max == std::vector<double>{8192, 16384, 16384});
}

TEST_CASE("a kernel-model file reads back as it was written", "[latency][fit]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  const auto rows = synthetic(gpu, generic_coefficients(KernelKind::kGemm));
  KernelFile file;
  file.gpu = gpu.name;
  FitOptions quick;
  quick.rounds = 2;
  file.fits.push_back(fit_kernel(gpu, KernelKind::kGemm, Dtype::kBf16, rows, "a \"test\"", quick));
  file.tables.push_back(make_table(gpu, KernelKind::kGemm, Dtype::kBf16, rows, "table"));
  file.provenance.push_back({{"fits", "tables"}, "made up", "assumption", ""});
  KernelFile back;
  json::Document::parse(write_kernel_file(file), "k.json", json::Document::Comments::kForbidden)
      .decode([&back](json::Archive& a) { describe(a, back); });
  CHECK(back.gpu == file.gpu);
  REQUIRE(back.fits.size() == 1);
  CHECK(back.fits[0].source == "a \"test\"");
  CHECK(back.fits[0].range_max == file.fits[0].range_max);
  for (std::size_t i = 0; i < file.fits[0].coefficients.size(); ++i) {
    CHECK(back.fits[0].coefficients[i] == Approx(file.fits[0].coefficients[i]).epsilon(1e-5));
  }
  REQUIRE(back.tables.size() == 1);
  CHECK(back.tables[0].points.size() == rows.size());
  CHECK(back.tables[0].seconds[7] == Approx(file.tables[0].seconds[7]).epsilon(1e-5));
}

TEST_CASE("shipped fits name their source, range and errors", "[latency][fit]") {
  CHECK(kernel_files().size() >= 4);
  for (const KernelFile& file : kernel_files()) {
    INFO(file.gpu);
    REQUIRE(find_gpu(file.gpu) != nullptr);
    CHECK(!file.provenance.empty());
    for (const KernelFit& fit : file.fits) {
      INFO(name(fit.kind) << " " << name(fit.dtype));
      CHECK(!fit.source.empty());
      CHECK(fit.range_max.size() == coordinate_names(fit.kind).size());
      CHECK(fit.scored.rows > 0);
      CHECK(fit.scored.median < 0.25);
    }
  }
}

TEST_CASE("shipped coefficients meet the measured kernels they came from",
          "[latency][fit][shared]") {
  const std::string folder =
      std::string(HEADROOM_SOURCE_DIR) + "/../shared/data/kernels/a100_sxm/vllm-0.14.0/";
  if (!std::filesystem::exists(folder + "gemm.csv")) {
    std::cout << "skipped: " << folder << " is not here\n";
    return;
  }
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");
  const KernelSet kernels(gpu, KernelFamily::kFitted, nullptr);
  struct Limit {
    const char* file;
    double mape, median;
  };
  // A quarter is what this first set is held to; validation prints the errors reached.
  for (const Limit& limit :
       {Limit{"gemm.csv", 0.12, 0.08}, Limit{"attention_prefill.csv", 0.12, 0.08},
        Limit{"attention_decode.csv", 0.12, 0.10}, Limit{"custom_allreduce.csv", 0.15, 0.10}}) {
    const MeasuredFile file = read_kernel_csv(folder + limit.file);
    std::vector<MeasuredRow> rows;
    for (const MeasuredRow& row : file.rows) {
      if (is_scored(row.shape) && row.seconds >= bound_seconds(gpu, row.shape)) rows.push_back(row);
    }
    REQUIRE(!rows.empty());
    const FitErrors errors = errors_of(kernels.model(rows[0].shape), rows);
    INFO(limit.file << " " << errors.mape << " " << errors.median);
    CHECK(errors.mape < limit.mape);
    CHECK(errors.median < limit.median);
  }
}

TEST_CASE("rows of a hot chip tell the server factor, those that wait for memory do not",
          "[latency][fit]") {
  const Gpu& gpu = *find_gpu("A100-SXM-80GB");  // 312 TFLOP/s, 2.039 TB/s
  std::vector<MeasuredRow> hot;
  std::vector<double> alone;
  for (std::int64_t m = 1; m <= 8192; m *= 2) {
    for (const std::int64_t width : {4096, 8192}) {
      const double c = 2.0 * static_cast<double>(m * width * width) / 312e12;
      const double b = 2.0 * static_cast<double>(2 * m * width + width * width) / 2.039e12;
      const double alone_s = 2e-6 + 1.3 * std::max(c, b);
      alone.push_back(alone_s);
      hot.push_back({GemmShape{m, width, width}, alone_s * (1 + 0.2 * c * c / (c * c + b * b)), 0});
    }
  }
  const auto fit = server_factor_of(gpu, hot, alone);
  REQUIRE(fit.has_value());
  CHECK(fit->factor == Approx(1.2));
  CHECK(fit->rms == Approx(0).margin(1e-9));
  // c > b from m = 256 up: twelve of the rows.
  CHECK(fit->rows == 12);

  // One token and two: nothing to compute.
  CHECK_FALSE(
      server_factor_of(gpu, std::span(hot).first(4), std::span(alone).first(4)).has_value());
}

}  // namespace
}  // namespace headroom
