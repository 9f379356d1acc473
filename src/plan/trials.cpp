#include "trials.hpp"

#include <iterator>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// One cell's run of a trial.
struct TrialJob {
  std::size_t trial = 0;
  JobIndex at;
  bool first = false, last = false;  ///< of its trial
};

}  // namespace

std::vector<Judgement> TrialRunner::run(const std::vector<Trial>& trials) {
  HEADROOM_CHECK(replications_ >= 1 && replications_ <= kMostTrialReplications,
                 "few replications: verdicts are by their mean");
  std::vector<ResolvedScenario> scenarios;
  std::vector<TrialJob> jobs;
  for (std::size_t t = 0; t < trials.size(); ++t) {
    const Trial& trial = trials[t];
    ResolvedScenario& made = scenarios.emplace_back(with_fleet(*trial.variant, trial.fleet));
    if (trial.arrivals) made = with_arrivals_in(made, *trial.arrivals);
    const std::size_t first = jobs.size();
    for (std::size_t r = 0; r < replications_; ++r) {
      for (std::size_t p = 0; p < made.periods.size(); ++p) {
        for (std::size_t c = 0; c < made.cells.size(); ++c) jobs.push_back({t, {r, p, c}});
      }
    }
    jobs[first].first = true;
    jobs.back().last = true;
  }
  std::vector<Judgement> judgements;
  if (jobs.empty()) return judgements;
  JobGrid grid;
  grid.replications = jobs.size();
  grid.seconds_per_job = seconds(scenarios.front().horizon);
  grid.make = [&](const JobIndex& number) {
    const TrialJob& job = jobs[number.replication];
    CellJob made = scenarios[job.trial].job(job.at.replication, job.at.period, job.at.cell);
    made.weight = 1;  // weighed when the fleet is put together
    return made;
  };
  Evaluation evaluation;
  Outcome fleet;
  const ExecResult exec =
      run_jobs(grid, exec_, [&](std::size_t number, std::size_t, Outcome&& outcome) {
        const TrialJob& job = jobs[number];
        const ResolvedScenario& scenario = scenarios[job.trial];
        if (job.first) {
          evaluation.result = start_run(scenario);
          evaluation.hours_only = trials[job.trial].arrivals.has_value();
        }
        counts_.events += static_cast<double>(outcome.counters.events);
        const MeasureSpec& spec = evaluation.result.spec;
        keep_for_targets(outcome, spec);
        const double weight = scenario.cells[job.at.cell].weight;
        if (job.at.cell == 0) {
          fleet = std::move(outcome);
          fleet.scale(weight);
        } else {
          fleet.merge(outcome, weight);
        }
        if (job.at.cell + 1 < scenario.cells.size()) return;
        add_targets_of_replication(evaluation.result.periods[job.at.period].statistics, spec,
                                   fleet);
        if (job.last)
          judgements.push_back(judge_evaluation(evaluation, scenario.scenario.confidence));
      });
  counts_.candidates += trials.size();
  counts_.runs += static_cast<double>(jobs.size());
  counts_.requests += exec.requests;
  if (!exec.complete) throw SearchStopped{};
  HEADROOM_CHECK(judgements.size() == trials.size(), "every trial is judged");
  return judgements;
}

void RowKnown::add(std::int64_t x, const Judgement& judgement) {
  tried_[x] = {judgement.holds, judgement.severity, judgement.in_busiest_hours == 0};
}

std::optional<RowKnown::Tried> RowKnown::at(std::int64_t x) const {
  const auto found = tried_.find(x);
  if (found != tried_.end()) return found->second;
  const auto above = tried_.upper_bound(x);
  // The nearest tried fleet to either side says it, if it says anything.
  if (above != tried_.begin()) {
    const Tried& below = std::prev(above)->second;
    if (below.holds) return below;
  }
  if (above != tried_.end() && !above->second.holds) return above->second;
  return std::nullopt;
}

std::optional<std::int64_t> RowKnown::smallest_that_holds() const {
  for (const auto& [x, tried] : tried_) {
    if (tried.holds) return x;
  }
  return std::nullopt;
}

std::optional<std::int64_t> RowKnown::largest_that_fails() const {
  for (auto it = tried_.rbegin(); it != tried_.rend(); ++it) {
    if (!it->second.holds) return it->first;
  }
  return std::nullopt;
}

}  // namespace headroom
