#include "headroom/exec/run_jobs.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "headroom/core/check.hpp"
#include "headroom/engine/run_cell.hpp"
#include "watch.hpp"

namespace headroom {
namespace {

using Clock = std::chrono::steady_clock;

/// How often the calling thread looks up when no run ends.
constexpr std::chrono::milliseconds kLookUp{100};

JobIndex index_of(const JobGrid& grid, std::size_t number) {
  const std::size_t per_replication = grid.periods * grid.cells;
  return {grid.first_replication + number / per_replication, number % per_replication / grid.cells,
          number % grid.cells};
}

/// A run's outcome, and how many cells of the fleet it counts for.
struct Result {
  Outcome outcome;
  double weight = 1.0;
};

/// What the calling thread and the workers share. Jobs are numbered in order of (replication,
/// period, cell) and taken in this order; results wait here until it is their turn.
class Board {
 public:
  Board(std::size_t jobs, std::size_t window) : jobs_(jobs), window_(window) {}

  /// The next job to run, or nothing when there is none left. Blocks while the results that wait
  /// are as many as memory is meant for.
  std::optional<std::size_t> take() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return stopped_ || next_ == jobs_ || next_ < turn_ + window_; });
    if (stopped_ || next_ == jobs_) return std::nullopt;
    return next_++;
  }

  void put(std::size_t job, Result&& result) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(job, std::move(result));
    ended_.notify_one();
  }

  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
    stop_locked();
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    stop_locked();
  }

  /// The result whose turn it is, if it comes within a look-up. Passes on a worker's failure.
  std::optional<Result> next_result() {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, kLookUp, [this] { return stopped_ || waiting_.count(turn_) > 0; });
    if (failure_) std::rethrow_exception(failure_);
    const auto found = waiting_.find(turn_);
    if (found == waiting_.end()) return std::nullopt;
    Result result = std::move(found->second);
    waiting_.erase(found);
    ++turn_;
    room_.notify_all();
    return result;
  }

 private:
  void stop_locked() {
    stopped_ = true;
    room_.notify_all();
    ended_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable room_, ended_;
  std::map<std::size_t, Result> waiting_;
  std::size_t jobs_, window_;
  std::size_t next_ = 0;  // the first job nobody has taken
  std::size_t turn_ = 0;  // the first job whose result has not been handed on
  bool stopped_ = false;
  std::exception_ptr failure_;
};

Result run_one(const JobGrid& grid, const ExecOptions& options, std::size_t number, Watch& watch) {
  const JobIndex index = index_of(grid, number);
  const CellJob job = grid.make(index);
  RequestStream requests(*job.workload, job.config.key, job.demand_share, job.rate_multiplier,
                         job.demand_offset);
  requests.spread(job.arrival_spacing);
  if (job.arrivals_from > Ticks{0} || job.arrivals_to < kNever) {
    requests.only(job.arrivals_from, job.arrivals_to);
  }
  const std::unique_ptr<RecordSink> records = options.records ? options.records(index) : nullptr;
  if (!options.cancel && !options.progress) {
    return {run_cell(job.config, requests, records.get()), job.weight};
  }
  WatchedRun run(watch);
  return {run_cell(job.config, requests, records.get(), &run), job.weight};
}

void work(const JobGrid& grid, const ExecOptions& options, Board& board, Watch& watch) {
  try {
    while (const auto number = board.take()) {
      board.put(*number, run_one(grid, options, *number, watch));
    }
  } catch (const Cancelled&) {
    board.stop();
  } catch (...) {
    board.fail(std::current_exception());
  }
}

double requests_of(const Outcome& outcome) {
  double sum = 0;
  for (const auto& stretches : outcome.groups) {
    for (const GroupTally& group : stretches) sum += group.arrived;
  }
  return sum;
}

/// Stops the workers and waits for them, however the calling thread leaves.
class Crew {
 public:
  Crew(unsigned threads, Board& board, const std::function<void()>& body) : board_(board) {
    for (unsigned i = 0; i < threads; ++i) members_.emplace_back(body);
  }
  ~Crew() { board_.stop(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

 private:
  Board& board_;
  std::vector<std::jthread> members_;
};

}  // namespace

unsigned thread_count(unsigned wanted, std::size_t jobs) {
  const unsigned threads = wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::min<std::size_t>(threads, std::max<std::size_t>(1, jobs)));
}

ExecResult run_jobs(
    const JobGrid& grid, const ExecOptions& options,
    const std::function<void(std::size_t replication, std::size_t period, Outcome&&)>& consume) {
  HEADROOM_CHECK(grid.make && consume && grid.periods > 0 && grid.cells > 0, "a grid of jobs");
  const std::size_t jobs = grid.replications * grid.periods * grid.cells;
  ExecResult result;
  result.threads = thread_count(options.threads, jobs);
  const auto started = Clock::now();
  const auto wall_s = [&] { return std::chrono::duration<double>(Clock::now() - started).count(); };

  Board board(jobs, 2 * std::size_t{result.threads});
  Watch watch(options.cancel);
  const auto report = [&](double last_wall_s) {
    if (!options.progress) return last_wall_s;
    const double now = wall_s();
    if (now - last_wall_s < 0.1) return last_wall_s;
    Progress progress;
    const double all = grid.seconds_per_job * static_cast<double>(jobs);
    progress.share = all > 0 ? std::min(1.0, watch.simulated_s() / all) : 0;
    progress.requests = watch.requests();
    progress.simulated_s = watch.simulated_s();
    progress.mean_delay_s = watch.mean_delay_s();
    progress.wall_s = now;
    progress.requests_per_s = now > 0 ? progress.requests / now : 0;
    progress.replications_done = result.replications_delivered;
    options.progress(progress);
    return now;
  };

  {
    const Crew crew(result.threads, board, [&] { work(grid, options, board, watch); });
    double reported = 0;
    Outcome merged;
    for (std::size_t turn = 0; turn < jobs && !watch.cancelled();) {
      reported = report(reported);
      std::optional<Result> run = board.next_result();
      if (!run) continue;
      const JobIndex index = index_of(grid, turn);
      ++turn;
      result.requests += requests_of(run->outcome);
      if (index.cell == 0) {
        merged = std::move(run->outcome);
        if (run->weight != 1.0) merged.scale(run->weight);
      } else {
        merged.merge(run->outcome, run->weight);
      }
      if (index.cell + 1 < grid.cells) continue;
      consume(index.replication, index.period, std::move(merged));
      if (index.period + 1 == grid.periods) ++result.replications_delivered;
    }
  }
  result.complete = result.replications_delivered == grid.replications;
  result.wall_s = wall_s();
  return result;
}

}  // namespace headroom
