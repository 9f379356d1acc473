#include "comparison.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "differences.hpp"
#include "headroom/engine/run_cell.hpp"
#include "reference_engine.hpp"
#include "scripted_source.hpp"

namespace headroom::reference {
namespace {

class KeptRecords final : public RecordSink {
 public:
  void on_end(const RequestRecord& record) override { records.push_back(record); }
  std::vector<RequestRecord> records;
};

void compare_record(Differences& differences, const RequestRecord& fast,
                    const RequestRecord& plain) {
  const auto field = [&](const char* name, auto a, auto b) {
    differences.whole(fmt::format("request {}, {}", index(plain.id), name),
                      static_cast<std::int64_t>(a), static_cast<std::int64_t>(b));
  };
  field("class", index(fast.request_class), index(plain.request_class));
  field("end state", fast.end, plain.end);
  field("reason", fast.reason, plain.reason);
  field("arrival", fast.arrival.count, plain.arrival.count);
  field("first_scheduled", fast.first_scheduled.count, plain.first_scheduled.count);
  field("first_token", fast.first_token.count, plain.first_token.count);
  field("last_token", fast.last_token.count, plain.last_token.count);
  field("finish", fast.finish.count, plain.finish.count);
  field("time_in_queue", fast.time_in_queue.count, plain.time_in_queue.count);
  field("prompt_tokens", fast.prompt_tokens, plain.prompt_tokens);
  field("output_tokens", fast.output_tokens, plain.output_tokens);
  field("made_tokens", fast.made_tokens, plain.made_tokens);
  field("preemptions", fast.preemptions, plain.preemptions);
  field("stage", fast.stage, plain.stage);
  field("pool", index(fast.pool), index(plain.pool));
  field("replica", index(fast.replica), index(plain.replica));
  field("attempts", fast.attempts, plain.attempts);
  field("in_service", fast.in_service, plain.in_service);
  field("wasted", fast.wasted.count, plain.wasted.count);
  // A field added to the record and not above would show here.
  if (!(fast == plain)) {
    differences.note(fmt::format("request {} differs", index(plain.id)));
  }
}

void compare_records(Differences& differences, const std::vector<RequestRecord>& fast,
                     const std::vector<RequestRecord>& plain) {
  differences.whole("number of records", static_cast<std::int64_t>(fast.size()),
                    static_cast<std::int64_t>(plain.size()));
  std::map<RequestId, const RequestRecord*> by_id;
  for (const RequestRecord& record : fast) by_id[record.id] = &record;
  for (const RequestRecord& record : plain) {
    const auto found = by_id.find(record.id);
    if (found == by_id.end()) {
      differences.note(fmt::format("request {} has no record", index(record.id)));
    } else {
      compare_record(differences, *found->second, record);
    }
  }
  if (fast.size() != plain.size()) return;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (fast[i].id != plain[i].id) {
      differences.note(fmt::format("record {} is of request {}, not {}", i, index(fast[i].id),
                                   index(plain[i].id)));
      return;
    }
  }
}

/// What one (class, stretch) should hold, from the plain engine's records.
struct PlainGroup {
  double arrived = 0, preemptions = 0, in_service = 0, refused = 0;
  double rejected[kRejectReasons] = {};
  double ended[kEndStates] = {};
  double delays = 0, delay_sum = 0, firsts = 0, first_sum = 0, ends = 0, end_sum = 0;
};

std::vector<std::vector<PlainGroup>> plain_groups(const CellConfig& config,
                                                  const std::vector<RequestRecord>& records) {
  const auto& starts = config.collect.stretch_starts;
  std::vector<std::vector<PlainGroup>> groups(config.classes.size(),
                                              std::vector<PlainGroup>(starts.size()));
  for (const RequestRecord& record : records) {
    const auto after = std::upper_bound(starts.begin(), starts.end(), record.arrival);
    PlainGroup& group =
        groups[index(record.request_class)][static_cast<std::size_t>(after - starts.begin()) - 1];
    group.arrived += 1;
    group.ended[static_cast<std::size_t>(record.end)] += 1;
    group.preemptions += record.preemptions;
    group.in_service += record.in_service;
    if (record.end == EndState::kRejected) {
      group.rejected[static_cast<std::size_t>(record.reason)] += 1;
      group.refused += on_purpose(record.reason);
    }
    if (record.first_scheduled != kNever) {
      group.delays += 1;
      group.delay_sum += seconds(record.first_scheduled - record.arrival);
    }
    if (record.first_token != kNever) {
      group.firsts += 1;
      group.first_sum += seconds(record.first_token - record.arrival);
    }
    if (record.end == EndState::kFinished) {
      group.ends += 1;
      group.end_sum += seconds(record.finish - record.arrival);
    }
  }
  return groups;
}

void compare_groups(Differences& differences, const CellConfig& config, const Outcome& outcome,
                    const std::vector<RequestRecord>& records) {
  const auto plain = plain_groups(config, records);
  for (std::size_t c = 0; c < plain.size(); ++c) {
    for (std::size_t s = 0; s < plain[c].size(); ++s) {
      const GroupTally& fast = outcome.groups.at(c).at(s);
      const PlainGroup& group = plain[c][s];
      const std::string where = fmt::format("class {} stretch {} ", c, s);
      differences.count(where + "arrived", fast.arrived, group.arrived);
      for (std::size_t e = 0; e < kEndStates; ++e) {
        differences.count(where + fmt::format("ended in state {}", e), fast.ended[e],
                          group.ended[e]);
      }
      differences.count(where + "preemptions", fast.preemptions, group.preemptions);
      for (std::size_t i = 0; i < kRejectReasons; ++i) {
        differences.count(where + fmt::format("rejected for reason {}", i), fast.rejected[i],
                          group.rejected[i]);
      }
      differences.count(where + "left in service", fast.in_service, group.in_service);
      differences.count(where + "refused on purpose", fast.refused(), group.refused);
      differences.count(where + "queue delays", fast.queue_delay.histogram.count(), group.delays);
      differences.sum(where + "queue delay sum", fast.queue_delay.histogram.sum_s(),
                      group.delay_sum);
      differences.count(where + "TTFTs", fast.ttft.histogram.count(), group.firsts);
      differences.sum(where + "TTFT sum", fast.ttft.histogram.sum_s(), group.first_sum);
      differences.count(where + "E2Es", fast.e2e.histogram.count(), group.ends);
      differences.sum(where + "E2E sum", fast.e2e.histogram.sum_s(), group.end_sum);
    }
  }
}

/// Attempts are counted by class alone on the plain side.
void compare_attempts(Differences& differences, const Outcome& outcome,
                      const ReferenceCounts& counts) {
  for (std::size_t c = 0; c < counts.attempts.size(); ++c) {
    const AttemptCounts& plain = counts.attempts[c];
    GroupTally fast;
    for (const GroupTally& group : outcome.groups.at(c)) fast.merge(group, 1);
    const std::string where = fmt::format("class {} attempts ", c);
    const auto count = [&](const std::string& what, double a, std::int64_t b) {
      differences.count(where + what, a, static_cast<double>(b));
    };
    count("begun", fast.attempts, plain.begun);
    for (std::size_t i = 0; i < kEndStates; ++i) {
      count(fmt::format("ended in state {}", i), fast.attempts_ended[i], plain.ended[i]);
    }
    for (std::size_t i = 1; i < kRejectReasons; ++i) {
      count(fmt::format("rejected for reason {}", i), fast.attempts_rejected[i], plain.rejected[i]);
    }
    count("left in service", fast.attempts_in_service, plain.in_service);
  }
}

void compare_gaps(Differences& differences, const Outcome& outcome, const ReferenceCounts& counts) {
  for (std::size_t c = 0; c < counts.gaps.size(); ++c) {
    const GapSummary& plain = counts.gaps[c];
    double number = 0, sum = 0;
    std::int64_t min = INT64_MAX, max = 0;
    for (const GroupTally& group : outcome.groups.at(c)) {
      const Histogram& histogram = group.itl.histogram;
      number += histogram.count();
      sum += histogram.sum_s();
      if (histogram.count() == 0) continue;
      min = std::min(min, histogram.min().count);
      max = std::max(max, histogram.max().count);
    }
    const std::string where = fmt::format("class {} inter-token gaps ", c);
    differences.count(where + "number", number, static_cast<double>(plain.count));
    differences.sum(where + "sum", sum, plain.sum / static_cast<double>(kTicksPerSecond));
    if (number == 0) continue;
    differences.whole(where + "min", min, plain.min);
    differences.whole(where + "max", max, plain.max);
  }
}

void compare_pools(Differences& differences, const CellConfig& config, const Outcome& outcome,
                   const ReferenceCounts& counts) {
  for (std::size_t p = 0; p < counts.pools.size(); ++p) {
    const PoolTotals& fast = outcome.pool_totals.at(p);
    const PoolCounts& plain = counts.pools[p];
    const std::string where = fmt::format("pool {} ", p);
    differences.count(where + "admissions", fast.admissions, static_cast<double>(plain.admissions));
    differences.count(where + "preemptions", fast.preemptions,
                      static_cast<double>(plain.preemptions));
    differences.sum(where + "wasted", fast.wasted_ps, static_cast<double>(plain.wasted.count));
    differences.count(where + "starts", fast.starts, static_cast<double>(plain.starts));
    differences.count(where + "faults", fast.faults, static_cast<double>(plain.faults));
    differences.count(where + "removals", fast.removals, static_cast<double>(plain.removals));
    if (config.pools[p].mode == BatchMode::kSlots) continue;  // has no steps
    // A step that the horizon or a fault cuts may count or not.
    const double cut = static_cast<double>(counts.pools[p].steps_cut);
    const double steps = fast.steps - static_cast<double>(plain.steps);
    if (steps < 0 || steps > cut) differences.count(where + "steps less those cut", steps, 0);
    const double mixed = fast.mixed_steps - static_cast<double>(plain.mixed);
    if (mixed < 0 || mixed > cut) differences.count(where + "mixed steps less those cut", mixed, 0);
  }
}

/// What a pool was loaded with, by the engine that plans every step against the one that runs
/// ahead: sums of the same times in another order.
void compare_loads(Differences& differences, const std::vector<PoolTotals>& ahead,
                   const std::vector<PoolTotals>& stepwise) {
  for (std::size_t p = 0; p < ahead.size(); ++p) {
    const std::string where = fmt::format("pool {} ", p);
    const auto compare = [&](const char* what, double a, double b) {
      if (std::abs(a - b) > 1e-9 * std::max(a, b)) differences.count(where + what, b, a);
    };
    compare("busy time", ahead[p].busy_ps, stepwise[p].busy_ps);
    compare("time beyond the fit", ahead[p].beyond_fit_ps, stepwise[p].beyond_fit_ps);
    compare("largest batch", ahead[p].largest_batch, stepwise[p].largest_batch);
    compare("most tokens of a step", ahead[p].largest_step_tokens, stepwise[p].largest_step_tokens);
    compare("most KV blocks", ahead[p].kv_block_peak, stepwise[p].kv_block_peak);
  }
}

}  // namespace

