#include <algorithm>

#include "decoder.hpp"
#include "quantity.hpp"

namespace headroom::json {
namespace {

/// Notes the keys that a description names, with those of all branches of its variants, and reads
/// nothing. Objects and lists are not entered.
class KeyCollector final : public Archive {
 public:
  std::vector<std::string> keys;

  void boolean(const Field& f, bool&) override { note(f); }
  void integer(const Field& f, std::int64_t&, const Range&) override { note(f); }
  void number(const Field& f, double&, const Range&) override { note(f); }
  void quantity(const Field& f, double&, Dimension dimension, const Range&) override {
    note_quantity(f, dimension);
  }
  void time_point(const Field& f, TimePoint&) override { note_quantity(f, Dimension::kDuration); }
  void text(const Field& f, std::string&) override { note(f); }
  void choice(const Field& f, std::string&, std::span<const Choice>) override { note(f); }
  void numbers(const Field& f, std::vector<double>&, const Range&) override { note(f); }
  void texts(const Field& f, std::vector<std::string>&) override { note(f); }
  bool object_field(const Field& f, const std::function<void(Archive&)>&) override {
    note(f);
    return false;
  }
  void list_field(const Field& f, std::size_t, const std::function<void(std::size_t)>&,
                  const std::function<void(Archive&, std::size_t)>&, std::size_t) override {
    note(f);
  }
  void map_field(const Field& f, const std::function<void(Archive&, const std::string&)>&,
                 std::span<const std::string>) override {
    note(f);
  }
  void variant(const Field& f, std::string&, std::span<const Branch> branches) override {
    note(f);
    for (const Branch& branch : branches) branch.fields(*this);
  }
  bool object_or_scalar(const Field& f, double&, std::optional<Dimension> dimension, const Range&,
                        const std::function<void(Archive&)>&) override {
    if (dimension) {
      note_quantity(f, *dimension);
    } else {
      note(f);
    }
    return false;
  }
  bool decoding() const override { return false; }
  bool has(std::string_view) const override { return false; }
  void problem(std::string_view, std::string_view, std::string, std::vector<std::string>) override {
  }
  std::string pointer() const override { return ""; }

