#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "embedded.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/model.hpp"

namespace headroom {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::vector<Model> read_catalogue() {
  const json::Document document = json::Document::parse(
      std::string(embedded::models_json()), "models.json", json::Document::Comments::kForbidden);
  std::vector<Model> models;
  document.decode([&models](json::Archive& archive) {
    archive.list({"models", "the catalogue", json::Need::kRequired}, models, 1);
  });
  return models;
}

}  // namespace

std::span<const Model> models() {
  static const std::vector<Model> catalogue = read_catalogue();
  return catalogue;
}

const Model* find_model(std::string_view name_or_alias) {
  for (const Model& model : models()) {
    if (same_word(model.name, name_or_alias)) return &model;
    for (const std::string& alias : model.aliases) {
      if (same_word(alias, name_or_alias)) return &model;
    }
  }
  return nullptr;
}

}  // namespace headroom
