#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "html/markup.hpp"

namespace headroom::html {

/// A table with a caption and real headers, in a box that scrolls by itself on narrow screens.
/// The first cell of each row is the row's header.
class Table {
 public:
  /// `caption` is read out and, unless `quiet`, shown.
  Table(std::string_view caption, bool quiet = true) : caption_(caption), quiet_(quiet) {}
  Table& column(std::string_view title, bool numeric = false);
  /// `base`: a JSON pointer that the numbers of this row have in common; it is then written once.
  Table& row(const std::vector<Markup>& cells, const std::string& base = "");
  bool has_rows() const { return !rows_.empty(); }
  Markup draw(std::string_view table_class = "") const;

 private:
  std::string caption_;
  bool quiet_;
  std::vector<std::string> titles_;
  std::vector<bool> numeric_;
  Markup rows_;
};

}  // namespace headroom::html
