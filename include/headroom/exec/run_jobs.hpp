#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "headroom/engine/cell_job.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/engine/record.hpp"

namespace headroom {

/// Which of a (replication, period, cell) grid of independent runs.
struct JobIndex {
  std::size_t replication = 0;
  std::size_t period = 0;
  std::size_t cell = 0;
};

/// The grid of runs to carry out, and how to make each.
struct JobGrid {
  std::size_t first_replication = 0;
  std::size_t replications = 1;
  std::size_t periods = 1;
  std::size_t cells = 1;
  double seconds_per_job = 0;                    ///< simulated; for progress
  std::function<CellJob(const JobIndex&)> make;  ///< called from several threads at once
};

struct Progress {
  double share = 0;           ///< of all simulated time, 0 to 1
  double requests = 0;        ///< that ended so far
  double requests_per_s = 0;  ///< by the wall clock
  double simulated_s = 0;     ///< of all runs together
  double mean_delay_s = 0;    ///< queue delay of those that ended so far and were ever scheduled
  double wall_s = 0;
  std::size_t replications_done = 0;
};

struct ExecOptions {
  unsigned threads = 0;                       ///< 0 = as many as the machine has
  const std::atomic<bool>* cancel = nullptr;  ///< set from outside (a signal handler): stop soon
  std::function<void(const Progress&)> progress;  ///< about ten times a second
  /// Per-request records: asked for on each job, in the thread that runs it; may return null.
  std::function<std::unique_ptr<RecordSink>(const JobIndex&)> records;
};

struct ExecResult {
  bool complete = true;                    ///< false: cancelled before the last run ended
  std::size_t replications_delivered = 0;  ///< whole ones, all their periods
  double wall_s = 0;
  double requests = 0;
  unsigned threads = 1;
};

/// Threads that `wanted` (0 = all the machine has) means for so many jobs.
unsigned thread_count(unsigned wanted, std::size_t jobs);

/// Carries out all jobs of the grid. The cells of one (replication, period) are merged, each
/// counted by its weight, into the whole fleet's outcome and handed to `consume` on the calling
/// thread, in order of replication, then period. What `consume` sees does not depend on the number
/// of threads. Memory: the outcomes of at most two jobs a thread, beside those being merged. An
/// exception thrown by a job or by `consume` ends all jobs and is passed on.
ExecResult run_jobs(
    const JobGrid& grid, const ExecOptions& options,
    const std::function<void(std::size_t replication, std::size_t period, Outcome&&)>& consume);

}  // namespace headroom
