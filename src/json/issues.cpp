#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "headroom/json/document.hpp"

/// How issues are shown: to people, to GitHub, to programs.
namespace headroom::json {
namespace {

constexpr std::size_t kWidestExcerpt = 120;
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kBlue = "\x1b[1;34m";

std::string painted(std::string text, std::string_view paint, bool colour) {
  if (!colour || text.empty()) return text;
  return std::string(paint) + text + std::string(kReset);
}

bool from_override(const Issue& issue) { return issue.file.starts_with("--set"); }

std::string location(const Issue& issue) {
  std::string text = issue.file.empty() ? "input" : issue.file;
  if (issue.line > 0) text += ":" + std::to_string(issue.line);
  if (issue.line > 0 && issue.column > 0) text += ":" + std::to_string(issue.column);
  return text;
}

/// The first "; " outside double quotes parts what is wrong from what to do about it.
std::size_t advice_begin(const std::string& message) {
  bool quoted = false;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '"') quoted = !quoted;
    if (!quoted && message.compare(i, 2, "; ") == 0) return i;
  }
  return message.size();
}

/// `unknown field "durration" at /demand/stages/1; did you mean "duration"?`
std::string with_pointer(const Issue& issue) {
  if (issue.pointer.empty()) return issue.message;
  const std::size_t advice = advice_begin(issue.message);
  return issue.message.substr(0, advice) + " at " + issue.pointer + issue.message.substr(advice);
}

/// Line `number` (from 1) of a text, without its end; empty when there is none.
std::string_view line_of(std::string_view text, int number) {
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// The characters [first, first + count) of UTF-8 text, control characters as spaces.
std::string characters(std::string_view text, std::size_t first, std::size_t count) {
  std::string result;
  std::size_t index = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && !continues_character(text[i])) ++index;
    if (index < first || index >= first + count) continue;
    result += static_cast<unsigned char>(text[i]) < 0x20U ? ' ' : text[i];
  }
  return result;
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

/// The part of a line that an excerpt shows: all of it, or a window around the place.
struct Window {
  std::string text;
  std::size_t column;  ///< of the place, from 0, in `text`
};
Window window_around(std::string_view line, std::size_t column, std::size_t length) {
  const std::size_t total = character_count(line);
  if (total <= kWidestExcerpt) return {characters(line, 0, total), column};
  const std::size_t lead = std::min(column, kWidestExcerpt / 3);
  const std::size_t first = column - lead;
  const std::size_t count =
      std::min(total - first, std::max(kWidestExcerpt, lead + std::min(length, kWidestExcerpt)));
  const std::string before = first > 0 ? "..." : "";
  const std::string after = first + count < total ? "..." : "";
  return {before + characters(line, first, count) + after, before.size() + lead};
}

std::string excerpt(const Issue& issue, std::string_view source, bool colour) {
  const std::string_view line = line_of(source, issue.line);
  const std::string number = std::to_string(issue.line);
  const std::string margin(number.size() + 1, ' ');
  const auto bar = [&](const std::string& left) { return painted(left + "|", kBlue, colour); };

  const auto column = static_cast<std::size_t>(std::max(issue.column - 1, 0));
  const auto length = static_cast<std::size_t>(std::max(issue.length, 1));
  const Window window = window_around(line, column, length);
  std::string text = bar(margin) + "\n";
  const std::string_view above = issue.line > 1 ? line_of(source, issue.line - 1) : "";
  if (above.find_first_not_of(" \t") != std::string_view::npos) {
    std::string left = std::to_string(issue.line - 1);
    left.insert(0, number.size() - left.size(), ' ');
    const bool whole = character_count(above) <= kWidestExcerpt;
    text +=
        bar(left + " ") + " " + characters(above, 0, kWidestExcerpt) + (whole ? "" : "...") + "\n";
  }
  text += bar(number + " ") + " " + window.text + "\n";
  const std::string carets(std::min(length, kWidestExcerpt), '^');
  text += bar(margin) + " " + std::string(window.column, ' ') + painted(carets, kRed, colour);
  if (!issue.pointer.empty()) text += " at " + issue.pointer;
  return text + "\n";
}

