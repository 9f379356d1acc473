#include "html/table.hpp"

namespace headroom::html {
namespace {

/// The cells with pointers that start at `base` written from there on.
Markup below(const Markup& cells, const std::string& base) {
  const std::string whole = "data-path=\"" + escape(base) + "/";
  std::string html = cells.str();
  for (std::size_t at = html.find(whole); at != std::string::npos; at = html.find(whole, at + 11)) {
    html.replace(at, whole.size(), "data-path=\"");
  }
  return trusted(html);
}

}  // namespace

Table& Table::column(std::string_view title, bool numeric) {
  titles_.emplace_back(title);
  numeric_.push_back(numeric);
  return *this;
}

Table& Table::row(const std::vector<Markup>& cells, const std::string& base) {
  Markup all;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool numeric = i < numeric_.size() && numeric_[i];
    if (i == 0) {
      all += element("th", {{"scope", "row"}}, cells[i]);
    } else {
      all += numeric ? element("td", {{"class", "n"}}, cells[i]) : element("td", cells[i]);
    }
  }
  rows_ +=
      base.empty() ? element("tr", all) : element("tr", {{"data-base", base}}, below(all, base));
  return *this;
}

Markup Table::draw(std::string_view table_class) const {
  Markup head;
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    head += numeric_[i] ? element("th", {{"scope", "col"}, {"class", "n"}}, text(titles_[i]))
                        : element("th", {{"scope", "col"}}, text(titles_[i]));
  }
  const Markup caption = quiet_ ? element("caption", {{"class", "quiet"}}, text(caption_))
                                : element("caption", caption_);
  // What scrolls can be reached by the keyboard.
  return element(
      "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", caption_}},
      element("table", {{"class", std::string(table_class)}},
              caption + element("thead", element("tr", head)) + element("tbody", rows_)));
}

}  // namespace headroom::html
