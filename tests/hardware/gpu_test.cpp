#include "headroom/hardware/gpu.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "headroom/json/document.hpp"
#include "support/catch.hpp"

namespace headroom {
namespace {

/// Keys of the numbers a GPU states (zero = not stated).
std::set<std::string> stated_numbers(const Gpu& gpu) {
  std::set<std::string> keys;
  const auto add = [&keys](const char* key, double value) {
    if (value > 0) keys.insert(key);
  };
  add("bf16_flops", gpu.bf16_flops);
  add("fp16_flops", gpu.fp16_flops);
  add("fp8_flops", gpu.fp8_flops);
  add("int8_flops", gpu.int8_flops);
  add("fp4_flops", gpu.fp4_flops);
  add("hbm_bytes", gpu.hbm_bytes);
  add("hbm_bytes_per_s", gpu.hbm_bytes_per_s);
  add("sm_count", static_cast<double>(gpu.sm_count));
  add("l2_bytes", gpu.l2_bytes);
  add("link_bytes_per_s", gpu.link_bytes_per_s);
  add("link_gpus", static_cast<double>(gpu.link_gpus));
  add("host_link_bytes_per_s", gpu.host_link_bytes_per_s);
  add("inter_node_bytes_per_s", gpu.inter_node_bytes_per_s);
  add("gpus_per_node", static_cast<double>(gpu.gpus_per_node));
  add("power_w", gpu.power_w);
  return keys;
}

TEST_CASE("every number of every GPU has a source", "[hardware]") {
  for (const Gpu& gpu : gpus()) {
    std::set<std::string> covered;
    for (const Provenance& p : gpu.provenance) {
      CHECK(!p.source.empty());
      covered.insert(p.of.begin(), p.of.end());
    }
    for (const std::string& key : stated_numbers(gpu)) {
      INFO(gpu.name << " " << key);
      CHECK(covered.count(key) == 1);
    }
    for (const Price& price : gpu.prices) {
      CHECK(!price.source.empty());
      CHECK(!price.date.empty());
    }
  }
}

TEST_CASE("the catalogue holds the GPUs that planners ask for", "[hardware]") {
  for (const char* name :
       {"A100-SXM-40GB", "A100-SXM-80GB", "A100-PCIe-40GB", "A100-PCIe-80GB", "H100-SXM-80GB",
        "H100-PCIe-80GB", "H100-NVL-94GB", "H200-SXM-141GB", "B200-SXM-180GB", "L40S", "L4", "A10",
        "T4", "V100-SXM-32GB", "MI300X", "RTX-4090", "RTX-PRO-6000"}) {
    INFO(name);
    REQUIRE(find_gpu(name) != nullptr);
    CHECK(find_gpu(name)->name == name);
  }
}

TEST_CASE("a GPU is found by any of its spellings and no two share one", "[hardware]") {
  CHECK(find_gpu("a100") == find_gpu("A100-SXM-80GB"));
  CHECK(find_gpu("NVIDIA GeForce RTX 4090") == find_gpu("RTX-4090"));
  CHECK(find_gpu("A1000") == nullptr);
  std::set<std::string> seen;
  for (const Gpu& gpu : gpus()) {
    std::vector<std::string> names = gpu.aliases;
    names.push_back(gpu.name);
    for (std::string name : names) {
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      // "L4" may also be listed in lower case for the same GPU; find_gpu must agree with the entry.
      INFO(name);
      CHECK(find_gpu(name) == &gpu);
      seen.insert(name);
    }
  }
  CHECK(seen.size() >= gpus().size());
}

TEST_CASE("a format without its own unit runs at the 16-bit rate", "[hardware]") {
  const Gpu& a100 = *find_gpu("A100-SXM-80GB");
  CHECK(a100.peak_flops(Dtype::kBf16) == 312e12);
  CHECK(a100.peak_flops(Dtype::kInt8) == 624e12);
  CHECK(!a100.supports(Dtype::kFp8));
  CHECK(a100.peak_flops(Dtype::kFp8) == 312e12);
  const Gpu& t4 = *find_gpu("T4");
  CHECK(t4.peak_flops(Dtype::kBf16) == t4.fp16_flops);
}

TEST_CASE("an 80-GB A100 holds 80 x 2^30 bytes", "[hardware]") {
  CHECK(find_gpu("A100-SXM-80GB")->hbm_bytes == 80.0 * 1024 * 1024 * 1024);
}

TEST_CASE("a scenario's GPU may take all but a few numbers from the catalogue", "[hardware]") {
  const auto document = json::Document::parse(
      R"({"name": "A100-overclocked", "like": "A100-SXM-80GB", "hbm_bytes_per_s": "2.5TB/s"})",
      "test.json", json::Document::Comments::kForbidden);
  Gpu gpu;
  document.decode([&gpu](json::Archive& a) { describe(a, gpu); });
  CHECK(gpu.name == "A100-overclocked");
  CHECK(gpu.hbm_bytes_per_s == 2.5e12);
  CHECK(gpu.sm_count == 108);
  CHECK(gpu.bf16_flops == 312e12);
}

TEST_CASE("a GPU without memory or peak is refused at its place", "[hardware]") {
  const auto document = json::Document::parse(R"({"name": "X", "like": "A1000"})", "test.json",
                                              json::Document::Comments::kForbidden);
  Gpu gpu;
  std::vector<Issue> issues;
  document.decode([&gpu](json::Archive& a) { describe(a, gpu); }, issues);
  const auto has = [&issues](const std::string& code, const std::string& word) {
    return std::any_of(issues.begin(), issues.end(), [&](const Issue& issue) {
      return issue.code == code && issue.message.find(word) != std::string::npos;
    });
  };
  CHECK(has("E112", "A1000"));
  CHECK(has("E106", "hbm_bytes"));
  CHECK(has("E106", "bf16_flops"));
}

}  // namespace
}  // namespace headroom
