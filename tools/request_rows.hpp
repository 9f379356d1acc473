#pragma once

#include <memory>
#include <string>

#include "headroom/engine/record.hpp"
#include "headroom/exec/run_jobs.hpp"
#include "headroom/scenario/resolved.hpp"

namespace headroom::tools {

/// Streams per-request rows to one CSV file (gzip when its name ends in .gz), in order of
/// (replication, period, cell, end). Each job writes a part of its own beside the file; parts are
/// appended in order and removed, so memory does not grow and threads do not change a byte (gzip
/// members may follow one another in one file).
class RequestRows {
 public:
  /// Throws InputError when the file cannot be made.
  RequestRows(std::string file, const ResolvedScenario& scenario);
  ~RequestRows();
  RequestRows(const RequestRows&) = delete;
  RequestRows& operator=(const RequestRows&) = delete;

  /// Sink of one job; called from the thread that runs it.
  std::unique_ptr<RecordSink> sink(const JobIndex& job) const;
  /// Appends the parts of one (replication, period), whose jobs have all ended. Throws InputError
  /// when they, or a row of them, could not be written.
  void append(std::size_t replication, std::size_t period);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom::tools