Comparison compare_engines(const Scenario& scenario, Reach& reach) {
  ScriptedSource source(scenario.requests, scenario.later_work);
  ReferenceCounts counts;
  const auto plain = run_reference(scenario.config, source, &counts);
  reach.add(scenario, counts, plain);

  Comparison comparison;
  std::vector<PoolTotals> totals;
  for (const bool stepwise : {false, true}) {
    Differences differences(stepwise ? "the stepwise engine" : "the fast engine");
    RequestStream stream = RequestStream::from_requests(scenario.requests, scenario.later_work);
    KeptRecords kept;
    const Outcome outcome = stepwise ? run_cell_stepwise(scenario.config, stream, &kept)
                                     : run_cell(scenario.config, stream, &kept);
    compare_records(differences, kept.records, plain);
    compare_groups(differences, scenario.config, outcome, plain);
    compare_attempts(differences, outcome, counts);
    compare_gaps(differences, outcome, counts);
    compare_pools(differences, scenario.config, outcome, counts);
    compare_timelines(differences, scenario.config, outcome, plain, counts);
    if (stepwise) compare_loads(differences, totals, outcome.pool_totals);
    comparison.difference += differences.text();
    if (stepwise) continue;
    totals = outcome.pool_totals;
    for (const PoolTotals& pool : outcome.pool_totals) {
      comparison.plans += pool.plans;
      comparison.cut_plans += pool.cut_plans;
      comparison.largest_batch = std::max(comparison.largest_batch, pool.largest_batch);
    }
  }
  if (!comparison.difference.empty()) {
    comparison.difference +=
        describe(scenario) +
        fmt::format("run again: HEADROOM_DIFF_SEED={} headroom_differential_driver\n",
                    scenario.seed);
  }
  return comparison;
}

}  // namespace headroom::reference
