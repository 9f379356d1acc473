#include "xml.hpp"

#include <algorithm>

#include "html/markup.hpp"

namespace headroom {

std::string xml_text(const std::string& plain) {
  std::string text = html::escape(plain);  // HTML's escapes are XML's too
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

}  // namespace headroom
