#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/json/archive.hpp"

namespace headroom::json {

struct ExplainRow;

/// A parsed JSON text that knows where every value stands. Comments (// and /* */) are accepted
/// where allowed; duplicate keys, NaN literals and trailing text are errors with line and column.
class Document {
 public:
  enum class Comments { kForbidden, kAllowed };

  /// Throws InputError (E100 syntax, E101 duplicate key) with line and column.
  static Document parse(std::string text, std::string file_name, Comments comments);
  /// Reads a file, "-" = standard input. Throws InputError (E102) when it cannot be read.
  static Document read(const std::string& path, Comments comments);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  const std::string& file_name() const;
  const std::string& text() const;
  /// sha256 of the text as read, hexadecimal.
  std::string sha256() const;

  /// Overrides one value by dotted path ("fleet.pools.a100.gpus") or JSON pointer. List items go by
  /// their `name`, else `id`, else `class`, or by index; names may hold dots.
  /// `value` is JSON text when it parses as JSON, otherwise a string. Objects on the way are made
  /// when missing; a path through a scalar or to a list item that is not there throws InputError
  /// (E103) that lists what is there. Errors in overridden values are reported as "--set PATH".
  void set(const std::string& dotted_path, const std::string& value);
  /// As set, but `json` must be JSON text.
  void set_json(const std::string& dotted_path, const std::string& json);
  struct Override {
    std::string pointer;
    std::string value_json;
  };
  const std::vector<Override>& overrides() const;

  /// Fills a struct: `body` describes the root object. Collects every issue: wrong type (E110),
  /// out of range (E111), unknown word (E112), missing field (E106), unknown field (E107), unit
  /// missing (E120) or unknown (E121), and those that `problem` adds. Issues are appended to
  /// `issues` in document order, each with file, line, column and length.
  void decode(const std::function<void(Archive&)>& body, std::vector<Issue>& issues) const;

  /// As above, throws InputError when anything is wrong.
  void decode(const std::function<void(Archive&)>& body) const;

  /// See the free function explain.
  std::vector<ExplainRow> explain(const std::function<void(Archive&)>& body) const;

  /// Completes an issue that only has a pointer with file, line and column.
  void locate(Issue& issue) const;

  /// The document's value as compact JSON text after overrides, at a pointer ("" = root). Throws
  /// InputError (E103) when there is none.
  std::string dump(std::string_view pointer = "") const;
  bool contains(std::string_view pointer) const;

 private:
  struct Impl;
  explicit Document(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Parses "90s", "1.2M/h", "80GiB" ... Returns false and sets `problem` ("500 needs a unit; write
/// \"500ms\"") when it does not read as the dimension.
bool parse_quantity(std::string_view text, Dimension dimension, double& si_value,
                    std::string& problem);
/// Shortest text that parses back to the value: "1h30min", "12ms", "80GiB", "120/s".
std::string format_quantity(double si_value, Dimension dimension);
/// "2025-03-31T17:00:00Z" (also without seconds, or a date alone) to seconds since 1970.
bool parse_utc(std::string_view text, double& seconds_since_1970);
std::string format_utc(double seconds_since_1970);

/// SHA-256 of the bytes, 64 hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// JSON Schema (draft 2020-12) of the object that `body` describes, pretty-printed.
std::string write_schema(const std::string& title, const std::string& schema_id,
                         const std::function<void(Archive&)>& body);

/// One row of `headroom explain`.
struct ExplainRow {
  std::string path;           ///< dotted: fleet.pools.a100.gpus
  std::string pointer;        ///< /fleet/pools/0/gpus
  std::string value;          ///< effective value, formatted with its unit
  std::string unit;           ///< unit or type: "s", "bytes", "integer", "word"
  std::string default_value;  ///< formatted; "required" when there is none
  std::string source;         ///< "scenario", "default" or "--set"
  std::string help;
  /// The value of a field that holds one number, in its SI unit; nothing where it holds another
  /// thing or is not given.
  std::optional<double> number{};
  std::optional<Dimension> dimension{};  ///< of that number; nothing: a plain one
  bool whole = false;                    ///< the field takes whole numbers only
};
/// Effective values: decodes `document` and lists every field of the description, given or not.
/// Throws InputError when the document does not decode.
std::vector<ExplainRow> explain(const Document& document,
                                const std::function<void(Archive&)>& body);

/// Human form of issues, as docs/cli.md shows: location, excerpt with ^^^^, notes, count line.
/// Issues with notes, and syntax errors, get an excerpt; the others take one line.
std::string format_issues(std::span<const Issue> issues, const std::string& source_text,
                          bool colour);
/// The same for issues of several files: the text of each, by file name.
struct SourceText {
  std::string file;
  std::string text;
};
std::string format_issues(std::span<const Issue> issues, std::span<const SourceText> sources,
                          bool colour);
/// GitHub workflow commands, one line an issue: "::error file=...,line=31,col=14,title=E112::...".
/// level: error, warning or notice.
std::string format_issues_github(std::span<const Issue> issues, std::string_view level = "error");
/// {"code", "severity", "file", "line", "column", "length", "pointer", "message", "notes"} on one
/// line; line and column are null where there is none.
std::string format_issue_json(const Issue& issue, std::string_view severity = "error");

}  // namespace headroom::json