 private:
  void note(const Field& field) { keys.emplace_back(field.key); }
  void note_quantity(const Field& field, Dimension dimension) {
    note(field);
    if (!unit_of_key(field.key, dimension)) {
      keys.push_back(std::string(field.key) + std::string(si_suffix(dimension)));
    }
  }
};

constexpr const char* kNotGiven = "not given";

}  // namespace

std::vector<std::string> keys_of(const std::function<void(Archive&)>& body) {
  KeyCollector collector;
  body(collector);
  return std::move(collector.keys);
}

void decode_root(DecodePass& pass, const Node& root, const std::function<void(Archive&)>& body) {
  Decoder decoder(pass, &root, "", "");
  if (!root.is_object()) {
    decoder.problem("", "E110", "expected an object, found " + describe_found(root), {});
    return;
  }
  body(decoder);
  decoder.finish();
}

std::string Decoder::child_path(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void Decoder::run_object(const Node& node, const std::function<void(Archive&)>& body) {
  Decoder inner(pass_, &node, child_pointer(node), child_path(node.key));
  body(inner);
  inner.finish();
}

bool Decoder::object_field(const Field& field, const std::function<void(Archive&)>& body) {
  const Node* node = take(field);
  if (node == nullptr) {
    row(field, node, kNotGiven, "object", kNotGiven);
    return false;
  }
  if (!node->is_object()) {
    wrong_type(*node, "an object");
    return false;
  }
  run_object(*node, body);
  return true;
}

void Decoder::default_object(const Field& field, const std::function<void(Archive&)>& body) {
  if (!explaining() || given(field.key) != nullptr) return;
  pass_.rows->pop_back();  // object_field's "not given": its fields say more
  Decoder inner(pass_, nullptr, pointer_child(pointer_, field.key), child_path(field.key));
  body(inner);
}

void Decoder::list_field(const Field& field, std::size_t min_items,
                         const std::function<void(std::size_t)>& resize,
                         const std::function<void(Archive&, std::size_t)>& item,
                         std::size_t current) {
  const Node* node = take(field);
  const auto count_text = [](std::size_t n) {
    return n == 0 ? std::string("empty") : std::to_string(n) + (n == 1 ? " item" : " items");
  };
  if (node == nullptr) {
    row(field, node, count_text(current), "list", count_text(current));
    return;
  }
  if (!node->is_list()) {
    wrong_type(*node, "a list of objects");
    return;
  }
  const std::size_t count = node->children.size();
  if (count < min_items) {
    report(*node, "E111",
           std::string("the list ") + (count == 0 ? "is " : "has ") + count_text(count) +
               "; expected at least " + count_text(min_items));
  }
  if (count == 0) row(field, node, count_text(count), "list", count_text(current));
  resize(count);
  const std::string list_pointer = child_pointer(*node);
  for (std::size_t i = 0; i < count; ++i) {
    const Node& child = node->children[i];
    const std::string index = std::to_string(i);
    if (!child.is_object()) {
      Decoder(pass_, node, list_pointer, "").wrong_type(child, "an object");
      continue;
    }
    const std::string label(item_label(child).value_or(index));
    Decoder inner(pass_, &child, pointer_child(list_pointer, index),
                  child_path(node->key) + "." + label);
    item(inner, i);
    inner.finish();
  }
}

void Decoder::map_field(const Field& field,
                        const std::function<void(Archive&, const std::string&)>& item,
                        std::span<const std::string> current) {
  const Node* node = take(field);
  if (node != nullptr && !node->is_object()) {
    wrong_type(*node, "an object of named entries");
    return;
  }
  if (node == nullptr || node->children.empty()) {
    const std::string before =
        current.empty() ? std::string("empty") : std::to_string(current.size()) + " entries";
    row(field, node, before, "map", before);
  }
  if (node != nullptr) {
    const std::string map_pointer = child_pointer(*node);
    for (const Node& child : node->children) {
      if (!child.is_object()) {
        Decoder(pass_, node, map_pointer, "").wrong_type(child, "an object");
        continue;
      }
      Decoder inner(pass_, &child, pointer_child(map_pointer, child.key),
                    child_path(node->key) + "." + child.key);
      item(inner, child.key);
      inner.finish();
    }
  }
  if (!explaining()) return;
  for (const std::string& name : current) {
    if (node != nullptr && find_member(*node, name) != nullptr) continue;
    Decoder inner(pass_, nullptr, pointer_child(pointer_child(pointer_, field.key), name),
                  child_path(field.key) + "." + name);
    item(inner, name);
  }
}

void Decoder::variant(const Field& field, std::string& chosen, std::span<const Branch> branches) {
  const std::string before = chosen;
  std::vector<Choice> words;
  for (const Branch& branch : branches) words.push_back({branch.name, branch.summary});

  const Node* node = take(field);
  bool known = node != nullptr ? choose(field, *node, chosen, words)
                               : object_ == nullptr || field.need == Need::kOptional;
  const auto branch =
      std::find_if(branches.begin(), branches.end(),
                   [&chosen](const Branch& candidate) { return candidate.name == chosen; });
  known = known && branch != branches.end();
  row(field, node, chosen.empty() ? "-" : chosen, "word", before.empty() ? "-" : before);
  if (!known) {
    // Which fields belong here is not known: those of no branch alone are worth reporting.
    for (const Branch& candidate : branches) {
      for (std::string& key : keys_of(candidate.fields)) known_.push_back(std::move(key));
    }
    return;
  }
  if (object_ != nullptr) {
    const std::vector<std::string> own = keys_of(branch->fields);
    const bool all_known =
        std::all_of(object_->children.begin(), object_->children.end(), [&](const Node& child) {
          return is_known(child.key) || std::find(own.begin(), own.end(), child.key) != own.end();
        });
    for (const Branch& other : branches) {
      if (all_known || &other == &*branch) continue;
      for (std::string& key : keys_of(other.fields)) {
        elsewhere_.push_back({std::move(key), std::string(field.key), std::string(other.name)});
      }
    }
  }
  branch->fields(*this);
}

bool Decoder::object_or_scalar(const Field& field, double& value,
                               std::optional<Dimension> dimension, const Range& range,
                               const std::function<void(Archive&)>& body) {
  const Node* node = dimension ? take_quantity(field, *dimension) : take(field);
  const std::string unit = dimension ? std::string(si_unit(*dimension)) : "number";
  if (node == nullptr) {
    row(field, node, kNotGiven, unit, kNotGiven);
    return false;
  }
  if (node->is_object() && node->key == field.key) {
    run_object(*node, body);
    return false;
  }
  bool read = false;
  if (dimension && (node->is_number() || node->is_string())) {
    read = read_quantity_node(*node, value, *dimension, range);
  } else if (!dimension && node->is_number()) {
    read = read_number(*node, value, range);
  } else {
    wrong_type(*node, dimension ? "a " + std::string(dimension_name(*dimension)) + " such as " +
                                      in_quotes(dimension_example(*dimension)) + ", or an object"
                                : "a number or an object");
  }
  if (!read) return false;
  row(field, node, dimension ? format_quantity(value, *dimension) : number_text(value), unit,
      kNotGiven);
  row_holds(value, dimension, /*whole=*/false);
  return true;
}

}  // namespace headroom::json
