#include "html/markup.hpp"

#include <utility>

namespace headroom::html {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

/// Bytes of a direction mark (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) at `at`, else 0.
std::size_t direction_mark(std::string_view plain, std::size_t at) {
  if (plain.size() < at + 3 || plain[at] != '\xE2') return 0;
  const auto middle = static_cast<unsigned char>(plain[at + 1]);
  const auto last = static_cast<unsigned char>(plain[at + 2]);
  const bool found = (middle == 0x80 && (last == 0x8E || last == 0x8F)) ||
                     (middle == 0x80 && last >= 0xAA && last <= 0xAE) ||
                     (middle == 0x81 && last >= 0xA6 && last <= 0xA9);
  return found ? 3 : 0;
}

void open_tag(std::string& html, std::string_view tag, Attributes attributes) {
  html += '<';
  html += tag;
  for (const Attribute& attribute : attributes) {
    html += ' ';
    html += attribute.name;
    html += "=\"";
    html += escape(attribute.value);
    html += '"';
  }
  html += '>';
}

}  // namespace

std::string harmless(std::string_view plain) {
  std::string out;
  out.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const auto c = static_cast<unsigned char>(plain[i]);
    if (const std::size_t mark = direction_mark(plain, i); mark > 0) {
      out += kReplacement;
      i += mark - 1;
    } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
      out += kReplacement;
    } else {
      out += plain[i];
    }
  }
  return out;
}

std::string escape(std::string_view plain) {
  std::string out;
  out.reserve(plain.size());
  for (const char c : harmless(plain)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += c;
    }
  }
  return out;
}

Markup text(std::string_view plain) { return Markup(escape(plain)); }

Markup trusted(std::string_view html) { return Markup(std::string(html)); }

Markup element(std::string_view tag, Attributes attributes, const Markup& inside) {
  std::string html;
  html.reserve(inside.str().size() + 64);
  open_tag(html, tag, attributes);
  html += inside.str();
  html += "</";
  html += tag;
  html += '>';
  return trusted(html);
}

Markup element(std::string_view tag, const Markup& inside) { return element(tag, {}, inside); }

Markup element(std::string_view tag, std::string_view plain) {
  return element(tag, {}, text(plain));
}

Markup void_element(std::string_view tag, Attributes attributes) {
  std::string html;
  open_tag(html, tag, attributes);
  return trusted(html);
}

Markup name(std::string_view plain) { return element("bdi", text(plain)); }

Markup path_name(std::string_view plain) {
  Markup all;
  std::size_t from = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] != '.' && plain[i] != '_') continue;
    all += text(plain.substr(from, i + 1 - from)) + trusted("<wbr>");
    from = i + 1;
  }
  return element("bdi", all + text(plain.substr(from)));
}

}  // namespace headroom::html
