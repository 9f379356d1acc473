#pragma once

#include <map>
#include <string>
#include <vector>

namespace headroom::validation {

/// A measured table as text: plain CSV (also .gz), no quoting, as the shared data has it.
class Csv {
 public:
  /// Throws std::runtime_error where the file cannot be read or a row has another width.
  explicit Csv(const std::string& path);

  std::size_t rows() const { return cells_.size(); }
  bool has(const std::string& column) const { return columns_.count(column) > 0; }
  const std::string& text(std::size_t row, const std::string& column) const;
  /// Throws std::runtime_error on a cell that is no number.
  double number(std::size_t row, const std::string& column) const;

 private:
  std::string path_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::vector<std::string>> cells_;
};

}  // namespace headroom::validation
