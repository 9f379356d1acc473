#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/json/document.hpp"

namespace headroom {

namespace embedded {
std::string_view gpus_json();
}  // namespace embedded

namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::vector<Gpu> read_catalogue() {
  const json::Document document = json::Document::parse(
      std::string(embedded::gpus_json()), "gpus.json", json::Document::Comments::kForbidden);
  std::vector<Gpu> gpus;
  document.decode([&gpus](json::Archive& archive) {
    archive.list({"gpus", "the catalogue", json::Need::kRequired}, gpus, 1);
  });
  return gpus;
}

}  // namespace

std::span<const Gpu> gpus() {
  static const std::vector<Gpu> catalogue = read_catalogue();
  return catalogue;
}

const Gpu* find_gpu(std::string_view name_or_alias) {
  for (const Gpu& gpu : gpus()) {
    if (same_word(gpu.name, name_or_alias)) return &gpu;
    for (const std::string& alias : gpu.aliases) {
      if (same_word(alias, name_or_alias)) return &gpu;
    }
  }
  return nullptr;
}

}  // namespace headroom
