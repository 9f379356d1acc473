#include "trace_file.hpp"

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "headroom/json/document.hpp"
#include "json_lines.hpp"

namespace headroom {
namespace {

constexpr std::size_t kMostRowIssues = 20;
constexpr double kLongestNs = 4e18;  // 126 years: differences of two fit

std::string gunzip(const std::string& packed) {
  namespace io = boost::iostreams;
  std::string text;
  io::filtering_istream in;
  in.push(io::gzip_decompressor());
  in.push(io::array_source(packed.data(), packed.size()));
  io::copy(in, io::back_inserter(text));
  return text;
}

/// Takes the next field of a CSV line; `quoted` holds the text of one with doubled quotes.
struct CsvLine {
  std::string_view line;
  std::size_t at = 0;
  bool done = false;
  const char* problem = nullptr;  ///< what is wrong with the field taken last

  bool next(Cell& cell, std::string& quoted) {
    if (done) return false;
    cell.column = static_cast<int>(at) + 1;
    if (at < line.size() && line[at] == '"') {
      take_quoted(cell, quoted);
      return true;
    }
    const std::size_t comma = line.find(',', at);
    const std::size_t end = comma == std::string_view::npos ? line.size() : comma;
    cell.text = line.substr(at, end - at);
    while (!cell.text.empty() && cell.text.front() == ' ') cell.text.remove_prefix(1);
    while (!cell.text.empty() && cell.text.back() == ' ') cell.text.remove_suffix(1);
    done = comma == std::string_view::npos;
    at = end + 1;
    return true;
  }

