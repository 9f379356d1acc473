#include "headroom/plan/evaluate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

#include "headroom/core/check.hpp"

namespace headroom {
namespace {

/// Cells of so many replications are simulated before they are put together: enough to keep threads
/// busy, few enough to fit into the memory meant for them.
constexpr std::size_t kReplicationsAtOnce = 4;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// A histogram covers the powers of two between its smallest and its largest value.
std::size_t bytes_of(const LatencyTally& tally) {
  const Histogram& h = tally.histogram;
  if (h.count() <= 0) return sizeof(tally);
  const auto octave = [](Ticks t) {
    return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(t.count)));
  };
  const std::size_t octaves = 1 + octave(h.max()) - octave(h.min());
  return sizeof(tally) + octaves * (std::size_t{1} << h.bits()) * sizeof(double);
}

/// Nearly all of an outcome are its histograms and timelines.
std::size_t bytes_of(const Outcome& outcome) {
  std::size_t bytes = 0;
  for (const auto& stretches : outcome.groups) {
    for (const GroupTally& g : stretches) {
      for (const LatencyTally* t : {&g.queue_delay, &g.ttft, &g.itl, &g.tpot, &g.e2e}) {
        bytes += bytes_of(*t);
      }
      bytes += bytes_of(g.time_in_queue);
    }
  }
  for (const auto& minutes : outcome.minutes) {
    for (const MinuteTally& m : minutes) {
      for (const LatencyTally* t : {&m.queue_delay, &m.ttft, &m.tpot, &m.e2e}) {
        bytes += bytes_of(*t);
      }
    }
  }
  for (const ClassTimeline& line : outcome.classes) {
    bytes += 3 * sizeof(double) * line.arrivals.size();
  }
  for (const PoolTimeline& line : outcome.pools) bytes += 4 * sizeof(double) * line.running.size();
  return bytes;
}

/// Cells that share nothing and of which fewer kinds are simulated than there are fleets to try.
bool made_of_cells(const ResolvedScenario& scenario) { return scenario.scenario.cells.count > 1; }

Candidate in_hours(const Candidate& candidate, const BusiestHours& hours) {
  return {candidate.family + ", busiest hours",
          with_arrivals_in(candidate.scenario, hours.simulate)};
}

std::unique_ptr<Evaluation> start_evaluation(const Candidate& candidate) {
  auto made = std::make_unique<Evaluation>();
  const ResolvedScenario& scenario = candidate.scenario;
  made->family = candidate.family;
  made->fleet = fleet_of(scenario);
  made->gpus = gpus_of(scenario, made->fleet);
  made->result = start_run(scenario);
  return made;
}

void judge_periods(Evaluation& evaluation, double confidence) {
  for (PeriodResult& period : evaluation.result.periods) {
    period.verdicts = judge(period.statistics, evaluation.result.spec, confidence);
  }
}

double ratio_severity(double bound, double limit) {
  if (bound <= 0) return -kInfinite;
  if (limit <= 0) return kInfinite;
  return std::log(bound / limit);
}

/// A fleet of its cells, each counted by its weight, in the order and by the arithmetic of
/// run_jobs.
Outcome put_together(const ResolvedScenario& scenario,
                     const std::shared_ptr<const Outcome>* outcomes) {
  Outcome fleet = *outcomes[0];
  fleet.scale(scenario.cells[0].weight);
  for (std::size_t c = 1; c < scenario.cells.size(); ++c) {
    fleet.merge(*outcomes[c], scenario.cells[c].weight);
  }
  return fleet;
}

}  // namespace

double severity_of(const TargetVerdict& verdict, const TargetSpec& target) {
  if (!verdict.reason.empty()) return kInfinite;
  const double bound = verdict.bound;
  // Of a share that should be large what counts is how much is missing from the whole.
  if (target.metric == Metric::kSloAttainment) {
    return ratio_severity(1 - bound, 1 - target.limit);
  }
  return target.lower_limit() ? ratio_severity(target.limit, bound)
                              : ratio_severity(bound, target.limit);
}

Judgement judge_evaluation(const Evaluation& evaluation, double confidence,
                           const std::vector<bool>& judged) {
  const RunResult& result = evaluation.result;
  Judgement judgement;
  judgement.replications = evaluation.replications();
  judgement.in_busiest_hours = evaluation.in_busiest_hours();
  judgement.confidence = confidence;
  judgement.holds = judgement.replications > 0;
  judgement.severity = -kInfinite;
  judgement.period = result.busiest();
  std::vector<std::vector<TargetVerdict>> shown;
  for (std::size_t p = 0; p < result.periods.size(); ++p) {
    std::vector<TargetVerdict> verdicts =
        judge(result.periods[p].statistics, result.spec, confidence);
    for (std::size_t t = 0; t < verdicts.size(); ++t) {
      if (!judged.empty() && !judged[t]) continue;
      judgement.holds = judgement.holds && verdicts[t].pass;
      judgement.excluded = judgement.excluded || verdicts[t].excluded;
      const double severity = severity_of(verdicts[t], result.spec.targets[t]);
      const bool busier =
          result.periods[p].rate_multiplier >= result.periods[judgement.period].rate_multiplier;
      const bool as_severe = severity == judgement.severity && judgement.period != p && busier;
      if (!judgement.binding || severity > judgement.severity || as_severe) {
        judgement.severity = severity;
        judgement.binding = t;
        judgement.period = p;
      }
    }
    shown.push_back(std::move(verdicts));
  }
  judgement.verdicts = std::move(shown[judgement.period]);
  return judgement;
}

