#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::json {

/// The object schemas of one JSON Schema, each kept once: a distribution that twenty fields hold
/// is written out under $defs and referred to.
class Definitions {
 public:
  using Json = nlohmann::ordered_json;

  /// Takes an object schema in and returns a reference to it, the same for equal schemas. `name`
  /// is what the definition is called if it stays one.
  Json refer(Json schema, std::string_view name);

  /// Writes schemas that are used once in place of their reference, and the others to "$defs".
  void resolve(Json& root) const;

 private:
  struct Entry {
    std::string name;
    Json schema;
  };
  const Entry* entry_of(const Json& reference) const;
  void count_uses(const Json& schema, std::map<std::string, int>& uses) const;
  void write_in_place(Json& schema, const std::map<std::string, int>& uses) const;

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> by_text_;
};

}  // namespace headroom::json
