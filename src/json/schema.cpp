#include <nlohmann/json.hpp>

#include "decoder.hpp"
#include "definitions.hpp"
#include "headroom/core/check.hpp"
#include "headroom/json/document.hpp"
#include "quantity.hpp"

/// JSON Schema out of the same descriptions that the decoder reads. It accepts what the decoder
/// accepts, up to cross-field checks and to the range of quantities written as strings.
namespace headroom::json {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kUnbounded = 1e300;  // Range's default bounds
/// A description that contains itself would never end.
constexpr int kMaxDepth = 64;

/// A whole number when it is one, so that bounds and defaults read "1", not "1.0".
Json plain_number(double value) {
  if (value == static_cast<double>(static_cast<std::int64_t>(value))) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}

void add_range(Json& schema, const Range& range, double unit = 1) {
  if (range.min > -kUnbounded) {
    schema[range.open_min ? "exclusiveMinimum" : "minimum"] = plain_number(range.min / unit);
  }
  if (range.max < kUnbounded) {
    schema[range.open_max ? "exclusiveMaximum" : "maximum"] = plain_number(range.max / unit);
  }
}

class SchemaWriter final : public Archive {
 public:
  SchemaWriter(Definitions& definitions, int depth) : definitions_(definitions), depth_(depth) {
    HEADROOM_CHECK(depth < kMaxDepth, "no description of a JSON object contains itself");
  }

  /// The schema of the object described so far.
  Json take_object();

  void boolean(const Field& field, bool& value) override {
    add(field, {{"type", "boolean"}}, value);
  }
  void integer(const Field& field, std::int64_t& value, const Range& range) override {
    Json schema = {{"type", "integer"}};
    add_range(schema, range);
    add(field, std::move(schema),
        in_range(static_cast<double>(value), range) ? Json(value) : Json());
  }
  void number(const Field& field, double& value, const Range& range) override {
    add(field, number_schema(range), in_range(value, range) ? plain_number(value) : Json());
  }
  void quantity(const Field& field, double& value, Dimension dimension,
                const Range& range) override {
    Json initial;
    if (in_range(value, range)) initial = format_quantity(value, dimension);
    add_quantity(field, quantity_schema(field.key, dimension, range), initial, dimension, range);
  }
  void time_point(const Field& field, TimePoint& value) override;
  void text(const Field& field, std::string& value) override {
    add(field, {{"type", "string"}}, value.empty() ? Json() : Json(value));
  }
  void choice(const Field& field, std::string& value, std::span<const Choice> choices) override;
  void numbers(const Field& field, std::vector<double>& values, const Range& range) override {
    add(field, {{"type", "array"}, {"items", number_schema(range)}},
        values.empty() ? Json() : Json(values));
  }
  void texts(const Field& field, std::vector<std::string>& values) override {
    add(field, {{"type", "array"}, {"items", {{"type", "string"}}}},
        values.empty() ? Json() : Json(values));
  }

  bool object_field(const Field& field, const std::function<void(Archive&)>& body) override {
    add(field, shared_schema(field, body), Json());
    return false;
  }
  void list_field(const Field& field, std::size_t min_items,
                  const std::function<void(std::size_t)>& resize,
                  const std::function<void(Archive&, std::size_t)>& item,
                  std::size_t current) override;
  void map_field(const Field& field, const std::function<void(Archive&, const std::string&)>& item,
                 std::span<const std::string> current) override;
  void variant(const Field& field, std::string& chosen, std::span<const Branch> branches) override;
  bool object_or_scalar(const Field& field, double& value, std::optional<Dimension> dimension,
                        const Range& range, const std::function<void(Archive&)>& body) override;

  bool decoding() const override { return false; }
  bool has(std::string_view /*key*/) const override { return false; }
  void problem(std::string_view /*key*/, std::string_view /*code*/, std::string /*message*/,
               std::vector<std::string> /*notes*/) override {}
  std::string pointer() const override { return ""; }

