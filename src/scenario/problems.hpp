#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom {

/// Collects what is wrong with a scenario, by JSON pointer; the document adds line and column.
class Problems {
 public:
  void add(std::string code, std::string pointer, std::string message,
           std::vector<std::string> notes = {}) {
    Issue issue;
    issue.code = std::move(code);
    issue.pointer = std::move(pointer);
    issue.message = std::move(message);
    issue.notes = std::move(notes);
    issues.push_back(std::move(issue));
  }
  /// A name that is not among the known ones.
  void add_unknown(std::string pointer, std::string_view what, const std::string& name,
                   const std::vector<std::string>& known) {
    std::vector<std::string> notes;
    std::string list;
    for (const std::string& word : known) list += (list.empty() ? "" : ", ") + word;
    notes.push_back(known.empty() ? "there is none" : "expected one of: " + list);
    const std::string near = nearest_word(name, known);
    if (!near.empty()) notes.push_back("did you mean \"" + near + "\"?");
    add("E112", std::move(pointer), "unknown " + std::string(what) + " \"" + name + "\"",
        std::move(notes));
  }
  bool empty() const { return issues.empty(); }

  std::vector<Issue> issues;
};

/// "/fleet/pools/" + 2 + rest.
inline std::string at_item(std::string_view list, std::size_t i, std::string_view rest = "") {
  return std::string(list) + "/" + std::to_string(i) + std::string(rest);
}

}  // namespace headroom
