#include "definitions.hpp"

#include <algorithm>

namespace headroom::json {
namespace {

constexpr std::string_view kPrefix = "#/$defs/";
/// Shorter schemas, in bytes, are easier to read where they are used.
constexpr std::size_t kShort = 200;

}  // namespace

Definitions::Json Definitions::refer(Json schema, std::string_view name) {
  const std::string text = schema.dump();
  if (text.size() < kShort) return schema;
  const auto [found, fresh] = by_text_.emplace(text, entries_.size());
  if (fresh) {
    const auto taken = [this](const std::string& candidate) {
      return std::any_of(entries_.begin(), entries_.end(),
                         [&candidate](const Entry& entry) { return entry.name == candidate; });
    };
    std::string unique(name);
    for (int n = 2; taken(unique); ++n) unique = std::string(name) + "-" + std::to_string(n);
    entries_.push_back({std::move(unique), std::move(schema)});
  }
  return {{"$ref", std::string(kPrefix) + entries_[found->second].name}};
}

const Definitions::Entry* Definitions::entry_of(const Json& reference) const {
  if (!reference.is_object() || !reference.contains("$ref")) return nullptr;
  const Json& target = reference["$ref"];
  // A property may be called "$ref": then it holds a schema, not a string.
  if (!target.is_string()) return nullptr;
  const std::string name = target.get<std::string>().substr(kPrefix.size());
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&name](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

void Definitions::count_uses(const Json& schema, std::map<std::string, int>& uses) const {
  if (const Entry* entry = entry_of(schema)) {
    // A definition's own references count once, however often it is used.
    if (++uses[entry->name] == 1) count_uses(entry->schema, uses);
    return;
  }
  if (!schema.is_structured()) return;
  for (const Json& child : schema) count_uses(child, uses);
}

void Definitions::write_in_place(Json& schema, const std::map<std::string, int>& uses) const {
  if (const Entry* entry = entry_of(schema)) {
    if (uses.at(entry->name) > 1) return;
    schema.erase("$ref");
    schema.update(entry->schema);
  }
  if (!schema.is_structured()) return;
  for (Json& child : schema) write_in_place(child, uses);
}

void Definitions::resolve(Json& root) const {
  std::map<std::string, int> uses;
  count_uses(root, uses);
  write_in_place(root, uses);
  Json definitions = Json::object();
  for (const Entry& entry : entries_) {
    const auto used = uses.find(entry.name);
    if (used == uses.end() || used->second < 2) continue;
    definitions[entry.name] = entry.schema;
    write_in_place(definitions[entry.name], uses);
  }
  if (!definitions.empty()) root["$defs"] = std::move(definitions);
}

}  // namespace headroom::json
