#include "csv.hpp"

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace headroom::validation {
namespace {

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',') {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace

Csv::Csv(const std::string& path) : path_(path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  boost::iostreams::filtering_istream stream;
  if (path.ends_with(".gz")) stream.push(boost::iostreams::gzip_decompressor());
  stream.push(file);
  std::string line;
  while (std::getline(stream, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> fields = split(line);
    if (columns_.empty()) {
      for (std::size_t i = 0; i < fields.size(); ++i) columns_.emplace(fields[i], i);
      continue;
    }
    if (fields.size() != columns_.size()) {
      throw std::runtime_error(path + ": row " + std::to_string(cells_.size() + 1) +
                               " is not as wide as the header");
    }
    cells_.push_back(std::move(fields));
  }
}

const std::string& Csv::text(std::size_t row, const std::string& column) const {
  const auto found = columns_.find(column);
  if (found == columns_.end()) throw std::runtime_error(path_ + ": no column " + column);
  return cells_.at(row)[found->second];
}

double Csv::number(std::size_t row, const std::string& column) const {
  const std::string& word = text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) {
    throw std::runtime_error(path_ + ": " + column + " \"" + word + "\" is no number");
  }
  return value;
}

}  // namespace headroom::validation
