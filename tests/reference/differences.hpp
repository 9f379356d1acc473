#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "headroom/engine/outcome.hpp"
#include "reference_engine.hpp"

namespace headroom::reference {

/// Collects what differs between the engines; keeps the first few in words.
class Differences {
 public:
  /// engine: "the fast engine".
  explicit Differences(std::string engine) : engine_(std::move(engine)) {}

  void whole(const std::string& what, std::int64_t fast, std::int64_t plain);
  /// Counts kept in doubles: exact.
  void count(const std::string& what, double fast, double plain);
  /// Sums and means in doubles, of at most some thousand terms each rounded once.
  void sum(const std::string& what, double fast, double plain);
  void note(const std::string& line);
  std::string text() const;

 private:
  std::string engine_;
  std::string text_;
  std::int64_t found_ = 0;
};

/// Timelines by class and pool, backlog peaks and late stretches, against what the plain engine's
/// records and spans say, bin by bin.
void compare_timelines(Differences& differences, const CellConfig& config, const Outcome& outcome,
                       const std::vector<RequestRecord>& plain, const ReferenceCounts& counts);

}  // namespace headroom::reference
