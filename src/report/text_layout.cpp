#include "text_layout.hpp"

#include "headroom/report/format.hpp"

namespace headroom {

std::vector<std::string> wrap_text(std::string_view text, const std::string& first,
                                   std::size_t columns) {
  std::vector<std::string> lines;
  std::string line = first;
  const std::string indent(display_width(first), ' ');
  bool empty = true;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string word(text.substr(0, blank));
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (!empty && display_width(line) + 1 + display_width(word) > columns) {
      lines.push_back(std::move(line));
      line = indent;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  if (!empty) lines.push_back(std::move(line));
  return lines;
}

std::string cut_text(std::string text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::size_t bytes = 0;
  for (std::size_t width = 0; bytes < text.size(); ++bytes) {
    const bool starts = (static_cast<unsigned char>(text[bytes]) & 0xC0U) != 0x80U;
    if (starts && ++width > columns - 2) break;
  }
  return text.substr(0, bytes) + "..";
}

}  // namespace headroom
