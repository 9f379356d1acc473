#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/catch.hpp"

namespace headroom::test {
namespace {

/// Milliseconds that a GEMM takes on a made-up GPU: launch, then the slower of computing at 150
/// TFLOP/s and streaming at 1 TB/s. An A100 can do 312 and 2.04.
double gemm_ms(double m, double n, double k) {
  const double compute = 2 * m * n * k / 150e12;
  const double stream = 2 * (m * k + n * k + m * n) / 1e12;
  return 1e3 * (4e-6 + std::max(compute, stream));
}

/// A grid of such GEMMs with 3 % of noise that repeats from run to run.
std::string grid() {
  std::ostringstream text;
  text << "dtype,m,n,k,latency_ms\n";
  int i = 0;
  for (int m = 1; m <= 4096; m *= 2) {
    for (int n = 1024; n <= 8192; n *= 2) {
      for (int k = 1024; k <= 8192; k *= 2) {
        const double noise = 1 + 0.03 * std::sin(12.9898 * ++i);
        text << "bfloat16," << m << "," << n << "," << k << "," << gemm_ms(m, n, k) * noise << "\n";
      }
    }
  }
  return text.str();
}

int line_count(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST_CASE(
    "fit finds a law in noisy times, leaves out what beats physics, and writes a model that "
    "evaluate loads",
    "[tools][kernels]") {
  // 13 token counts, 4 widths, 4 depths; one more row faster than light.
  const ScenarioFile data(grid() + "bfloat16,4096,8192,16384,1.2\n", "gemm.csv");
  const std::string model = scratch("model.json");
  const Ended fit = tool("fit " + data.path() + " --gpu A100-SXM-80GB -o " + model + " --json");
  INFO(fit.err);
  REQUIRE(fit.code == 0);
  const auto answer = nlohmann::json::parse(fit.out);
  CHECK(answer["rows"] == 13 * 4 * 4 + 1);
  REQUIRE(answer["kernels"].size() == 1);
  const auto& gemm = answer["kernels"][0];
  CHECK(gemm["kernel"] == "gemm");
  CHECK(gemm["below_bound"] == 1);  // 2 x 4096 x 8192 x 16384 / 312e12 = 3.5 ms
  CHECK(gemm["fitted"]["rows"].get<int>() + gemm["scored"]["rows"].get<int>() == 13 * 4 * 4);
  // The noise alone is 1.9 % on average; the form has a corner where the law has an edge.
  CHECK(gemm["scored"]["mape"] < 0.08);
  CHECK(gemm["scored_weights"]["rows"] > 0);
  CHECK(gemm["scored_weights"]["mape"] < 0.12);

  const Ended own = tool("kernels evaluate " + data.path() +
                         " --gpu A100-SXM-80GB --kernel-model " + model + " --json");
  REQUIRE(own.code == 0);
  const auto scored = nlohmann::json::parse(own.out)["kernels"][0];
  CHECK(scored["rows"] == 13 * 4 * 4);
  CHECK(scored["below_bound"] == 1);
  CHECK(scored["outside"] == 1);  // k = 16,384 was left out of the fit
  CHECK(scored["mape"] < 0.06);
  CHECK(std::abs(scored["bias"].get<double>()) <= scored["mape"].get<double>());
  CHECK(scored["server_factor"]["value"].get<double>() == Approx(1).margin(0.06));

  const Ended bound =
      tool("kernels evaluate " + data.path() + " --gpu A100-SXM-80GB --family bound --json");
  REQUIRE(bound.code == 0);
  CHECK(nlohmann::json::parse(bound.out)["kernels"][0]["mape"] > 0.4);
  unlink(model.c_str());
}

TEST_CASE("predict gives every row a time, with or without a measured one", "[tools][kernels]") {
  const ScenarioFile data(
      "dtype,m,n,k\nbfloat16,8,4096,4096\nint4_wo,8,4096,4096\nbfloat16,1000000,4096,4096\n",
      "shapes.csv");
  const Ended ended = tool("kernels predict " + data.path() + " --gpu A100-SXM-80GB");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  CHECK(line_count(ended.out) == 4);
  std::istringstream rows(ended.out);
  std::string line;
  std::getline(rows, line);
  CHECK(line == "dtype,m,n,k,predicted_ms,error,outside");
  std::getline(rows, line);
  // 33.6 MB of weights at 2.04 TB/s take 16.5 us; between that and three times that.
  const double ms = std::stod(line.substr(std::string("bfloat16,8,4096,4096,").size()));
  CHECK(ms > 0.0165);
  CHECK(ms < 0.05);
  CHECK(line.ends_with(",,1"));
  std::getline(rows, line);
  CHECK(line == "int4_wo,8,4096,4096,,,");
  std::getline(rows, line);
  CHECK(line.ends_with(",122.1"));  // 1,000,000 tokens over 8,192 fitted
}

TEST_CASE("broken rows, other units and missing columns are all named at once",
          "[tools][kernels]") {
  const ScenarioFile broken(
      "dtype,m,n,k,latency_ms\nbfloat16,8,x,256,0.005\nbfloat16,8,128,256,0.005\n"
      "bfloat16,8,128,256\nbfloat16,8,128,256,-1\n",
      "broken.csv");
  const ScenarioFile header("dtype,m,n,k,latency_us\nbfloat16,8,128,256,5\n", "header.csv");
  // A GEMM of 5.4 ms at best, its time once in seconds and once in microseconds.
  const ScenarioFile units(
      "dtype,m,n,k,latency_ms\nbfloat16,8192,8192,8192,0.006\nbfloat16,8192,8192,8192,6000\n",
      "units.csv");
  const ScenarioFile column("dtype,m,n,latency_ms\nbfloat16,8,128,0.005\n", "column.csv");
  const Ended ended = tool("fit " + broken.path() + " " + header.path() + " " + units.path() + " " +
                           column.path() + " --gpu A100-SXM-80GB");
  CHECK(ended.code == 3);
  CHECK(ended.out.empty());
  const auto has = [&ended](const std::string& part) {
    INFO(part << "\n" << ended.err);
    CHECK(ended.err.find(part) != std::string::npos);
  };
  has("broken.csv:2");
  has("column n: \"x\" is no number");
  has("broken.csv:4");
  has("the header has 5 columns, this row has 4");
  has("broken.csv:5");
  has("latency_us does not stand for it");
  has("units.csv:2");
  has("is it in seconds?");
  has("units.csv:3");
  has("is it in microseconds?");
  has("which misses column k");
}

TEST_CASE("a GPU may be a data sheet alone", "[tools][kernels]") {
  const ScenarioFile sheet(R"({"like": "H100-SXM-80GB", "name": "H100-slow",
                               "hbm_bytes_per_s": "1.675TB/s"})",
                           "sheet.json");
  const ScenarioFile data("dtype,m,n,k\nbfloat16,1,16384,16384\n", "one.csv");
  const Ended slow = tool("kernels predict " + data.path() + " --json --gpu " + sheet.path());
  const Ended fast = tool("kernels predict " + data.path() + " --json --gpu H100-SXM-80GB");
  INFO(slow.err);
  REQUIRE(slow.code == 0);
  REQUIRE(fast.code == 0);
  const double ratio = nlohmann::json::parse(slow.out)[0]["predicted_ms"].get<double>() /
                       nlohmann::json::parse(fast.out)[0]["predicted_ms"].get<double>();
  // Half the bandwidth, twice the time, the launch aside.
  CHECK(ratio == Approx(2).epsilon(0.05));

