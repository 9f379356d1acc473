#include "headroom/exec/run_jobs.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace headroom;

namespace {

/// `servers` one-slot replicas, exponential service of 1 s, 0.8 requests a second for each.
JobGrid queue_grid(std::int64_t servers, double hours, std::size_t replications,
                   std::size_t periods, std::size_t cells) {
  auto workload = std::make_shared<WorkloadConfig>();
  workload->demand_end = ticks_from_seconds(hours * 3600);
  ClassDemand demand;
  demand.name = "call";
  demand.rate.base_per_s = 0.8 * static_cast<double>(servers);
  StageDemand stage;
  stage.makes_tokens = false;
  stage.service_s = Distribution::exponential(1.0);
  demand.stages.push_back(stage);
  workload->classes.push_back(demand);
  prepare(*workload);

  CellConfig config;
  config.pools.resize(1);
  config.pools[0].name = "servers";
  config.pools[0].replicas = servers;
  config.classes.resize(1);
  config.classes[0].name = "call";
  config.classes[0].stages = {PoolId{0}};
  config.horizon = workload->demand_end;

  JobGrid grid;
  grid.replications = replications;
  grid.periods = periods;
  grid.cells = cells;
  grid.seconds_per_job = hours * 3600;
  grid.make = [config, workload, periods, cells](const JobIndex& at) {
    CellJob job;
    job.config = config;
    job.config.key = {7, static_cast<std::uint32_t>(at.replication),
                      static_cast<std::uint32_t>(at.period * cells + at.cell)};
    job.workload = workload;
    job.rate_multiplier = 1.0 - 0.1 * static_cast<double>(at.period);
    job.weight = static_cast<double>(1 + at.cell);
    return job;
  };
  return grid;
}

/// What one call of the consumer saw, to the last bit.
struct Seen {
  std::size_t replication = 0, period = 0;
  double arrived = 0, waited_s = 0, p95_s = 0, busy_ps = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::vector<Seen> run_with(const JobGrid& grid, unsigned threads) {
  std::vector<Seen> seen;
  ExecOptions options;
  options.threads = threads;
  const ExecResult result = run_jobs(
      grid, options, [&seen](std::size_t replication, std::size_t period, Outcome&& outcome) {
        const GroupTally& group = outcome.groups[0][0];
        seen.push_back({replication, period, group.arrived, group.queue_delay.histogram.sum_s(),
                        group.queue_delay.histogram.quantile_s(0.95),
                        outcome.pool_totals[0].busy_ps});
      });
  CHECK(result.complete);
  CHECK(result.replications_delivered == grid.replications);
  return seen;
}

}  // namespace

TEST_CASE("any number of threads gives the same bits in the same order", "[exec]") {
  const JobGrid grid = queue_grid(5, 0.5, 4, 2, 3);
  const std::vector<Seen> one = run_with(grid, 1);
  REQUIRE(one.size() == 8);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CHECK(one[i].replication == i / 2);
    CHECK(one[i].period == i % 2);
  }
  CHECK(run_with(grid, 2) == one);
  CHECK(run_with(grid, 7) == one);
}

TEST_CASE("cells are counted by their weight", "[exec]") {
  JobGrid grid = queue_grid(5, 0.5, 1, 1, 2);
  const double both = run_with(grid, 2)[0].arrived;
  double each[2] = {0, 0};
  const auto make = grid.make;
  for (std::size_t cell = 0; cell < 2; ++cell) {
    grid.cells = 1;
    grid.make = [&make, cell](const JobIndex&) {
      CellJob job = make({0, 0, cell});
      job.weight = 1;
      return job;
    };
    each[cell] = run_with(grid, 1)[0].arrived;
  }
  CHECK(both == each[0] + 2 * each[1]);  // weights 1 and 2
}

TEST_CASE("replications may begin anywhere", "[exec]") {
  JobGrid grid = queue_grid(3, 0.2, 6, 1, 1);
  const std::vector<Seen> all = run_with(grid, 2);
  grid.first_replication = 4;
  grid.replications = 2;
  const std::vector<Seen> rest = run_with(grid, 2);
  CHECK(rest == std::vector<Seen>(all.begin() + 4, all.end()));
}

