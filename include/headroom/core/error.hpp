#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace headroom {

/// One thing that is wrong with an input, at its place.
struct Issue {
  std::string code;     ///< "E112"; docs/cli.md lists them
  std::string file;     ///< as the user named it; empty for text without a file
  std::string pointer;  ///< JSON pointer, "/fleet/pools/1/gpus"; empty when the place is a line
  std::string message;  ///< one sentence: what was found, what was expected
  int line = 0;         ///< from 1; 0 when unknown
  int column = 0;       ///< from 1; 0 when unknown
  int length = 1;       ///< characters to underline at line:column
  std::vector<std::string> notes;  ///< "expected one of: ...", "did you mean ..."
};

/// The input is wrong. Carries every problem found, not only the first.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<Issue> issues);
  std::span<const Issue> issues() const { return issues_; }

 private:
  std::vector<Issue> issues_;
};

/// The known word nearest to `word` by edit distance (insert, delete, replace, swap of neighbours,
/// case ignored), or empty when none is within a third of its length (at least 1, at most 4).
std::string nearest_word(const std::string& word, std::span<const std::string> known);

}  // namespace headroom
