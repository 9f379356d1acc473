#pragma once

#include "headroom/exec/run_jobs.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace headroom::tools {

/// Progress on standard error: one line, redrawn at most 10 times a second, on a terminal; a plain
/// line every 10 s elsewhere; none under -q, --no-progress, CI=true, or --json into a pipe.
class ProgressLine {
 public:
  ProgressLine(const CommonOptions& common, const Terminal& terminal, bool json);
  void show(const Progress& progress);
  /// Removes the line.
  void clear();

 private:
  enum class Form { kNone, kRedrawn, kPlain };
  Form form_ = Form::kNone;
  bool as_json_ = false;
  bool drawn_ = false;
  double shown_at_s_ = 0;
};

}  // namespace headroom::tools
