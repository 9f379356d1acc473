#include "published_facts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>

#include "headroom/core/check.hpp"
#include "headroom/core/error.hpp"

namespace headroom::validation {
namespace {

[[noreturn]] void fail(std::string code, const std::filesystem::path& path, int line,
                       std::string message) {
  Issue issue;
  issue.code = std::move(code);
  issue.file = path.string();
  issue.line = line;
  issue.message = std::move(message);
  throw InputError({issue});
}

/// The next record's fields; quotes may hold commas, line ends and doubled quotes.
std::vector<std::string> next_record(std::string_view& text, int& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\n') ++line;
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (!text.empty() && text.front() == '"') {
        fields.back() += c;
        text.remove_prefix(1);
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace

const std::string& FactRow::text(std::string_view column) const {
  static const std::string none;
  const auto at = fields_.find(column);
  return at == fields_.end() ? none : at->second;
}

std::optional<double> FactRow::number(std::string_view column) const {
  const std::string& word = text(column);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return {};
  return value;
}

std::vector<FactRow> read_facts(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("E102", path, 0, "cannot be read");
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  std::string_view text = whole;
  int line = 1;
  const std::vector<std::string> header = next_record(text, line);
  std::vector<FactRow> rows;
  while (!text.empty()) {
    const int at = line;
    const std::vector<std::string> fields = next_record(text, line);
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() != header.size()) fail("E105", path, at, "has not the header's columns");
    std::map<std::string, std::string, std::less<>> named;
    for (std::size_t i = 0; i < header.size(); ++i) named[header[i]] = fields[i];
    rows.emplace_back(std::move(named));
  }
  return rows;
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

std::uint64_t row_hash(std::string_view id) {
  std::uint64_t z = fnv1a(id);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void choose_third(std::vector<Scored>& rows) {
  std::vector<std::uint64_t> hashes;
  for (const Scored& row : rows) hashes.push_back(row_hash(row.id));
  std::sort(hashes.begin(), hashes.end());
  const std::size_t third = (rows.size() + 2) / 3;
  for (Scored& row : rows) row.fitted = third > 0 && row_hash(row.id) <= hashes[third - 1];
}

double fitted_factor(const std::vector<Scored>& rows) {
  std::vector<double> ratios;
  for (const Scored& row : rows) {
    if (row.fitted) ratios.push_back(row.measured / row.predicted);
  }
  return median(std::move(ratios));
}

double factor_without(const std::vector<Scored>& rows, std::size_t left_out) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != left_out) ratios.push_back(rows[i].measured / rows[i].predicted);
  }
  return median(std::move(ratios));
}

double median(std::vector<double> values) {
  HEADROOM_CHECK(!values.empty(), "a median is of something");
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double percentile(std::vector<double> values, double share) {
  HEADROOM_CHECK(!values.empty(), "a percentile is of something");
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace headroom::validation
