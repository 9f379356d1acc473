#include "differences.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace headroom::reference {
namespace {

constexpr std::int64_t kWordsKept = 12;
/// Stretches nearer than this are one: the five minutes of a drain time.
constexpr Ticks kDrained{5 * 60 * kTicksPerSecond};

/// Time-mean of how many of `spans` cover each bin.
std::vector<double> mean_covering(const CellConfig& config, const std::vector<Span>& spans) {
  std::vector<double> means;
  const Ticks step = config.collect.timeline_step;
  for (Ticks from{0}; from < config.horizon; from += step) {
    const Ticks to = std::min(from + step, config.horizon);
    double covered = 0;
    for (const Span& span : spans) {
      const Ticks overlap = std::min(to, span.to) - std::max(from, span.from);
      if (overlap.count > 0) covered += static_cast<double>(overlap.count);
    }
    means.push_back(covered / static_cast<double>((to - from).count));
  }
  return means;
}

void compare_bins(Differences& differences, const std::string& what,
                  const std::vector<double>& fast, const std::vector<double>& plain) {
  if (fast.size() != plain.size()) {
    differences.whole(what + " bins", static_cast<std::int64_t>(fast.size()),
                      static_cast<std::int64_t>(plain.size()));
    return;
  }
  for (std::size_t i = 0; i < plain.size(); ++i) {
    differences.sum(fmt::format("{} in bin {}", what, i), fast[i], plain[i]);
  }
}

/// values[i] / (of[i] * each): what is at work of what is in service; 0 where nothing is.
std::vector<double> shares(std::vector<double> values, const std::vector<double>& of, double each) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = of[i] > 0 ? values[i] / (of[i] * each) : 0;
  }
  return values;
}

double sum_of(const std::vector<Span>& spans) {
  double sum = 0;
  for (const Span& span : spans) sum += static_cast<double>((span.to - span.from).count);
  return sum;
}

/// The waits that make up the backlog of one class: until first scheduled or ended.
std::vector<Span> backlog_of(std::uint32_t request_class,
                             const std::vector<RequestRecord>& records) {
  std::vector<Span> spans;
  for (const RequestRecord& record : records) {
    if (index(record.request_class) != request_class) continue;
    spans.push_back({record.arrival, std::min(record.first_scheduled, record.finish)});
  }
  return spans;
}

/// After the work of tick `at`; at the horizon, of those who still wait there.
double oldest_age_s(const std::vector<Span>& backlog, Ticks at, Ticks horizon) {
  Ticks oldest{0};
  for (const Span& span : backlog) {
    const bool waits = span.from <= at && (at < span.to || (at == horizon && span.to == horizon));
    if (waits) oldest = std::max(oldest, at - span.from);
  }
  return seconds(oldest);
}

/// Most waiting at once: after all of a tick's work, or with everybody counted who waited at any
/// moment of it.
double peak_of(const std::vector<Span>& backlog, bool within_tick) {
  double peak = 0;
  for (const Span& each : backlog) {
    double waiting = 0;
    for (const Span& span : backlog) {
      waiting +=
          span.from <= each.from && (each.from < span.to || (within_tick && each.from == span.to));
    }
    peak = std::max(peak, waiting);
  }
  return peak;
}

