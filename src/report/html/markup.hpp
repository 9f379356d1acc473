#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

/// HTML that is escaped by construction. A name from a scenario can reach a page only through
/// text() or an attribute's value, and both escape it.
namespace headroom::html {

/// A piece of well-formed HTML.
class Markup {
 public:
  Markup() = default;
  Markup& operator+=(const Markup& more) {
    html_ += more.html_;
    return *this;
  }
  friend Markup operator+(Markup left, const Markup& right) { return left += right; }
  const std::string& str() const { return html_; }
  bool empty() const { return html_.empty(); }

 private:
  friend Markup text(std::string_view);
  friend Markup trusted(std::string_view);
  explicit Markup(std::string html) : html_(std::move(html)) {}
  std::string html_;
};

struct Attribute {
  std::string_view name;  ///< a literal, never a name from outside
  std::string value;
};
using Attributes = std::initializer_list<Attribute>;

/// Control characters and the marks that turn the direction of writing become U+FFFD: a name with
/// them could make the words after it read otherwise than they are.
std::string harmless(std::string_view plain);
/// Escapes what HTML gives a meaning to, in text and in quoted attributes alike, once harmless.
std::string escape(std::string_view plain);

Markup text(std::string_view plain);
/// As it is. Only for what was embedded at build time or made here of numbers.
Markup trusted(std::string_view html);
/// <tag attributes>inside</tag>
Markup element(std::string_view tag, Attributes attributes, const Markup& inside);
Markup element(std::string_view tag, const Markup& inside);
Markup element(std::string_view tag, std::string_view plain);
/// <tag attributes>, for tags without an end (input, meta, link).
Markup void_element(std::string_view tag, Attributes attributes);
/// A name that somebody chose, kept apart from the words around it.
Markup name(std::string_view plain);
/// A dotted path that may break after its dots and underscores, where a column is narrow.
Markup path_name(std::string_view plain);

}  // namespace headroom::html
