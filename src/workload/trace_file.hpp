#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom {

/// A whole file: its bytes unpacked when the name ends in .gz, and the sha256 of the bytes as
/// stored. Throws InputError (E131), at `pointer` of the scenario, when it cannot be read.
struct FileText {
  std::string name;  ///< as the scenario wrote it
  std::string text;
  std::string sha256;
};
FileText read_text(const std::string& base_directory, const std::string& path,
                   const std::string& pointer);

/// One field of a row: its text and where it stands.
struct Cell {
  std::string_view text;
  int column = 1;  ///< of the line, from 1
};

/// Calls `row(line, cells)` for each row, with the cells of the `wanted` columns in that order (an
/// empty name gives an empty cell). Blank lines are skipped. For CSV the first line is the header
/// Reads a whole text as a number; false for anything else, NaN and infinity too.
bool parse_number(std::string_view text, double& value);
/// "2023-11-16 18:15:46.680590", also with T, Z or +01:00, without a fraction, or a date alone, to
/// nanoseconds since 1970-01-01T00:00:00Z; from 1900 to 2095.
bool parse_timestamp(std::string_view text, std::int64_t& ns);
/// A time in `unit` (s, ms, us, ns, utc) to whole nanoseconds; false when it does not read so or
/// is further than 126 years from 0.
bool parse_time(std::string_view text, const std::string& unit, std::int64_t& ns);

/// Collects what is wrong with rows, at most 20, then gives up by throwing InputError.
class RowIssues {
 public:
  explicit RowIssues(std::string file) : file_(std::move(file)) {}
  void add(int line, const Cell& cell, std::string message);
  /// Throws InputError (E133) when there are any.
  void finish();

 private:
  std::string file_;
  std::vector<Issue> issues_;
};

/// Calls `row(line, cells)` for each row, with the cells of the `wanted` columns in that order (an
/// empty name gives an empty cell). Blank lines are skipped. For CSV the first line is the header
/// (E132 when a wanted column is not in it, with the ones that are); a quoted field may hold
/// commas and doubled quotes, but no line end. JSON lines hold one object each; `a.b` names b
/// inside a. `jsonl`: which of the two it is. A line that is no row (more fields than the header,
/// a quote that is not closed, no JSON object) joins `issues` instead. Throws InputError.
void for_each_row(const FileText& file, bool jsonl, std::span<const std::string> wanted,
                  const std::string& pointer, RowIssues& issues,
                  const std::function<void(int line, std::span<const Cell> cells)>& row);

/// Throws one Issue at `pointer` of the scenario, which names the file.
[[noreturn]] void fail(const std::string& code, const std::string& pointer,
                       const std::string& message, std::vector<std::string> notes = {});

}  // namespace headroom
