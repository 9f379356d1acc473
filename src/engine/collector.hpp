#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "headroom/engine/config.hpp"
#include "headroom/engine/outcome.hpp"
#include "headroom/engine/run_cell.hpp"
#include "live_request.hpp"
#include "step_series.hpp"

namespace headroom {

__extension__ using Wide = __int128;

/// Counts whole widths up to times that never go back.
class TimeGrid {
 public:
  explicit TimeGrid(Ticks width) : width_(width.count), end_(width.count) {}
  /// floor(time / width).
  std::int64_t cell_of(std::int64_t time) {
    while (time >= end_) {
      end_ += width_;
      ++cell_;
    }
    return cell_;
  }

 private:
  std::int64_t width_, end_;
  std::int64_t cell_ = 0;
};

/// How a request's last attempt was reached and ended.
struct AttemptsOf {
  std::int32_t attempts = 1;
  bool in_service = false;
  bool backing_off = false;  ///< between two attempts at the horizon
  std::int64_t wasted = 0;   ///< replica time
};

/// Turns what happens to requests into an Outcome. Knows nothing of replicas.
class Collector {
 public:
  Collector(const CellConfig& config, RequestStream& requests, RecordSink* sink,
            RunMonitor* monitor);

  /// A request has arrived; sets its group and minute.
  void arrived(LiveRequest& request);
  /// A request has been worked on for the first time (or has ended before).
  void first_scheduled(LiveRequest& request, std::int64_t now);
  void first_token(const LiveRequest& request);
  /// A gap between two tokens for `count` requests of one group.
  void token_gap(std::uint32_t group, Ticks gap, std::int64_t count) {
    groups_[group].itl.histogram.add(gap, static_cast<double>(count));
  }
  /// Gaps between tokens for `count` requests of one group.
  void token_gaps(std::uint32_t group, const Progression& gaps, std::int64_t count) {
    groups_[group].itl.histogram.add(gaps, static_cast<double>(count));
  }
  void preempted(const LiveRequest& request) { groups_[request.group].preemptions += 1; }
  /// The request has left the system, or is still there at the horizon.
  void ended(LiveRequest& request, const RequestDetail& detail, EndState end, RejectReason reason,
             std::int64_t now, const AttemptsOf& attempts = {});
  /// An attempt has been lost, and another one will be made.
  void attempt_lost(const LiveRequest& request, EndState end, RejectReason reason, bool in_service);
  /// That one has begun.
  void tried_again(const LiveRequest& request) { groups_[request.group].attempts += 1; }
  /// All ends of a tick are known: hands their records to the sink in order of id.
  void flush_records() {
    if (!pending_records_.empty()) write_records();
  }

  std::uint32_t group_count() const { return static_cast<std::uint32_t>(groups_.size()); }

  /// Checks conservation and Little's law and moves the results out.
  Outcome finish(std::int64_t horizon);

 private:
  void change_backlog(std::uint32_t request_class, int change, std::int64_t now);
  void leave_backlog(LiveRequest& request, std::int64_t now);
  void note_late(std::uint32_t request_class, std::int64_t from, std::int64_t now);
  void write_records();
  void tell(std::int64_t now);
  void tally_missing(const LiveRequest& request, const RequestDetail& detail, EndState end,
                     RejectReason reason);
  void account_population(std::int64_t now, int change);
  RequestRecord record_of(const LiveRequest& request, const RequestDetail& detail, EndState end,
                          RejectReason reason, std::int64_t now, const AttemptsOf& attempts) const;
  MinuteTally& minute_of(const LiveRequest& request) {
    return minutes_[request.request_class * minute_count_ + request.minute];
  }

  const CellConfig& config_;
  RequestStream& requests_;
  RecordSink* sink_;
  RunMonitor* monitor_;
  std::int64_t ended_ = 0, scheduled_ = 0;  // since it was told last
  double delay_s_ = 0;                      // of those, summed
  std::size_t stretch_count_;
  std::size_t stretch_ = 0;  // of the newest arrival
  std::size_t bins_;
  std::size_t minute_count_;
  // Of the newest arrival, kept from one to the next: divisions cost more.
  TimeGrid arrival_minute_, arrival_bin_;
  TimeGrid edge_;                     // bins that ended before the latest call of leave_backlog
  std::vector<GroupTally> groups_;    // [class * stretches + stretch]
  std::vector<MinuteTally> minutes_;  // [class * minutes + minute]
  std::vector<bool> makes_tokens_;    // by class
  struct ClassState {
    StepSeries backlog;
    std::vector<double> arrivals;
    std::vector<std::int64_t> oldest_arrival;  // in the backlog at the end of each bin
    double backlog_peak = 0;
    std::int64_t backlog_peak_at = 0;
    std::int64_t backlog_since = 0;  // the present value has stood since then
    std::vector<LateStretch> late;
  };
  std::vector<ClassState> classes_;
  std::vector<RequestRecord> pending_records_;
  std::int64_t population_ = 0;
  std::int64_t population_since_ = 0;
  Wide population_area_ = 0;  // request-ticks, from counting those in the system
  Wide sojourn_sum_ = 0;      // request-ticks, from each request's own times
};

}  // namespace headroom
