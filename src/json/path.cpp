#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "source.hpp"

namespace headroom::json {
namespace {

std::optional<std::size_t> list_index(std::string_view word) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) {
    return std::nullopt;
  }
  return index;
}

std::vector<std::string> split_dots(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string join_dots(std::span<const std::string> parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += '.';
    text += part;
  }
  return text;
}

/// Walks one path down a tree, making objects where there is nothing yet.
class PathWalk {
 public:
  PathWalk(Node& root, std::vector<std::string> parts, std::uint32_t origin, std::string source)
      : node_(&root), parts_(std::move(parts)), origin_(origin), source_(std::move(source)) {}

  Node& run() {
    while (next_ < parts_.size()) {
      if (node_->is_list()) {
        enter_item();
      } else if (node_->is_object()) {
        enter_member();
      } else {
        fail(where() + " is " + describe_found(*node_) + ", which has no fields", {});
      }
    }
    return *node_;
  }
  const std::string& pointer() const { return pointer_; }

 private:
  std::string where() const { return pointer_.empty() ? "the document" : pointer_; }

  [[noreturn]] void fail(std::string message, std::vector<std::string> notes) const {
    Issue issue;
    issue.code = "E103";
    issue.file = source_;
    issue.pointer = pointer_;
    issue.message = std::move(message);
    issue.notes = std::move(notes);
    throw InputError({std::move(issue)});
  }

  /// Names may hold dots ("Llama-3.1-8B"), so the longest run of parts that names something wins.
  std::string joined(std::size_t count) const {
    return join_dots(std::span(parts_).subspan(next_, count));
  }

  void enter_member() {
    for (std::size_t count = parts_.size() - next_; count >= 1; --count) {
      const std::string key = joined(count);
      const auto found = std::find_if(node_->children.begin(), node_->children.end(),
                                      [&key](const Node& child) { return child.key == key; });
      if (found == node_->children.end()) continue;
      descend(*found, key, count);
      return;
    }
    if (parts_[next_].empty()) fail("the path has an empty part", {});
    Node& made = node_->children.emplace_back();
    made.kind = Node::Kind::kObject;
    made.key = parts_[next_];
    made.origin = origin_;
    descend(made, made.key, 1);
  }

  void enter_item() {
    for (std::size_t count = parts_.size() - next_; count >= 1; --count) {
      const std::string label = joined(count);
      std::vector<std::size_t> matches;
      for (std::size_t i = 0; i < node_->children.size(); ++i) {
        if (item_label(node_->children[i]) == label) matches.push_back(i);
      }
      if (matches.size() > 1) {
        fail("several items of " + where() + " are called " + in_quotes(label) +
                 "; name one by its index, such as " + std::to_string(matches.front()),
             {});
      }
      if (matches.size() == 1) {
        descend(node_->children[matches[0]], std::to_string(matches[0]), count);
        return;
      }
    }
    const auto index = list_index(parts_[next_]);
    if (!index || *index >= node_->children.size()) fail_item();
    descend(node_->children[*index], parts_[next_], 1);
  }

  [[noreturn]] void fail_item() const {
    const std::string& wanted = parts_[next_];
    const std::size_t count = node_->children.size();
    std::vector<std::string> labels;
    for (const Node& item : node_->children) {
      if (const auto label = item_label(item)) labels.emplace_back(*label);
    }
    std::vector<std::string> notes;
    if (!labels.empty()) {
      std::string list;
      for (const std::string& label : labels) list += (list.empty() ? "" : ", ") + label;
      notes.push_back("there are: " + list);
      const std::string nearest = nearest_word(wanted, labels);
      if (!nearest.empty()) notes.push_back("did you mean " + in_quotes(nearest) + "?");
    } else if (count > 0) {
      notes.push_back("there are items 0 to " + std::to_string(count - 1));
    } else {
      notes.push_back("the list is empty");
    }
    fail("no item " + in_quotes(wanted) + " in the list " + where(), std::move(notes));
  }

  void descend(Node& child, std::string_view key, std::size_t parts) {
    pointer_ = pointer_child(pointer_, key);
    node_ = &child;
    next_ += parts;
  }

  Node* node_;
  std::vector<std::string> parts_;
  std::uint32_t origin_;
  std::string source_;
  std::size_t next_ = 0;
  std::string pointer_;
};

}  // namespace

const Node* find_pointer(const Node& root, std::string_view pointer, const Node** nearest) {
  const Node* node = &root;
  for (const std::string& part : split_pointer(pointer)) {
    if (nearest != nullptr) *nearest = node;
    if (node->is_list()) {
      const auto index = list_index(part);
      node = index && *index < node->children.size() ? &node->children[*index] : nullptr;
    } else {
      node = node->is_object() ? find_member(*node, part) : nullptr;
    }
    if (node == nullptr) return nullptr;
  }
  if (nearest != nullptr) *nearest = node;
  return node;
}

Node& make_path(Node& root, const std::string& path, std::uint32_t origin,
                const std::string& origin_text, std::string& pointer) {
  PathWalk walk(root, path.starts_with('/') ? split_pointer(path) : split_dots(path), origin,
                origin_text);
  Node& node = walk.run();
  pointer = walk.pointer();
  return node;
}

}  // namespace headroom::json