std::vector<LateStretch> late_of(const std::vector<Span>& backlog, Ticks limit, Ticks horizon) {
  std::vector<Span> late;
  for (const Span& span : backlog) {
    if (span.to - span.from > limit) late.push_back({span.from + limit, span.to});
  }
  std::sort(late.begin(), late.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  std::vector<LateStretch> joined;
  for (const Span& span : late) {
    if (joined.empty() || span.from - joined.back().to >= kDrained) {
      joined.push_back({span.from, span.to, false});
    } else {
      joined.back().to = std::max(joined.back().to, span.to);
    }
  }
  if (!joined.empty()) joined.back().open = joined.back().to == horizon;
  return joined;
}

void compare_class(Differences& differences, const CellConfig& config, std::uint32_t c,
                   const Outcome& outcome, const std::vector<RequestRecord>& records) {
  const ClassTimeline& fast = outcome.classes.at(c);
  const std::vector<Span> backlog = backlog_of(c, records);
  const std::string where = fmt::format("class {} ", c);
  compare_bins(differences, where + "queue_len", fast.queue_len, mean_covering(config, backlog));

  const Ticks step = config.collect.timeline_step;
  std::vector<double> arrivals, ages;
  for (Ticks from{0}; from < config.horizon; from += step) {
    const Ticks to = std::min(from + step, config.horizon);
    ages.push_back(oldest_age_s(backlog, to, config.horizon));
    arrivals.push_back(
        static_cast<double>(std::count_if(backlog.begin(), backlog.end(), [&](const Span& span) {
          return from <= span.from && span.from < to;
        })));
  }
  compare_bins(differences, where + "arrivals", fast.arrivals, arrivals);
  compare_bins(differences, where + "oldest_age_s", fast.oldest_age_s, ages);
  // The order of work inside a tick decides what a peak sees of it.
  if (fast.backlog_peak < peak_of(backlog, false) || fast.backlog_peak > peak_of(backlog, true)) {
    differences.count(where + "backlog peak", fast.backlog_peak, peak_of(backlog, false));
  }

  const auto late = late_of(backlog, config.classes[c].drain_limit, config.horizon);
  const auto& fast_late = outcome.late.at(c);
  differences.whole(where + "late stretches", static_cast<std::int64_t>(fast_late.size()),
                    static_cast<std::int64_t>(late.size()));
  for (std::size_t i = 0; i < std::min(late.size(), fast_late.size()); ++i) {
    differences.whole(where + "late from", fast_late[i].from.count, late[i].from.count);
    differences.whole(where + "late to", fast_late[i].to.count, late[i].to.count);
    differences.whole(where + "late at the horizon", fast_late[i].open, late[i].open);
  }
}

void compare_pool(Differences& differences, const CellConfig& config, std::size_t p,
                  const Outcome& outcome, const PoolCounts& counts) {
  const PoolConfig& pool = config.pools[p];
  const PoolTimeline& fast = outcome.pools.at(p);
  const std::string where = fmt::format("pool {} ", p);
  const PoolTotals& totals = outcome.pool_totals.at(p);
  const std::vector<double> in_service = mean_covering(config, counts.in_service);
  compare_bins(differences, where + "in_service", fast.in_service, in_service);
  compare_bins(differences, where + "down", fast.down, mean_covering(config, counts.down));
  differences.sum(where + "in_service_ps", totals.in_service_ps, sum_of(counts.in_service));
  differences.sum(where + "down_ps", totals.down_ps, sum_of(counts.down));
  compare_bins(differences, where + "running", fast.running, mean_covering(config, counts.running));
  compare_bins(differences, where + "queued", fast.queued, mean_covering(config, counts.queued));
  if (pool.mode == BatchMode::kSlots) {
    compare_bins(differences, where + "busy_share", fast.busy_share,
                 shares(mean_covering(config, counts.running), in_service,
                        static_cast<double>(pool.max_batch)));
    return;
  }
  compare_bins(differences, where + "busy_share", fast.busy_share,
               shares(mean_covering(config, counts.busy), in_service, 1));
  differences.sum(where + "busy_ps", totals.busy_ps, sum_of(counts.busy));
}

}  // namespace

void Differences::whole(const std::string& what, std::int64_t fast, std::int64_t plain) {
  if (fast == plain) return;
  note(fmt::format("{}: {} has {}, the plain engine {}", what, engine_, fast, plain));
}

void Differences::count(const std::string& what, double fast, double plain) {
  if (fast == plain) return;
  note(fmt::format("{}: {} has {}, the plain engine {}", what, engine_, fast, plain));
}

void Differences::sum(const std::string& what, double fast, double plain) {
  if (std::abs(fast - plain) <= 1e-9 * std::max(std::abs(plain), 1e-9)) return;
  note(fmt::format("{}: {} has {}, the plain engine {}", what, engine_, fast, plain));
}

void Differences::note(const std::string& line) {
  if (++found_ <= kWordsKept) text_ += line + '\n';
}

std::string Differences::text() const {
  return found_ <= kWordsKept ? text_ : text_ + fmt::format("... {} differences\n", found_);
}

void compare_timelines(Differences& differences, const CellConfig& config, const Outcome& outcome,
                       const std::vector<RequestRecord>& plain, const ReferenceCounts& counts) {
  for (std::uint32_t c = 0; c < config.classes.size(); ++c) {
    compare_class(differences, config, c, outcome, plain);
  }
  for (std::size_t p = 0; p < config.pools.size(); ++p) {
    compare_pool(differences, config, p, outcome, counts.pools[p]);
  }
}

}  // namespace headroom::reference