Evaluator::Evaluator(ExecOptions exec, std::size_t cell_cache_bytes)
    : exec_(std::move(exec)), cell_cache_bytes_(cell_cache_bytes) {}

bool Evaluator::knows(const Candidate& candidate, Detail detail, std::size_t replications) const {
  const auto found = known_.find({candidate.family, fleet_of(candidate.scenario), detail});
  return found != known_.end() && found->second->replications() >= replications;
}

void Evaluator::note_tried(const std::string& family, const FleetSize& fleet) {
  const auto first = tried_.lower_bound({fleet, ""});
  if (first == tried_.end() || first->first != fleet) counts_.fleets += 1;
  if (tried_.insert({fleet, family}).second) counts_.candidates += 1;
}

const Evaluation& Evaluator::evaluate(const Candidate& candidate, const Effort& effort,
                                      Detail detail) {
  note_tried(candidate.family, fleet_of(candidate.scenario));
  const std::size_t n = effort.replications;
  const std::optional<BusiestHours> hours =
      effort.whole < n ? busiest_hours(candidate.scenario) : std::nullopt;
  if (!hours) return whole_runs(candidate, n, detail);
  if (effort.whole == 0) {
    const bool known =
        knows(candidate, Detail::kEverything, n) || knows(candidate, Detail::kTargets, n);
    if (known) return whole_runs(candidate, n, detail);
    Evaluation& evaluation = whole_runs(in_hours(candidate, *hours), n, detail);
    evaluation.hours_only = true;
    return evaluation;
  }
  Evaluation& evaluation = whole_runs(candidate, effort.whole, detail);
  add_hours(candidate, evaluation, n, *hours);
  return evaluation;
}

Evaluation& Evaluator::whole_runs(const Candidate& candidate, std::size_t replications,
                                  Detail detail) {
  // Everything that was asked for of it says more than its targets alone.
  if (knows(candidate, Detail::kEverything, replications)) detail = Detail::kEverything;
  if (!made_of_cells(candidate.scenario)) detail = Detail::kEverything;  // costs next to nothing
  auto& slot = known_[{candidate.family, fleet_of(candidate.scenario), detail}];
  if (!slot) slot = start_evaluation(candidate);
  Evaluation& evaluation = *slot;
  if (evaluation.replications() >= replications) return evaluation;
  HEADROOM_CHECK(evaluation.added_in_hours == 0, "whole replications come first");
  if (on_evaluate) on_evaluate(evaluation, replications);
  RunResult& result = evaluation.result;
  simulate(candidate, result.spec, evaluation.replications(), replications, detail,
           [&](std::size_t period, const Outcome& fleet) {
             RunStatistics& statistics = result.periods[period].statistics;
             if (detail == Detail::kEverything) {
               add_replication(statistics, result.spec, fleet);
             } else {
               add_targets_of_replication(statistics, result.spec, fleet);
             }
           });
  judge_periods(evaluation, candidate.scenario.scenario.confidence);
  return evaluation;
}

void Evaluator::add_hours(const Candidate& candidate, Evaluation& evaluation,
                          std::size_t replications, const BusiestHours& hours) {
  const std::size_t first = evaluation.replications();
  if (first >= replications) return;
  RunResult& result = evaluation.result;
  std::vector<std::vector<bool>> decided;  // by period and target
  bool any = false;
  for (const PeriodResult& period : result.periods) {
    auto& of_period = decided.emplace_back();
    for (std::size_t t = 0; t < result.spec.targets.size(); ++t) {
      of_period.push_back(
          decided_in(hours, result.spec, result.spec.targets[t], period.statistics.targets[t]));
      any = any || of_period.back();
    }
  }
  if (!any) return;
  if (on_evaluate) on_evaluate(evaluation, replications);
  simulate(in_hours(candidate, hours), result.spec, first, replications, Detail::kTargets,
           [&](std::size_t period, const Outcome& fleet) {
             add_target_values(result.periods[period].statistics, result.spec, fleet,
                               decided[period]);
           });
  evaluation.added_in_hours += replications - first;
  judge_periods(evaluation, candidate.scenario.scenario.confidence);
}

