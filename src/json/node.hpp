#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::json {

/// A stretch of the source text, in bytes.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// One value of a parsed document with its place. Members of an object are its children in order
/// of appearance, each with its key; items of a list are its children with empty keys.
struct Node {
  enum class Kind { kNull, kBoolean, kInteger, kReal, kString, kList, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::int64_t integer = 0;  ///< kInteger
  double real = 0;           ///< kReal and kInteger
  std::string string;        ///< kString
  std::string key;           ///< its name in the object that holds it
  std::vector<Node> children;
  Span key_span;
  Span value_span;           ///< the whole scalar; the opening bracket of a list or an object
  std::uint32_t origin = 0;  ///< 0: the document; else which override made it, from 1

  bool is_number() const { return kind == Kind::kInteger || kind == Kind::kReal; }
  bool is_object() const { return kind == Kind::kObject; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_string() const { return kind == Kind::kString; }
};

/// Parses JSON text. Throws InputError (E100, E101) with line and column under `file_name`.
Node parse_tree(const std::string& text, const std::string& file_name, bool allow_comments);

/// The member called `key`, or null.
const Node* find_member(const Node& object, std::string_view key);

/// What a list item is called in dotted paths: its `name`, else `id`, else `class`; or nothing.
std::optional<std::string_view> item_label(const Node& item);

/// Compact JSON text.
std::string to_json_text(const Node& node);

/// What was found, for messages: `500`, `"90 apples"`, `a list`, `an object`, `null`.
std::string describe_found(const Node& node);

/// Shortest decimal text that reads back as the same double; "none" when not finite.
std::string number_text(double value);

/// A word in double quotes, cut at 60 characters.
std::string in_quotes(std::string_view word);

/// "/fleet/pools" + "a/b" -> "/fleet/pools/a~1b" (RFC 6901).
std::string pointer_child(std::string_view pointer, std::string_view key);
std::vector<std::string> split_pointer(std::string_view pointer);

/// Line and column (both from 1, columns in Unicode code points) of byte offsets.
class LineIndex {
 public:
  explicit LineIndex(const std::string& text);
  struct Place {
    int line = 0;
    int column = 0;
  };
  Place place(const std::string& text, std::size_t offset) const;

 private:
  std::vector<std::size_t> starts_;
};

/// Code points in a stretch of UTF-8.
int count_characters(std::string_view utf8);

}  // namespace headroom::json
