#pragma once

#include <string>
#include <vector>

#include "headroom/scenario/load.hpp"

namespace headroom::tools {

/// A file that a command reads or writes, and what it is there: "the scenario", "--requests".
struct FileUse {
  std::string path;
  std::string what;
};

/// The files that a scenario names: traces, rates, kernel models, catalogues.
std::vector<FileUse> files_of(const LoadedScenario& loaded);

/// Throws UsageError when a file to be written is one that is read, or is to be written twice. What
/// is no file takes any number: /dev/null, and "-" and "", which name none.
void refuse_overlaps(const std::vector<FileUse>& reads, const std::vector<FileUse>& writes);

}  // namespace headroom::tools