void Evaluator::count(const ExecResult& exec, double runs) {
  counts_.runs += runs;
  counts_.requests += exec.requests;
  threads_ = std::max(threads_, exec.threads);
  if (!exec.complete) throw SearchStopped{};
}

void Evaluator::simulate(const Candidate& candidate, const MeasureSpec& spec, std::size_t first,
                         std::size_t last, Detail detail, const Consume& consume) {
  if (made_of_cells(candidate.scenario)) {
    simulate_by_cells(candidate, spec, first, last, detail, consume);
    return;
  }
  const JobGrid grid = job_grid(candidate.scenario, first, last - first);
  const ExecResult exec =
      run_jobs(grid, exec_, [&](std::size_t, std::size_t period, Outcome&& outcome) {
        counts_.events += static_cast<double>(outcome.counters.events);
        consume(period, outcome);
      });
  count(exec, static_cast<double>((last - first) * grid.periods * grid.cells));
}

void Evaluator::remember(CellKey key, std::shared_ptr<const Outcome> outcome) {
  if (cells_.contains(key)) return;
  const std::size_t bytes = bytes_of(*outcome);
  ages_.push_back(key);
  const auto age = std::prev(ages_.end());
  cells_[std::move(key)] = {std::move(outcome), bytes, age};
  cell_bytes_ += bytes;
  while (cell_bytes_ > cell_cache_bytes_ && cells_.size() > 1) {
    const auto oldest = cells_.find(ages_.front());
    cell_bytes_ -= oldest->second.bytes;
    ages_.pop_front();
    cells_.erase(oldest);
  }
}

Evaluator::CellKey Evaluator::key_of(const Candidate& candidate, const JobIndex& at) {
  const CellJob job = candidate.scenario.job(at.replication, at.period, at.cell);
  CellKey key;
  key.family = candidate.family;
  key.replication = at.replication;
  key.period = at.period;
  key.number = candidate.scenario.cells[at.cell].number;
  for (const PoolConfig& pool : job.config.pools) {
    key.replicas.push_back(pool.replicas);
    key.delivered.push_back(pool.delivered);
  }
  key.events = job.config.fleet_events;
  return key;
}

std::vector<std::shared_ptr<const Outcome>> Evaluator::cell_outcomes(
    const Candidate& candidate, const MeasureSpec& spec, const std::vector<JobIndex>& wanted,
    Detail detail) {
  const ResolvedScenario& scenario = candidate.scenario;
  std::vector<std::shared_ptr<const Outcome>> outcomes(wanted.size());
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto found = cells_.find(key_of(candidate, wanted[i]));
    if (detail == Detail::kTargets && found != cells_.end()) {
      outcomes[i] = found->second.outcome;
    } else {
      missing.push_back(i);
    }
  }
  if (missing.empty()) return outcomes;
  JobGrid grid;
  grid.replications = missing.size();
  grid.seconds_per_job = seconds(scenario.horizon);
  grid.make = [&](const JobIndex& number) {
    const JobIndex& at = wanted[missing[number.replication]];
    CellJob job = scenario.job(at.replication, at.period, at.cell);
    job.weight = 1;  // weighed when a fleet is put together
    return job;
  };
  const ExecResult exec =
      run_jobs(grid, exec_, [&](std::size_t number, std::size_t, Outcome&& outcome) {
        counts_.events += static_cast<double>(outcome.counters.events);
        auto& whole = outcomes[missing[number]];
        if (detail == Detail::kEverything) whole = std::make_shared<const Outcome>(outcome);
        keep_for_targets(outcome, spec);
        auto kept = std::make_shared<const Outcome>(std::move(outcome));
        if (detail == Detail::kTargets) whole = kept;
        remember(key_of(candidate, wanted[missing[number]]), std::move(kept));
      });
  count(exec, static_cast<double>(missing.size()));
  return outcomes;
}

void Evaluator::simulate_by_cells(const Candidate& candidate, const MeasureSpec& spec,
                                  std::size_t first, std::size_t last, Detail detail,
                                  const Consume& consume) {
  const ResolvedScenario& scenario = candidate.scenario;
  while (first < last) {
    const std::size_t end = std::min(last, first + kReplicationsAtOnce);
    std::vector<JobIndex> wanted;
    for (; first < end; ++first) {
      for (std::size_t period = 0; period < scenario.periods.size(); ++period) {
        for (std::size_t c = 0; c < scenario.cells.size(); ++c)
          wanted.push_back({first, period, c});
      }
    }
    const auto outcomes = cell_outcomes(candidate, spec, wanted, detail);
    for (std::size_t at = 0; at < wanted.size(); at += scenario.cells.size()) {
      consume(wanted[at].period, put_together(scenario, &outcomes[at]));
    }
  }
}

}  // namespace headroom