 private:
  static Json number_schema(const Range& range) {
    Json schema = {{"type", "number"}};
    add_range(schema, range);
    return schema;
  }
  static Json quantity_schema(std::string_view key, Dimension dimension, const Range& range);
  Json object_schema(const std::function<void(Archive&)>& body) const {
    SchemaWriter inner(definitions_, depth_ + 1);
    body(inner);
    return inner.take_object();
  }
  /// The same, or a reference to it.
  Json shared_schema(const Field& field, const std::function<void(Archive&)>& body) const {
    return definitions_.refer(object_schema(body), field.key);
  }
  void add(const Field& field, Json schema, const Json& initial);
  void add_quantity(const Field& field, Json schema, const Json& initial, Dimension dimension,
                    const Range& range);

  Definitions& definitions_;
  int depth_;
  Json properties_ = Json::object();
  Json required_ = Json::array();
  Json all_of_ = Json::array();
  bool has_variant_ = false;
};

Json SchemaWriter::take_object() {
  Json schema = {{"type", "object"}, {"properties", std::move(properties_)}};
  if (!required_.empty()) schema["required"] = std::move(required_);
  if (!all_of_.empty()) schema["allOf"] = std::move(all_of_);
  // additionalProperties would not see the properties of a variant's branches.
  schema[has_variant_ ? "unevaluatedProperties" : "additionalProperties"] = false;
  return schema;
}

void SchemaWriter::add(const Field& field, Json schema, const Json& initial) {
  const std::string key(field.key);
  Json described = Json::object();
  if (!field.help.empty()) described["description"] = field.help;
  described.update(schema);
  if (field.need == Need::kRequired) {
    required_.push_back(key);
  } else if (!initial.is_null()) {
    described["default"] = initial;
  }
  properties_[key] = std::move(described);
}

void SchemaWriter::add_quantity(const Field& field, Json schema, const Json& initial,
                                Dimension dimension, const Range& range) {
  if (unit_of_key(field.key, dimension)) {
    add(field, std::move(schema), initial);
    return;
  }
  Field either = field;
  either.need = Need::kOptional;
  add(either, std::move(schema), field.need == Need::kRequired ? Json() : initial);
  const std::string key(field.key);
  const std::string with_unit = key + std::string(si_suffix(dimension));
  Json alias = {{"description", "The same as " + key + ", in " + std::string(si_unit(dimension))}};
  alias.update(quantity_schema(with_unit, dimension, range));
  properties_[with_unit] = std::move(alias);
  const auto given = [](const std::string& name) {
    return Json{{"required", Json::array({name})}};
  };
  if (field.need == Need::kRequired) {
    all_of_.push_back({{"oneOf", Json::array({given(key), given(with_unit)})}});
  } else {
    all_of_.push_back({{"not", {{"required", Json::array({key, with_unit})}}}});
  }
}

Json SchemaWriter::quantity_schema(std::string_view key, Dimension dimension, const Range& range) {
  const std::string pattern = quantity_pattern(dimension, range.min < 0);
  const auto unit = unit_of_key(key, dimension);
  Json schema = {{"type", "string"}};
  if (unit) schema["type"] = {"number", "string"};
  schema["pattern"] = pattern;
  // Bounds apply to numbers only, the pattern to strings only.
  if (unit) add_range(schema, range, unit->numerator / unit->denominator);
  if (!unit) schema["examples"] = Json::array({dimension_example(dimension)});
  return schema;
}

void SchemaWriter::time_point(const Field& field, TimePoint& value) {
  Json relative = {{"type", "string"}, {"pattern", quantity_pattern(Dimension::kDuration, true)}};
  Json absolute = {{"type", "string"}, {"pattern", utc_pattern()}};
  const Json initial = value.absolute ? format_utc(value.seconds)
                                      : format_quantity(value.seconds, Dimension::kDuration);
  Json forms = Json::array({std::move(relative), std::move(absolute)});
  if (unit_of_key(field.key, Dimension::kDuration)) forms.push_back({{"type", "number"}});
  add_quantity(field, {{"oneOf", std::move(forms)}}, initial, Dimension::kDuration, kAnyNumber);
}

void SchemaWriter::choice(const Field& field, std::string& value, std::span<const Choice> choices) {
  Json words = Json::array();
  bool is_word = false;
  for (const Choice& choice : choices) {
    words.push_back(choice.name);
    is_word = is_word || choice.name == value;
  }
  add(field, {{"enum", std::move(words)}}, is_word ? Json(value) : Json());
}

void SchemaWriter::list_field(const Field& field, std::size_t min_items,
                              const std::function<void(std::size_t)>& resize,
                              const std::function<void(Archive&, std::size_t)>& item,
                              std::size_t /*current*/) {
  resize(1);
  Json schema = {{"type", "array"}};
  if (min_items > 0) schema["minItems"] = min_items;
  schema["items"] = shared_schema(field, [&item](Archive& inner) { item(inner, 0); });
  add(field, std::move(schema), Json());
}

void SchemaWriter::map_field(const Field& field,
                             const std::function<void(Archive&, const std::string&)>& item,
                             std::span<const std::string> current) {
  const std::string name = current.empty() ? "name" : current.front();
  Json entry = shared_schema(field, [&](Archive& inner) { item(inner, name); });
  add(field, {{"type", "object"}, {"additionalProperties", std::move(entry)}}, Json());
}

void SchemaWriter::variant(const Field& field, std::string& chosen,
                           std::span<const Branch> branches) {
  Json words = Json::array();
  Json alternatives = Json::array();
  const std::string key(field.key);
  const std::string initial = chosen;
  bool is_word = false;
  for (const Branch& branch : branches) {
    words.push_back(branch.name);
    chosen = branch.name;
    Json schema = object_schema(branch.fields);
    schema.erase("additionalProperties");
    schema.erase("unevaluatedProperties");
    Json alternative = Json::object();
    alternative["title"] = branch.name;
    if (!branch.summary.empty()) alternative["description"] = branch.summary;
    schema["properties"][key] = {{"const", branch.name}};
    alternative.update(schema);
    // Only the default branch may leave its word out.
    const bool is_default = field.need == Need::kOptional && branch.name == initial;
    is_word = is_word || is_default;
    if (!is_default) {
      if (!alternative.contains("required")) alternative["required"] = Json::array();
      alternative["required"].push_back(key);
    }
    alternatives.push_back(std::move(alternative));
  }
  chosen = initial;
  add(field, {{"enum", std::move(words)}}, is_word ? Json(initial) : Json());
  if (field.need == Need::kOptional && !is_word) {
    // Optional without a default branch: nothing further when it is left out.
    alternatives.push_back({{"not", {{"required", Json::array({key})}}}});
  }
  all_of_.push_back({{"oneOf", std::move(alternatives)}});
  has_variant_ = true;
}

bool SchemaWriter::object_or_scalar(const Field& field, double& /*value*/,
                                    std::optional<Dimension> dimension, const Range& range,
                                    const std::function<void(Archive&)>& body) {
  Json scalar = dimension ? quantity_schema(field.key, *dimension, range) : number_schema(range);
  Json either = {{"oneOf", Json::array({std::move(scalar), shared_schema(field, body)})}};
  if (dimension) {
    add_quantity(field, std::move(either), Json(), *dimension, range);
  } else {
    add(field, std::move(either), Json());
  }
  return false;
}

}  // namespace

std::string write_schema(const std::string& title, const std::string& schema_id,
                         const std::function<void(Archive&)>& body) {
  Definitions definitions;
  SchemaWriter writer(definitions, 0);
  body(writer);
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}};
  if (!schema_id.empty()) schema["$id"] = schema_id;
  schema["title"] = title;
  schema.update(writer.take_object());
  definitions.resolve(schema);
  return schema.dump(2) + "\n";
}

}  // namespace headroom::json