  CHECK(tool("kernels predict " + data.path() + " --gpu H100-SXM-80").code == 2);
  const ScenarioFile wrong(R"({"name": "nothing"})", "wrong.json");
  CHECK(tool("kernels predict " + data.path() + " --gpu " + wrong.path()).code == 3);
}

TEST_CASE("a layer's grid needs its model", "[tools][kernels]") {
  const ScenarioFile dense("layer,tokens,time_us\nqkv_proj,64,20\n", "dense.csv");
  const Ended without = tool("kernels evaluate " + dense.path() + " --gpu RTX-4090");
  CHECK(without.code == 3);
  CHECK(without.err.find("needs the model") != std::string::npos);
  CHECK(tool("kernels evaluate " + dense.path() + " --gpu RTX-4090 --model Llama-3.1-8B --tp 1")
            .code == 0);
  CHECK(tool("kernels evaluate " + dense.path() + " --gpu RTX-4090 --model Llama-9").code == 2);
}

TEST_CASE("a table needs a kernel model that has one", "[tools][kernels]") {
  const ScenarioFile data("dtype,m,n,k,latency_ms\nbfloat16,8,128,256,0.005\n", "gemm.csv");
  CHECK(tool("kernels evaluate " + data.path() + " --gpu A100-SXM-80GB --family table").code == 2);
}

}  // namespace
}  // namespace headroom::test