 private:
  void take_quoted(Cell& cell, std::string& quoted) {
    const std::size_t first = at + 1;
    std::size_t i = first;
    bool doubled = false;
    while (i < line.size()) {
      if (line[i] == '"') {
        if (i + 1 >= line.size() || line[i + 1] != '"') break;
        doubled = true;
        ++i;
      }
      ++i;
    }
    cell.text = line.substr(first, i - first);
    if (doubled) {
      quoted.clear();
      for (std::size_t k = 0; k < cell.text.size(); ++k) {
        quoted += cell.text[k];
        if (cell.text[k] == '"') ++k;
      }
      cell.text = quoted;
    }
    const std::size_t comma = line.find(',', i);
    if (i >= line.size()) {
      problem = "the quote is not closed on its line";
    } else if (line.substr(i + 1, comma - i - 1).find_first_not_of(' ') != std::string_view::npos) {
      problem = "text follows the closing quote";
    }
    done = comma == std::string_view::npos;
    at = done ? line.size() : comma + 1;
  }
};

std::string_view trimmed_line(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

std::vector<std::string> column_names(std::string_view header) {
  std::vector<std::string> names;
  CsvLine line{header};
  Cell cell;
  std::string quoted;
  while (line.next(cell, quoted)) names.emplace_back(cell.text);
  return names;
}

/// Position in the file of each wanted column; -1 for an empty name.
std::vector<int> find_columns(const FileText& file, std::string_view header,
                              const std::vector<std::string>& names,
                              std::span<const std::string> wanted, const std::string& pointer) {
  std::vector<int> positions;
  std::vector<Issue> issues;
  for (const std::string& name : wanted) {
    int position = -1;
    for (std::size_t i = 0; i < names.size() && !name.empty(); ++i) {
      if (names[i] != name) continue;
      if (position >= 0) {
        issues.push_back({"E132",
                          file.name,
                          pointer,
                          "the header has two columns \"" + name + "\"",
                          1,
                          1,
                          static_cast<int>(header.size()),
                          {}});
        break;
      }
      position = static_cast<int>(i);
    }
    if (!name.empty() && position < 0) {
      Issue issue{"E132",
                  file.name,
                  pointer,
                  "no column \"" + name + "\" in the header",
                  1,
                  1,
                  static_cast<int>(header.size()),
                  {}};
      std::string all = "columns:";
      for (const std::string& known : names) all += " " + known;
      issue.notes.push_back(all);
      const std::string near = nearest_word(name, names);
      if (!near.empty()) issue.notes.push_back("did you mean \"" + near + "\"?");
      issues.push_back(std::move(issue));
    }
    positions.push_back(position);
  }
  if (!issues.empty()) throw InputError(std::move(issues));
  return positions;
}

/// Days from 1970-01-01 of a date of the Gregorian calendar: the year is counted from March, so
/// that the leap day is its last and month lengths repeat with period 5 (153 days).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t m = (month + 9) % 12;
  const std::int64_t leap = y / 4 - y / 100 + y / 400;
  return 365 * y + leap + (153 * m + 2) / 5 + (day - 1) - 719'468;
}

/// Takes exactly `digits` digits off the front.
bool take(std::string_view& text, std::size_t digits, std::int64_t& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "+01:00", "-0530" or nothing, in seconds east of UTC.
bool take_zone(std::string_view& text, std::int64_t& offset_s) {
  offset_s = 0;
  if (text.empty() || take(text, 'Z')) return true;
  const bool west = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return false;
  std::int64_t hours = 0, minutes = 0;
  if (!take(text, 2, hours)) return false;
  take(text, ':');
  if (!text.empty() && !take(text, 2, minutes)) return false;
  if (hours > 14 || minutes > 59) return false;  // the largest in use is +14:00
  offset_s = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return true;
}

}  // namespace

void fail(const std::string& code, const std::string& pointer, const std::string& message,
          std::vector<std::string> notes) {
  Issue issue;
  issue.code = code;
  issue.pointer = pointer;
  issue.message = message;
  issue.notes = std::move(notes);
  throw InputError({std::move(issue)});
}

FileText read_text(const std::string& base_directory, const std::string& path,
                   const std::string& pointer) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path full = fs::path(path).is_absolute() ? fs::path(path) : base_directory / fs::path(path);
  std::vector<std::string> looked_at{"looked at " + full.string()};
  // A path given on the command line is meant from where the user stands.
  if (!fs::exists(full, ignored) && fs::exists(path, ignored)) full = path;
  std::ifstream in(full, std::ios::binary);
  if (!in || fs::is_directory(full, ignored)) {
    if (!fs::path(path).is_absolute()) looked_at.push_back("and in the current directory");
    fail("E131", pointer.empty() ? pointer : pointer + "/path", "cannot read \"" + path + "\"",
         looked_at);
  }
  std::ostringstream bytes;
  bytes << in.rdbuf();
  FileText file{path, std::move(bytes).str(), {}};
  file.sha256 = json::sha256_hex(file.text);
  if (full.extension() == ".gz" || file.text.starts_with("\x1f\x8b")) {  // whatever it is called
    try {
      file.text = gunzip(file.text);
    } catch (const std::exception&) {
      fail("E131", pointer.empty() ? pointer : pointer + "/path",
           "cannot unpack \"" + path + "\": not gzip data, or damaged or cut short");
    }
  }
  return file;
}

void for_each_row(const FileText& file, bool jsonl, std::span<const std::string> wanted,
                  const std::string& pointer, RowIssues& issues,
                  const std::function<void(int, std::span<const Cell>)>& row) {
  std::string_view rest = file.text;
  if (rest.substr(0, 3) == "\xEF\xBB\xBF") rest.remove_prefix(3);  // byte order mark
  std::vector<int> positions;
  std::vector<Cell> cells(wanted.size());
  std::vector<std::string> unquoted(wanted.size());
  bool header = !jsonl;
  int columns = 0;
  for (int line = 1; !rest.empty(); ++line) {
    const std::size_t newline = rest.find('\n');
    const std::string_view text = trimmed_line(rest.substr(0, newline));
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (jsonl) {
      if (!json_line_cells(text, wanted, unquoted)) {
        issues.add(line, {text.substr(0, 1), 1}, "expected one JSON object on the line");
        continue;
      }
      for (std::size_t i = 0; i < wanted.size(); ++i) cells[i] = {unquoted[i], 1};
      row(line, cells);
      continue;
    }
    if (header) {
      const std::vector<std::string> names = column_names(text);
      columns = static_cast<int>(names.size());
      positions = find_columns(file, text, names, wanted, pointer);
      header = false;
      continue;
    }
    for (Cell& cell : cells) cell = {{}, static_cast<int>(text.size()) + 1};
    CsvLine fields{text};
    Cell cell;
    std::string quoted;
    bool broken = false;
    for (int i = 0; fields.next(cell, quoted) && !broken; ++i) {
      const bool beyond = i >= columns && !cell.text.empty();  // a comma at the end is no field
      broken = beyond || fields.problem != nullptr;
      if (beyond) {
        issues.add(line, cell,
                   "the row has more fields than the header, which has " + std::to_string(columns) +
                       "; a field with a comma in it stands in quotes");
      } else if (broken) {
        issues.add(line, cell, fields.problem);
      }
      for (std::size_t w = 0; w < wanted.size(); ++w) {
        if (positions[w] != i) continue;
        cells[w] = cell;
        if (cell.text.data() == quoted.data()) {
          unquoted[w] = quoted;
          cells[w].text = unquoted[w];
        }
      }
    }
    if (!broken) row(line, cells);
  }
}

bool parse_number(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool parse_timestamp(std::string_view text, std::int64_t& ns) {
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0;
  if (!take(text, 4, year) || !take(text, '-') || !take(text, 2, month) || !take(text, '-') ||
      !take(text, 2, day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || year < 1900 || year > 2095) return false;
  const std::int64_t next_month =
      month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
  if (days_from_civil(year, month, day) >= next_month) return false;  // 30 February
  if (take(text, 'T') || take(text, ' ')) {
    if (!take(text, 2, hour) || !take(text, ':') || !take(text, 2, minute)) return false;
    if (take(text, ':')) {
      if (!take(text, 2, second)) return false;
      if (take(text, '.')) {
        std::int64_t unit = 100'000'000, digit = 0;
        while (take(text, 1, digit)) {  // digits beyond nanoseconds are dropped
          fraction += digit * unit;
          unit /= 10;
        }
      }
    }
  }
  std::int64_t offset_s = 0;
  if (hour > 24 || minute > 59 || second > 60) return false;
  if (hour == 24 && (minute > 0 || second > 0 || fraction > 0)) return false;
  if (!take_zone(text, offset_s) || !text.empty()) return false;
  const std::int64_t s =
      days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - offset_s;
  ns = s * 1'000'000'000 + fraction;
  return true;
}

bool parse_time(std::string_view text, const std::string& unit, std::int64_t& ns) {
  if (unit == "utc") return parse_timestamp(text, ns);
  double value = 0;
  if (!parse_number(text, value)) return false;
  const double scaled = value * (unit == "s" ? 1e9 : unit == "ms" ? 1e6 : unit == "us" ? 1e3 : 1.0);
  if (std::abs(scaled) > kLongestNs) return false;
  ns = std::llround(scaled);
  return true;
}

void RowIssues::add(int line, const Cell& cell, std::string message) {
  Issue issue;
  issue.code = "E133";
  issue.file = file_;
  issue.message = std::move(message);
  issue.line = line;
  issue.column = cell.column;
  issue.length = std::max(1, static_cast<int>(cell.text.size()));
  issues_.push_back(std::move(issue));
  if (issues_.size() >= kMostRowIssues) finish();
}

void RowIssues::finish() {
  if (!issues_.empty()) throw InputError(std::move(issues_));
}

}  // namespace headroom
