#include "headroom/core/error.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace headroom {
namespace {

std::string first_message(const std::vector<Issue>& issues) {
  if (issues.empty()) return "invalid input";
  std::string text = issues.front().message;
  if (issues.size() > 1) text += " (and " + std::to_string(issues.size() - 1) + " more)";
  return text;
}

std::string lower(const std::string& word) {
  std::string result = word;
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Optimal string alignment distance: insert, delete, replace, swap of neighbours.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

InputError::InputError(std::vector<Issue> issues)
    : std::runtime_error(first_message(issues)), issues_(std::move(issues)) {}

std::string nearest_word(const std::string& word, std::span<const std::string> known) {
  const std::string wanted = lower(word);
  const std::size_t allowed = std::clamp<std::size_t>(wanted.size() / 3, 1, 4);
  std::string best;
  std::size_t best_distance = allowed + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(wanted, lower(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace headroom
