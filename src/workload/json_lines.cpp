#include "json_lines.hpp"

#include <nlohmann/json.hpp>

namespace headroom {
namespace {

const nlohmann::json* member(const nlohmann::json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found != object.end()) return &*found;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto outer = object.find(name.substr(0, dot));
  if (outer == object.end() || !outer->is_object()) return nullptr;
  return member(*outer, name.substr(dot + 1));
}

}  // namespace

bool json_line_cells(std::string_view line, std::span<const std::string> wanted,
                     std::vector<std::string>& cells) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    cells[i].clear();
    const nlohmann::json* value = wanted[i].empty() ? nullptr : member(object, wanted[i]);
    if (value == nullptr || value->is_null()) continue;
    cells[i] = value->is_string() ? value->get<std::string>() : value->dump();
  }
  return true;
}

}  // namespace headroom
