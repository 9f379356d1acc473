#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "headroom/report/report.hpp"

namespace headroom {

/// Marks for a terminal; empty text without colour. Meaning is never carried by them alone.
class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string good(const std::string& text) const { return wrap("32", text); }
  std::string bad(const std::string& text) const { return wrap("1;31", text); }
  std::string strong(const std::string& text) const { return wrap("1", text); }
  std::string faint(const std::string& text) const { return wrap("2", text); }

 private:
  std::string wrap(const char* code, const std::string& text) const {
    return on_ ? std::string("\033[") + code + "m" + text + "\033[0m" : text;
  }
  bool on_;
};

/// Cuts text to `columns`, with ".." at the end when something was cut.
std::string cut_text(std::string text, std::size_t columns);

}  // namespace headroom
