#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "headroom/core/ids.hpp"
#include "headroom/core/random.hpp"
#include "headroom/core/units.hpp"

namespace headroom {

/// What one stage of a request asks for. Fields that a stage's pool does not use are 0.
struct StageWork {
  std::int32_t prompt_tokens = 0;  ///< >= 1 on a pool that makes tokens
  std::int32_t output_tokens = 0;  ///< >= 1 on a pool that makes tokens
  std::int32_t cached_tokens = 0;  ///< of the prompt, held by a prefix cache; < prompt_tokens
  Ticks service{0};                ///< drawn service time, on a pool with a service_time model
};

/// One request as the demand makes it, before anything is known about the fleet.
struct Request {
  RequestId id{0};           ///< number in its cell, in order of (arrival, class)
  std::uint64_t entity = 0;  ///< number within its class: the key of everything drawn for it
  ClassId request_class{0};
  Ticks arrival{0};         ///< since the run's start; < horizon
  Ticks patience = kNever;  ///< longest wait in the first queue; kNever = endless
  Ticks timeout = kNever;   ///< of a client or proxy, on every attempt; kNever = none
  /// Requests of the same user earlier that day; 0 where no quota asks for them.
  std::int32_t earlier_today = 0;
  StageWork work;  ///< of stage 0
};

struct WorkloadConfig;

/// The requests of one cell in one replication, sorted by (arrival, class), filled in chunks:
/// memory does not grow with their number. The same (config, key, share) gives the same requests
/// whatever the fleet does with them.
class RequestStream {
 public:
  /// demand_share: this cell's part of the whole demand, in (0, 1]. rate_multiplier scales every
  /// class's rate (growth of a sampled busy period). The config must outlive the stream.
  /// Rows of a trace are dealt to cells: this one takes those whose draw in [0, 1) falls in
  /// [demand_offset, demand_offset + demand_share), so that cells whose shares tile [0, 1) share
  /// out every row once. A config that was not prepared (workload/config.hpp) is compiled here.
  /// Throws InputError when a trace cannot be read.
  RequestStream(const WorkloadConfig& config, const RunKey& key, double demand_share,
                double rate_multiplier = 1.0, double demand_offset = 0.0);
  ~RequestStream();
  RequestStream(RequestStream&&) noexcept;

  /// A stream of exactly these requests, already sorted by (arrival, class) and numbered from 0, in
  /// place of drawn ones: for tests and benchmarks. later_work[i] holds the work of stages 1, 2,
  /// ... of the request whose entity is i.
  static RequestStream from_requests(std::vector<Request> requests,
                                     std::vector<std::vector<StageWork>> later_work = {});

  /// From the next request on, arrivals are so many times as late as drawn: the same requests,
  /// further apart. Their last is then at most `times` the demand's end. REQUIRES: times >= 1.
  void spread(std::int64_t times);

  /// From the next request on, those that are drawn to arrive before `from` or from `to` on are
  /// left out. All others are as they would be. REQUIRES: drawn requests; from <= to.
  void only(Ticks from, Ticks to);

  /// The next request, or false when the demand ends.
  bool next(Request& request);

  /// Work of a later stage (>= 1); stage 0 is in the request. Any order, any number of times.
  StageWork stage_work(ClassId request_class, std::uint64_t entity, std::uint32_t stage) const;

 private:
  struct Impl;
  explicit RequestStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace headroom
