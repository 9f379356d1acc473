#include "headroom/json/document.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "decoder.hpp"
#include "sha256.hpp"
#include "source.hpp"

namespace headroom::json {
namespace {

Issue unreadable(const std::string& path, const std::string& why) {
  Issue issue;
  issue.code = "E102";
  issue.file = path;
  issue.message = "cannot read the file: " + why;
  return issue;
}

std::string read_all(const std::string& path) {
  if (path == "-") {
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw InputError({unreadable(path, "it is a directory")});
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError({unreadable(path, std::strerror(errno != 0 ? errno : EIO))});
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) throw InputError({unreadable(path, std::strerror(EIO))});
  return text;
}

void mark_origin(Node& node, std::uint32_t origin) {
  node.origin = origin;
  for (Node& child : node.children) mark_origin(child, origin);
}

/// Issues in the order of the text; those of overrides after them, in the order they were found.
bool stands_before(const Issue& a, const Issue& b) {
  const auto place = [](const Issue& issue) {
    return std::pair(issue.line > 0 ? issue.line : INT_MAX, issue.column);
  };
  return place(a) < place(b);
}

}  // namespace

struct Document::Impl {
  Source source;
  Node root;
  std::vector<Override> overrides;

  void lay_over(const std::string& path, Node value, const std::string& flag) {
    const std::string from = flag + " " + path;
    const auto origin = static_cast<std::uint32_t>(source.origins.size() + 1);
    // On a copy: a path that fails half-way leaves no trace.
    Node changed = root;
    std::string pointer;
    Node& target = make_path(changed, path, origin, from, pointer);
    std::string key = std::move(target.key);
    const Span key_span = target.key_span;
    mark_origin(value, origin);
    target = std::move(value);
    target.key = std::move(key);
    target.key_span = key_span;
    source.origins.push_back(from);
    std::erase_if(overrides, [&pointer](const Override& o) { return o.pointer == pointer; });
    overrides.push_back({pointer, to_json_text(target)});
    root = std::move(changed);
  }
};

Document::Document(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::parse(std::string text, std::string file_name, Comments comments) {
  Node root = parse_tree(text, file_name, comments == Comments::kAllowed);
  LineIndex lines(text);
  auto impl = std::make_unique<Impl>(
      Impl{{std::move(file_name), std::move(text), std::move(lines), {}}, std::move(root), {}});
  return Document(std::move(impl));
}

Document Document::read(const std::string& path, Comments comments) {
  return parse(read_all(path), path, comments);
}

const std::string& Document::file_name() const { return impl_->source.file_name; }
const std::string& Document::text() const { return impl_->source.text; }
std::string Document::sha256() const { return sha256_hex(impl_->source.text); }

void Document::set(const std::string& dotted_path, const std::string& value) {
  Node node;
  try {
    node = parse_tree(value, "--set " + dotted_path, /*allow_comments=*/false);
  } catch (const InputError&) {
    node.kind = Node::Kind::kString;
    node.string = value;
  }
  impl_->lay_over(dotted_path, std::move(node), "--set");
}

void Document::set_json(const std::string& dotted_path, const std::string& json) {
  Node node = parse_tree(json, "--set-json " + dotted_path, /*allow_comments=*/false);
  impl_->lay_over(dotted_path, std::move(node), "--set-json");
}

const std::vector<Document::Override>& Document::overrides() const { return impl_->overrides; }

void Document::decode(const std::function<void(Archive&)>& body, std::vector<Issue>& issues) const {
  std::vector<Issue> found;
  DecodePass pass{impl_->source, found, nullptr};
  decode_root(pass, impl_->root, body);
  std::stable_sort(found.begin(), found.end(), stands_before);
  std::move(found.begin(), found.end(), std::back_inserter(issues));
}

void Document::decode(const std::function<void(Archive&)>& body) const {
  std::vector<Issue> issues;
  decode(body, issues);
  if (!issues.empty()) throw InputError(std::move(issues));
}

void Document::locate(Issue& issue) const {
  const Node* nearest = &impl_->root;
  find_pointer(impl_->root, issue.pointer, &nearest);
  impl_->source.locate(issue, *nearest, /*at_key=*/false);
}

std::string Document::dump(std::string_view pointer) const {
  const Node* node = find_pointer(impl_->root, pointer);
  if (node != nullptr) return to_json_text(*node);
  Issue issue;
  issue.code = "E103";
  issue.file = file_name();
  issue.pointer = pointer;
  issue.message = "there is no value";
  locate(issue);
  throw InputError({std::move(issue)});
}

bool Document::contains(std::string_view pointer) const {
  return find_pointer(impl_->root, pointer) != nullptr;
}

std::vector<ExplainRow> explain(const Document& document,
                                const std::function<void(Archive&)>& body) {
  return document.explain(body);
}

std::vector<ExplainRow> Document::explain(const std::function<void(Archive&)>& body) const {
  std::vector<Issue> issues;
  std::vector<ExplainRow> rows;
  DecodePass pass{impl_->source, issues, &rows};
  decode_root(pass, impl_->root, body);
  std::stable_sort(issues.begin(), issues.end(), stands_before);
  if (!issues.empty()) throw InputError(std::move(issues));
  return rows;
}

}  // namespace headroom::json