TEST_CASE("a cancelled run delivers whole replications and says that it is not complete",
          "[exec]") {
  const JobGrid grid = queue_grid(50, 2, 200, 1, 1);
  std::atomic<bool> cancel{false};
  std::size_t delivered = 0;
  ExecOptions options;
  options.threads = 2;
  options.cancel = &cancel;
  const ExecResult result = run_jobs(grid, options, [&](std::size_t, std::size_t, Outcome&&) {
    if (++delivered == 3) cancel = true;
  });
  CHECK_FALSE(result.complete);
  CHECK(result.replications_delivered == delivered);
  CHECK(delivered < 200);
}

TEST_CASE("a run can be cancelled before its first replication ends", "[exec]") {
  const JobGrid grid = queue_grid(200, 24 * 60, 1, 1, 1);  // 830 million requests: minutes
  std::atomic<bool> cancel{false};
  ExecOptions options;
  options.threads = 1;
  options.cancel = &cancel;
  options.progress = [&cancel](const Progress& progress) {
    CHECK(progress.share >= 0);
    CHECK(progress.share <= 1);
    if (progress.requests > 0) cancel = true;
  };
  const ExecResult result = run_jobs(grid, options, [](std::size_t, std::size_t, Outcome&&) {});
  CHECK_FALSE(result.complete);
  CHECK(result.replications_delivered == 0);
  CHECK(result.wall_s < 30);
}

TEST_CASE("being watched changes no result", "[exec]") {
  const JobGrid grid = queue_grid(5, 0.5, 2, 1, 1);
  const std::vector<Seen> plain = run_with(grid, 1);
  std::vector<double> arrived;
  const std::atomic<bool> cancel{false};
  ExecOptions options;
  options.threads = 2;
  options.cancel = &cancel;
  options.progress = [](const Progress&) {};
  run_jobs(grid, options, [&arrived](std::size_t, std::size_t, Outcome&& outcome) {
    arrived.push_back(outcome.groups[0][0].arrived);
  });
  REQUIRE(arrived.size() == 2);
  CHECK(arrived[0] == plain[0].arrived);
  CHECK(arrived[1] == plain[1].arrived);
}

TEST_CASE("every request's record reaches the sink of its job", "[exec]") {
  struct Counter final : RecordSink {
    explicit Counter(std::atomic<std::int64_t>& count) : total(count) {}
    void on_end(const RequestRecord&) override { ++total; }
    std::atomic<std::int64_t>& total;
  };
  const JobGrid grid = queue_grid(5, 0.5, 2, 1, 2);
  std::atomic<std::int64_t> records{0};
  ExecOptions options;
  options.threads = 2;
  options.records = [&records](const JobIndex&) { return std::make_unique<Counter>(records); };
  const ExecResult result = run_jobs(grid, options, [](std::size_t, std::size_t, Outcome&&) {});
  CHECK(result.requests == static_cast<double>(records));
  CHECK(result.requests > 0);
}

TEST_CASE("an exception in a job or in the consumer ends the run and is passed on", "[exec]") {
  JobGrid grid = queue_grid(2, 0.1, 20, 1, 1);
  const auto nothing = [](std::size_t, std::size_t, Outcome&&) {};
  CHECK_THROWS_WITH(
      run_jobs(grid, {},
               [](std::size_t, std::size_t, Outcome&&) { throw std::runtime_error("full disk"); }),
      "full disk");
  const auto make = grid.make;
  grid.make = [make](const JobIndex& at) {
    if (at.replication == 5) throw std::runtime_error("no such trace");
    return make(at);
  };
  CHECK_THROWS_WITH(run_jobs(grid, {}, nothing), "no such trace");
}

TEST_CASE("there are no more threads than jobs", "[exec]") {
  CHECK(thread_count(8, 3) == 3);
  CHECK(thread_count(2, 100) == 2);
  CHECK(thread_count(0, 1) == 1);
  CHECK(thread_count(0, 1000) == std::max(1U, std::thread::hardware_concurrency()));
}
