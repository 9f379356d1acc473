#include "node.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace headroom::json {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson to_ordered(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kBoolean:
      return node.boolean;
    case Node::Kind::kInteger:
      return node.integer;
    case Node::Kind::kReal:
      return node.real;
    case Node::Kind::kString:
      return node.string;
    case Node::Kind::kList: {
      OrderedJson list = OrderedJson::array();
      for (const Node& child : node.children) list.push_back(to_ordered(child));
      return list;
    }
    case Node::Kind::kObject:
      break;
  }
  OrderedJson object = OrderedJson::object();
  // Keys are unique already; pushing at the end avoids ordered_map's search per key.
  auto& members = object.get_ref<OrderedJson::object_t&>();
  members.reserve(node.children.size());
  for (const Node& child : node.children) {
    static_cast<OrderedJson::object_t::Container&>(members).emplace_back(child.key,
                                                                         to_ordered(child));
  }
  return object;
}

}  // namespace

const Node* find_member(const Node& object, std::string_view key) {
  const auto found = std::find_if(object.children.begin(), object.children.end(),
                                  [key](const Node& child) { return child.key == key; });
  return found == object.children.end() ? nullptr : &*found;
}

std::optional<std::string_view> item_label(const Node& item) {
  if (!item.is_object()) return std::nullopt;
  for (const std::string_view key : {"name", "id", "class"}) {
    const Node* label = find_member(item, key);
    if (label != nullptr && label->is_string()) return label->string;
  }
  return std::nullopt;
}

std::string to_json_text(const Node& node) {
  // Bytes of an override are not checked for UTF-8 by any parser: replace what is not.
  return to_ordered(node).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "none";
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string in_quotes(std::string_view word) {
  constexpr std::size_t kLongest = 60;
  std::string text = "\"";
  std::size_t cut = std::min(word.size(), kLongest);
  // A cut never splits a UTF-8 sequence.
  while (cut < word.size() && (static_cast<unsigned char>(word[cut]) & 0xC0U) == 0x80U) ++cut;
  for (const char c : word.substr(0, cut)) {
    text += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
  }
  return text + (cut < word.size() ? "...\"" : "\"");
}

std::string describe_found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kBoolean:
      return node.boolean ? "true" : "false";
    case Node::Kind::kInteger:
      return std::to_string(node.integer);
    case Node::Kind::kReal:
      return number_text(node.real);
    case Node::Kind::kString:
      return "the string " + in_quotes(node.string);
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kObject:
      break;
  }
  return "an object";
}

std::string pointer_child(std::string_view pointer, std::string_view key) {
  std::string result(pointer);
  result += '/';
  for (const char c : key) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::vector<std::string> split_pointer(std::string_view pointer) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    const char c = pointer[i];
    if (c == '/' || parts.empty()) {
      parts.emplace_back();
      if (c == '/') continue;
    }
    const char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
    if (c == '~' && (next == '0' || next == '1')) {
      parts.back() += next == '0' ? '~' : '/';
      ++i;
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

LineIndex::LineIndex(const std::string& text) : starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

LineIndex::Place LineIndex::place(const std::string& text, std::size_t offset) const {
  offset = std::min(offset, text.size());
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const std::size_t start = *(after - 1);
  return {static_cast<int>(after - starts_.begin()),
          1 + count_characters(std::string_view(text).substr(start, offset - start))};
}

int count_characters(std::string_view utf8) {
  return static_cast<int>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace headroom::json