std::string shown(const Issue& issue, const std::string* source, bool colour) {
  std::string text = painted(location(issue) + ":", kBold, colour) + " " +
                     painted("error[" + issue.code + "]:", kRed, colour) + " ";
  const bool syntax = issue.code == "E100" || issue.code == "E101";
  const bool long_form = (syntax || !issue.notes.empty()) && issue.line > 0 && source != nullptr;
  if (!long_form) {
    text += with_pointer(issue) + "\n";
    for (const std::string& note : issue.notes) text += "  = " + note + "\n";
    return text;
  }
  text += issue.message + "\n" + excerpt(issue, *source, colour);
  const std::string margin(std::to_string(issue.line).size() + 1, ' ');
  if (!issue.notes.empty()) text += painted(margin + "|", kBlue, colour) + "\n";
  for (const std::string& note : issue.notes) {
    text += margin + painted("=", kBlue, colour) + " " + note + "\n";
  }
  return text;
}

std::string count_line(std::span<const Issue> issues) {
  std::set<std::string> files;
  bool overrides = false;
  for (const Issue& issue : issues) {
    if (from_override(issue)) {
      overrides = true;
    } else {
      files.insert(issue.file);
    }
  }
  const auto counted = [](std::size_t n, const std::string& word) {
    return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
  };
  std::string text = counted(issues.size(), "error") + " in ";
  if (!files.empty()) text += counted(files.size(), "file");
  if (overrides) text += std::string(files.empty() ? "" : " and ") + "--set";
  return text + " (all reported, not just the first).   exit 3\n";
}

/// The source of an issue: by file name, or `only`, the one there is.
template <class Find>
std::string format_all(std::span<const Issue> issues, bool colour, Find find_source) {
  if (issues.empty()) return "";
  std::string text;
  for (const Issue& issue : issues) {
    text += shown(issue, from_override(issue) ? nullptr : find_source(issue), colour);
  }
  return text + count_line(issues);
}

/// Workflow commands end at a line end, their properties at a comma or colon.
/// Source: GitHub Actions, "Workflow commands", and its toolkit's escapeData and escapeProperty.
std::string escaped(std::string_view text, bool property) {
  std::string result;
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\r') {
      result += "%0D";
    } else if (c == '\n') {
      result += "%0A";
    } else if (property && c == ':') {
      result += "%3A";
    } else if (property && c == ',') {
      result += "%2C";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string format_issues(std::span<const Issue> issues, const std::string& source_text,
                          bool colour) {
  return format_all(issues, colour, [&source_text](const Issue&) { return &source_text; });
}

std::string format_issues(std::span<const Issue> issues, std::span<const SourceText> sources,
                          bool colour) {
  return format_all(issues, colour, [sources](const Issue& issue) {
    const auto found = std::find_if(sources.begin(), sources.end(),
                                    [&issue](const SourceText& s) { return s.file == issue.file; });
    return found == sources.end() ? nullptr : &found->text;
  });
}

std::string format_issues_github(std::span<const Issue> issues, std::string_view level) {
  std::string text;
  for (const Issue& issue : issues) {
    std::string properties;
    if (!from_override(issue) && !issue.file.empty()) {
      properties += "file=" + escaped(issue.file, true) + ",";
    }
    if (issue.line > 0) properties += "line=" + std::to_string(issue.line) + ",";
    if (issue.line > 0 && issue.column > 0)
      properties += "col=" + std::to_string(issue.column) + ",";
    std::string message = from_override(issue) ? issue.file + ": " : "";
    message += with_pointer(issue);
    for (const std::string& note : issue.notes) message += "\n" + note;
    text += "::" + std::string(level) + " " + properties + "title=" + escaped(issue.code, true) +
            "::" + escaped(message, false) + "\n";
  }
  return text;
}

std::string format_issue_json(const Issue& issue, std::string_view severity) {
  using Json = nlohmann::ordered_json;
  const bool placed = issue.line > 0;
  const Json json = {{"code", issue.code},
                     {"severity", severity},
                     {"file", issue.file},
                     {"line", placed ? Json(issue.line) : Json(nullptr)},
                     {"column", placed ? Json(issue.column) : Json(nullptr)},
                     {"length", issue.length},
                     {"pointer", issue.pointer},
                     {"message", issue.message},
                     {"notes", issue.notes}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace headroom::json
