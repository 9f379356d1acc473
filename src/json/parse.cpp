#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "headroom/core/error.hpp"
#include "node.hpp"

/// The one JSON parser: nlohmann's lexer and grammar, read through an iterator that counts, so that
/// every event knows where in the text it happened.
namespace headroom::json {
namespace {

/// Deeper nesting is refused: what walks the tree may then recurse.
constexpr std::size_t kMaxDepth = 128;

/// Walks the text and tells, through `cursor`, how far the lexer has read. The lexer keeps its own
/// copy of the iterator, hence the indirection.
class CountingIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator() = default;
  CountingIterator(const char* at, const char** cursor) : at_(at), cursor_(cursor) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    *cursor_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) {
    return a.at_ != b.at_;
  }

 private:
  const char* at_ = nullptr;
  const char** cursor_ = nullptr;
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [text](std::string_view word) { return text.starts_with(word); });
}

/// Receives the parser's events and builds the tree.
class TreeBuilder {
 public:
  TreeBuilder(const std::string& text, const std::string& file, const char* const* cursor)
      : text_(text), file_(file), cursor_(cursor), lines_(text) {}

  Node take_root() { return std::move(root_); }
  std::vector<Issue>& issues() { return issues_; }

  // --- nlohmann's SAX interface -----------------------------------------------------------------
  bool null() { return leaf(Node::Kind::kNull, word_span(4)) != nullptr; }
  bool boolean(bool value) {
    leaf(Node::Kind::kBoolean, word_span(value ? 4 : 5))->boolean = value;
    return true;
  }
  bool number_integer(std::int64_t value) {
    Node* node = leaf(Node::Kind::kInteger, number_span());
    node->integer = value;
    node->real = static_cast<double>(value);
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
      return number_integer(static_cast<std::int64_t>(value));
    }
    leaf(Node::Kind::kReal, number_span())->real = static_cast<double>(value);
    return true;
  }
  bool number_float(double value, const std::string& /*digits*/) {
    leaf(Node::Kind::kReal, number_span())->real = value;
    return true;
  }
  bool string(std::string& value) {
    leaf(Node::Kind::kString, string_span())->string = std::move(value);
    return true;
  }
  bool binary(nlohmann::json::binary_t& /*value*/) { return false; }
  bool start_object(std::size_t /*elements*/) { return open(Node::Kind::kObject); }
  bool start_array(std::size_t /*elements*/) { return open(Node::Kind::kList); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    pending_key_ = std::move(name);
    pending_key_span_ = string_span();
    if (const Node* first = stack_.back().find(pending_key_)) {
      Issue issue = issue_at("E101", pending_key_span_);
      issue.pointer = pointer_child(Frame::pointer(stack_), pending_key_);
      issue.message = "duplicate key " + in_quotes(pending_key_);
      const auto place = lines_.place(text_, first->key_span.offset);
      issue.notes.push_back("first given at line " + std::to_string(place.line) + ", column " +
                            std::to_string(place.column));
      issues_.push_back(std::move(issue));
    }
    return true;
  }

  bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                   const nlohmann::detail::exception& error) {
    issues_.push_back(syntax_issue(error.what()));
    return false;
  }

 private:
  struct Frame {
    Node* node = nullptr;
    std::unordered_map<std::string, std::size_t> keys;  ///< of the first `indexed` children
    std::size_t indexed = 0;

    /// The member called `key`. Few members are searched, many are indexed.
    const Node* find(const std::string& key) {
      constexpr std::size_t kFew = 16;
      if (node->children.size() <= kFew) return find_member(*node, key);
      for (; indexed < node->children.size(); ++indexed) {
        keys.emplace(node->children[indexed].key, indexed);
      }
      const auto found = keys.find(key);
      return found == keys.end() ? nullptr : &node->children[found->second];
    }

    /// Pointer of the object on top of the stack.
    static std::string pointer(const std::vector<Frame>& stack) {
      std::string result;
      for (std::size_t i = 1; i < stack.size(); ++i) {
        const Node& parent = *stack[i - 1].node;
        result = pointer_child(result, parent.is_list() ? std::to_string(parent.children.size() - 1)
                                                        : stack[i].node->key);
      }
      return result;
    }
  };

  std::size_t offset() const { return static_cast<std::size_t>(*cursor_ - text_.data()); }

  /// The span of the `length` bytes that end where the lexer stands.
  Span word_span(std::size_t length) const { return {offset() - length, length}; }

  /// A string token ends where the lexer stands; its opening quote is the nearest one before that
  /// is not escaped, since quotes inside a string always are.
  Span string_span() const {
    const std::size_t end = offset();
    std::size_t begin = end - 2;
    for (;; --begin) {
      if (text_[begin] != '"') continue;
      std::size_t backslashes = 0;
      while (backslashes < begin && text_[begin - 1 - backslashes] == '\\') ++backslashes;
      if (backslashes % 2 == 0) break;
    }
    return {begin, end - begin};
  }

  /// The lexer has read one character past a number, unless the text ended with it.
  Span number_span() const {
    const auto in_number = [](char c) {
      return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
    };
    std::size_t end = offset();
    if (!in_number(text_[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && in_number(text_[begin - 1])) --begin;
    return {begin, end - begin};
  }

  Node* leaf(Node::Kind kind, Span span) {
    Node* node = &root_;
    if (!stack_.empty()) node = &stack_.back().node->children.emplace_back();
    node->kind = kind;
    node->value_span = span;
    node->key = std::move(pending_key_);
    node->key_span = pending_key_span_;
    pending_key_.clear();
    pending_key_span_ = {};
    return node;
  }

  bool open(Node::Kind kind) {
    const Span bracket = word_span(1);
    if (stack_.size() >= kMaxDepth) {
      Issue issue = issue_at("E100", bracket);
      issue.message = "nested deeper than " + std::to_string(kMaxDepth) + " levels";
      issues_.push_back(std::move(issue));
      return false;
    }
    stack_.push_back({leaf(kind, bracket), {}, 0});
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  Issue issue_at(std::string code, Span span) const {
    const auto place = lines_.place(text_, span.offset);
    Issue issue;
    issue.code = std::move(code);
    issue.file = file_;
    issue.line = place.line;
    issue.column = place.column;
    issue.length =
        std::max(1, count_characters(std::string_view(text_).substr(span.offset, span.length)));
    return issue;
  }

  /// Where the token that the parser refused stands. `what` tells what kind of token it was.
  Span refused_span(std::string_view what) const;

  Issue syntax_issue(std::string what) const;
  void add_syntax_notes(Issue& issue, Span span, bool at_end) const;

  const std::string& text_;
  const std::string& file_;
  const char* const* cursor_;
  LineIndex lines_;
  Node root_;
  std::vector<Frame> stack_;
  std::string pending_key_;
  Span pending_key_span_;
  std::vector<Issue> issues_;
};

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

Span TreeBuilder::refused_span(std::string_view what) const {
  const auto says = [what](std::string_view words) {
    return what.find(words) != std::string_view::npos;
  };
  if (says("unexpected end of input")) return {text_.size(), 0};
  if (says("unexpected string literal")) return string_span();
  if (says("unexpected number literal") || says("number overflow")) return number_span();
  std::size_t begin = offset() > 0 ? offset() - 1 : 0;
  std::size_t end = begin + 1;
  if (says("literal")) {
    // The whole word, of which the lexer has read until it could not be true, false or null.
    if (begin > 0 && !is_letter(text_[begin]) && is_letter(text_[begin - 1])) --begin;
    if (begin < text_.size() && is_letter(text_[begin])) {
      while (begin > 0 && is_letter(text_[begin - 1])) --begin;
      for (end = begin; end < text_.size() && is_letter(text_[end]);) ++end;
    }
  }
  return {begin, end - begin};
}

Issue TreeBuilder::syntax_issue(std::string what) const {
  const bool at_end = what.find("unexpected end of input") != std::string::npos;
  const Span span = refused_span(what);
  Issue issue = issue_at("E100", span);

  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
  // value - invalid literal; last read: '...'; expected ..." keeps what a user can use of it.
  const auto cut_before = [&what](std::string_view mark) {
    if (const auto at = what.find(mark); at != std::string::npos) what.erase(0, at + mark.size());
  };
  cut_before("] ");
  cut_before("syntax error while parsing ");
  std::string context;
  if (const auto dash = what.find(" - "); dash != std::string::npos) {
    context = " (in " + what.substr(0, dash) + ")";
    what.erase(0, dash + 3);
  }
  if (const auto read = what.find("; last read: "); read != std::string::npos) {
    const auto expected = what.rfind("; expected ");
    const bool after = expected != std::string::npos && expected > read;
    what.erase(read, after ? expected - read : std::string::npos);
  }
  // nlohmann names the closing bracket only, where a comma is what is mostly missing.
  if (what.ends_with("expected '}'") || what.ends_with("expected ']'")) {
    what.insert(what.size() - 3, "',' or ");
  }
  issue.message = "not valid JSON: " + what + context;
  add_syntax_notes(issue, span, at_end);
  return issue;
}

void TreeBuilder::add_syntax_notes(Issue& issue, Span span, bool at_end) const {
  const std::string_view text = text_;
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    issue.message = "not valid JSON: the text is empty";
    return;
  }
  if (at_end) {
    if (stack_.empty()) return;
    const Node& node = *stack_.back().node;
    const auto place = lines_.place(text_, node.value_span.offset);
    issue.notes.push_back(std::string("the ") + (node.is_list() ? "[" : "{") + " at line " +
                          std::to_string(place.line) + ", column " + std::to_string(place.column) +
                          " is never closed");
    return;
  }
  const std::string_view rest = text.substr(std::min(span.offset, text.size()));
  if (rest.empty()) return;
  if (starts_with_any(rest, {"NaN", "nan", "Infinity", "inf", "Inf"})) {
    issue.message = "not valid JSON: NaN and infinity are not numbers here";
  } else if (starts_with_any(rest, {"True", "False", "None"})) {
    issue.notes.push_back("JSON writes true, false and null in lower case");
  } else if (rest[0] == '/') {
    issue.notes.push_back("comments are not accepted in this kind of file");
  } else if (rest[0] == '}' || rest[0] == ']') {
    const auto before = text.substr(0, span.offset).find_last_not_of(" \t\r\n");
    if (before != std::string_view::npos && text[before] == ',') {
      issue.notes.push_back(std::string("remove the comma before ") + rest[0]);
    }
  } else if (rest[0] == '\'') {
    issue.notes.push_back("JSON strings stand in double quotes");
  } else if (!stack_.empty() && stack_.back().node->kind == Node::Kind::kObject &&
             pending_key_.empty() && is_letter(rest[0])) {
    issue.notes.push_back("JSON keys stand in double quotes");
  }
}

}  // namespace

Node parse_tree(const std::string& text, const std::string& file_name, bool allow_comments) {
  const char* cursor = text.data();
  TreeBuilder builder(text, file_name, &cursor);
  // nlohmann takes a zero byte for the end and would let anything follow it.
  const std::size_t end = std::min(text.find('\0'), text.size());
  const CountingIterator first(text.data(), &cursor);
  const CountingIterator last(text.data() + end, &cursor);
  nlohmann::json::sax_parse(first, last, &builder, nlohmann::json::input_format_t::json,
                            /*strict=*/true, allow_comments);
  if (builder.issues().empty() && end < text.size()) {
    const auto place = LineIndex(text).place(text, end);
    Issue issue;
    issue.code = "E100";
    issue.file = file_name;
    issue.line = place.line;
    issue.column = place.column;
    issue.message = "not valid JSON: a zero byte";
    builder.issues().push_back(std::move(issue));
  }
  if (!builder.issues().empty()) throw InputError(std::move(builder.issues()));
  return builder.take_root();
}

}  // namespace headroom::json
