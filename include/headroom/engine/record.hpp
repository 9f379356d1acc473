#pragma once

#include <cstdint>

#include "headroom/core/ids.hpp"
#include "headroom/core/units.hpp"

namespace headroom {

enum class EndState : std::uint8_t { kFinished, kRejected, kAbandoned, kFailed, kUnfinished };
inline constexpr std::size_t kEndStates = 5;

/// Why a request was refused.
enum class RejectReason : std::uint8_t {
  kNone,
  kNeverFits,
  kContextLimit,
  kTokenBucket,  ///< its class's bucket was empty
  kQuota,        ///< its user had made enough requests that day
  kQueueCap,     ///< as many waited as may
};
inline constexpr std::size_t kRejectReasons = 6;

/// Refused so that others fare better, and not because it can never be served.
constexpr bool on_purpose(RejectReason reason) {
  return reason == RejectReason::kTokenBucket || reason == RejectReason::kQuota ||
         reason == RejectReason::kQueueCap;
}

/// Everything that is known of a request when it has ended. Times are kNever when the thing never
/// happened; no fixed delay is included. Of a request that was tried more than once, arrival is
/// that of the first attempt, end, reason, stage, pool and tokens are of the last, first_scheduled,
/// first_token and last_token are over all, and counts and times are summed over all.
struct RequestRecord {
  RequestId id{0};
  ClassId request_class{0};
  EndState end = EndState::kUnfinished;
  RejectReason reason = RejectReason::kNone;
  Ticks arrival{0};
  Ticks first_scheduled = kNever;  ///< start of the first step or batch that worked on it
  Ticks first_token = kNever;      ///< end of the step that made the first output token
  Ticks last_token = kNever;       ///< end of the step that made the newest output token
  Ticks finish = kNever;           ///< end of the last stage; for others when it ended, or horizon
  Ticks time_in_queue{0};          ///< summed over all its waits, those after preemption included
  std::int32_t prompt_tokens = 0;  ///< of stage 0
  std::int32_t output_tokens = 0;  ///< asked for, summed over the stages entered
  std::int32_t made_tokens = 0;    ///< output tokens made
  std::int32_t preemptions = 0;
  std::int32_t stage = 0;         ///< the last stage entered
  PoolId pool{0};                 ///< of that stage
  ReplicaId replica{UINT32_MAX};  ///< that served it last; UINT32_MAX = none
  std::int32_t attempts = 1;
  bool in_service = false;  ///< abandoned after its last attempt had been scheduled
  Ticks wasted{0};          ///< replica time spent on attempts that were lost

  friend bool operator==(const RequestRecord&, const RequestRecord&) = default;
};

/// Receives every request once, when it ends, in order of ending; ends of one tick, and the
/// unfinished at the horizon, in order of id.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void on_end(const RequestRecord& record) = 0;
};

}  // namespace headroom
