#include "reference_engine.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "headroom/core/check.hpp"

namespace headroom::reference {
namespace {

using std::int64_t;
__extension__ using Wide = __int128;

struct Replica;

/// One request in the system.
struct Job {
  Request request;
  RequestRecord record;
  std::int32_t tier = 0;
  StageWork work;                    // of the stage it is on
  Ticks admitted{0};                 // to a replica, the last time
  Ticks joined{0};                   // its queue, the last time
  int64_t made = 0;                  // output tokens, on this stage
  int64_t computed = 0;              // tokens whose KV is held
  int64_t blocks = 0;                // held
  int64_t kept = 0;                  // names the blocks it left when it was preempted; 0 = none
  bool prefilling = false;           // admitted and its known tokens not yet computed
  int64_t scheduled = 0;             // tokens the present step computes for it
  Ticks leaves = kNever;             // slots: end of its service
  Replica* where = nullptr;          // admitted there
  std::list<Job*>* queue = nullptr;  // the queue it came from
  // Of this attempt:
  Ticks started{0};
  Ticks scheduled_at = kNever;  // for the first time
  std::vector<Ticks> spent;     // replica time, by stage
  int64_t share_from = 0;       // its replica's share clock at admission
  Ticks retries = kNever;       // backing off until then

  int64_t known() const { return work.prompt_tokens + made; }
};

using Queue = std::list<Job*>;

enum class Standing { kOut, kDown, kServing, kLeaving, kGone };

// A free block that may still hold tokens of a preempted request.
struct FreeBlock {
  int64_t kept = 0;    // whose; 0 = nobody's
  int64_t number = 0;  // among its blocks, from the first tokens on; -1 = not full
};

struct Replica {
  ReplicaId id{0};
  Standing standing = Standing::kOut;
  Ticks since{0};             // in service, or not
  std::vector<Job*> running;  // admitted, in order of admission
  int64_t free_blocks = 0;
  // Where a pool reuses them: free blocks in the order in which they are taken. It is longer than
  // free_blocks by what the step being built was promised.
  std::deque<FreeBlock> free_list;
  Ticks step_start{0};
  std::optional<Ticks> step_end;  // inside a step or batch that ends then
  bool mixed = false;             // that step holds prefill and decodes
  // The share of its time that each admitted request has had, if it was there all along.
  int64_t share_clock = 0;
  Ticks share_since{0};
  // While a step is built:
  int64_t budget = 0;
  bool admitted_any = false;
  bool preempted_any = false;
};

struct Pool {
  PoolId id{0};
  const PoolConfig* config = nullptr;
  std::vector<Replica> replicas;
  std::vector<Queue> queues;  // one under central, else one a replica
  Queue held;                 // dispatch: who found no serving replica
  int64_t routed = 0;
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

class Engine {
 public:
  Engine(const CellConfig& config, RequestSource& source, ReferenceCounts& counts)
      : config_(config), source_(source), counts_(counts) {
    counts_ = {};
    counts_.gaps.resize(config.classes.size());
    counts_.pools.resize(config.pools.size());
    counts_.attempts.resize(config.classes.size());
    full_at_.resize(config.classes.size(), 0);
    for (const PoolConfig& pool_config : config.pools) {
      Pool& pool = pools_.emplace_back();
      pool.id = PoolId{static_cast<std::uint32_t>(pools_.size() - 1)};
      pool.config = &pool_config;
      pool.replicas.resize(static_cast<std::size_t>(pool_config.all_replicas()));
      for (std::uint32_t i = 0; i < pool.replicas.size(); ++i) {
        pool.replicas[i].id = ReplicaId{i};
        pool.replicas[i].free_blocks = pool_config.kv_blocks;
        empty_cache(pool, pool.replicas[i]);
        if (i < pool_config.replicas) pool.replicas[i].standing = Standing::kServing;
      }
      pool.queues.resize(central(pool) ? 1 : pool.replicas.size());
    }
  }

  std::vector<RequestRecord> run() {
    fetch();
    for (;;) {
      now_ = next_tick();
      if (now_ >= config_.horizon) break;
      kinds_this_tick_ = 0;
      end_steps();
      change_fleet();
      abandon();
      arrive();
      while (admit_and_start()) {
      }
      let_go();
      counts_.shared_ticks += std::popcount(kinds_this_tick_) > 1;
    }
    now_ = config_.horizon;
    for (Pool& pool : pools_) {
      for (Replica& replica : pool.replicas) {
        stand(pool, replica, Standing::kGone);
        if (!replica.step_end) continue;
        ++counts_.pools[index(pool.id)].steps_cut;
        counts_.pools[index(pool.id)].busy.push_back({replica.step_start, now_});
      }
    }
    while (!jobs_.empty()) {
      Job& job = jobs_.begin()->second;
      if (job.where) {
        counts_.pools[index(job.record.pool)].running.push_back({job.admitted, now_});
      } else if (job.retries == kNever) {
        leave_queue(job);
      }
      counts_.backing_off += job.retries != kNever;
      if (job.retries == kNever) {
        ++attempts_of(job).ended[static_cast<std::size_t>(EndState::kUnfinished)];
      }
      job.record.reason = RejectReason::kNone;
      job.record.in_service = false;
      end(job, EndState::kUnfinished);
    }
    std::sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
      return a.finish != b.finish ? a.finish < b.finish : a.id < b.id;
    });
    return std::move(records_);
  }

 private:
  static bool central(const Pool& pool) { return pool.config->queueing == Queueing::kCentral; }
  static bool makes_tokens(const Pool& pool) {
    return pool.config->mode == BatchMode::kContinuous || pool.config->mode == BatchMode::kChunked;
  }
  Pool& pool_of(const Job& job) { return pools_[index(job.record.pool)]; }
  const ClassConfig& class_of(const Job& job) const {
    return config_.classes[index(job.record.request_class)];
  }
  AttemptCounts& attempts_of(const Job& job) {
    return counts_.attempts[index(job.record.request_class)];
  }
  // When its user leaves, whatever is being done for him then.
  Ticks leaves_at(const Job& job) const {
    const ClassConfig& of = class_of(job);
    const Ticks from = of.timeout == TimeoutFrom::kNone      ? kNever
                       : of.timeout == TimeoutFrom::kArrival ? job.started
                                                             : job.scheduled_at;
    const Ticks timeout = later(from, job.request.timeout);
    const Ticks patience =
        of.patience_in_service ? later(job.started, job.request.patience) : kNever;
    return std::min(timeout, patience);
  }
  // When he leaves, given where the request is now: on a replica, in a queue or between stages.
  Ticks deadline(const Job& job) const {
    if (job.retries != kNever) return kNever;
    const bool first_wait = !job.where && job.record.stage == 0 && job.scheduled_at == kNever;
    return first_wait ? std::min(leaves_at(job), later(job.started, job.request.patience))
                      : leaves_at(job);
  }

  void fetch() {
    Request request;
    next_ = source_.next(request) ? std::optional(request) : std::nullopt;
  }

  // The next tick at which anything can happen.
  Ticks next_tick() {
    Ticks next = next_ ? next_->arrival : kNever;
    if (event_ < config_.fleet_events.size()) {
      next = std::min(next, config_.fleet_events[event_].at);
    }
    for (auto& [id, job] : jobs_) {
      // On a replica inside a step he leaves at its end.
      if (!job.where || !job.where->step_end) next = std::min(next, deadline(job));
      next = std::min(next, job.retries);
      if (job.where) next = std::min(next, job.leaves);
      if (!job.where && job.retries == kNever && pool_of(job).config->mode == BatchMode::kStatic &&
          later(job.joined, pool_of(job).config->max_wait) > now_) {
        next = std::min(next, later(job.joined, pool_of(job).config->max_wait));
      }
    }
    for (Pool& pool : pools_) {
      for (Replica& replica : pool.replicas) {
        if (replica.step_end) next = std::min(next, *replica.step_end);
      }
    }
    return next;
  }

  // ---- 1: step ends -------------------------------------------------------------------------

  void end_steps() {
    for (Pool& pool : pools_) {
      for (Replica& replica : pool.replicas) {
        if (replica.step_end == now_) {
          end_step(pool, replica);
          kinds_this_tick_ |= 1;
        }
        for (Job* job : std::vector<Job*>(replica.running)) {  // slots
          if (job->leaves == now_) leave(pool, replica, *job);
        }
      }
    }
  }

  void end_step(Pool& pool, Replica& replica) {
    replica.step_end.reset();
    ++counts_.pools[index(pool.id)].steps;
    counts_.pools[index(pool.id)].busy.push_back({replica.step_start, now_});
    counts_.pools[index(pool.id)].mixed += replica.mixed;
    for (Job* job : std::vector<Job*>(replica.running)) {
      if (!makes_tokens(pool)) {
        leave(pool, replica, *job);
        continue;
      }
      if (job->scheduled == 0) continue;  // stood still
      job->computed += job->scheduled;
      job->scheduled = 0;
      if (job->computed < job->known()) continue;
      job->prefilling = false;
      make_token(*job);
      if (job->made == job->work.output_tokens) leave(pool, replica, *job);
    }
  }

  void make_token(Job& job) {
    ++job.made;
    RequestRecord& record = job.record;
    ++record.made_tokens;
    if (record.first_token == kNever) {
      record.first_token = now_;
    } else {
      counts_.gaps[index(record.request_class)].add((now_ - record.last_token).count);
    }
    record.last_token = now_;
  }

  void leave(Pool&, Replica& replica, Job& job) {
    kinds_this_tick_ |= 1;
    take_off(replica, job);
    if (leaves_at(job) < now_) {  // during the step: the answer comes too late
      attempt_over(job, EndState::kAbandoned, RejectReason::kNone);
    } else if (static_cast<std::size_t>(job.record.stage) + 1 == class_of(job).stages.size()) {
      attempt_over(job, EndState::kFinished, RejectReason::kNone);
    } else {
      handed_over_[job.record.id] = &job;
      job.joined = now_;  // joins its next queue at this tick
    }
  }

  // ---- 2: faults and fleet changes ------------------------------------------------------------

  void change_fleet() {
    std::vector<std::pair<Pool*, Replica*>> removed;
    for (; event_ < config_.fleet_events.size(); ++event_) {
      const FleetEvent& event = config_.fleet_events[event_];
      if (event.at != now_) break;
      kinds_this_tick_ |= 8;
      Pool& pool = pools_[index(event.pool)];
      Replica& replica = pool.replicas[index(event.replica)];
      PoolCounts& counts = counts_.pools[index(pool.id)];
      switch (event.kind) {
        case FleetEventKind::kFault:
          fault(pool, replica);
          break;
        case FleetEventKind::kStart:
          ++counts.starts;
          stand(pool, replica, Standing::kServing);
          break;
        case FleetEventKind::kRemoval:
          ++counts.removals;
          if (replica.standing == Standing::kServing) {
            stand(pool, replica, Standing::kLeaving);
            removed.emplace_back(&pool, &replica);
          } else {
            stand(pool, replica, Standing::kGone);
          }
          break;
      }
    }
    if (!(kinds_this_tick_ & 8)) return;
    for (Pool& pool : pools_) {
      if (central(pool)) continue;
      if (!serving(pool).empty()) hand_on(pool, pool.held, nullptr);
      for (const auto& [of, replica] : removed) {
        if (of == &pool) hand_on(pool, pool.queues[index(replica->id)], replica);
      }
    }
  }

  void fault(Pool& pool, Replica& replica) {
    if (replica.standing != Standing::kServing && replica.standing != Standing::kLeaving) return;
    PoolCounts& counts = counts_.pools[index(pool.id)];
    ++counts.faults;
    if (replica.step_end) {
      ++counts.steps_cut;
      counts.busy.push_back({replica.step_start, now_});
    }
    replica.step_end.reset();
    std::map<RequestId, Job*> failing;
    for (Job* job : replica.running) failing[job->record.id] = job;
    if (!central(pool)) {
      for (Job* job : pool.queues[index(replica.id)]) failing[job->record.id] = job;
    }
    for (auto& [id, job] : failing) {
      if (job->where) {
        ++counts_.failed_running;
        take_off(replica, *job);
      } else {
        ++counts_.failed_queued;
        leave_queue(*job);
      }
      attempt_over(*job, EndState::kFailed, RejectReason::kNone);
    }
    empty_cache(pool, replica);
    const bool leaving = replica.standing == Standing::kLeaving;
    stand(pool, replica, leaving ? Standing::kGone : Standing::kDown);
  }

  // Gives those in a queue to the router. from: the removed replica whose queue it is.
  void hand_on(Pool& pool, Queue& queue, const Replica* from) {
    for (Job* job : Queue(queue)) {
      leave_queue(*job);
      if (from) ++counts_.moved;
      job->queue = queue_for(pool, *job, from);
      join_back(*job);
    }
  }

  void stand(Pool& pool, Replica& replica, Standing standing) {
    PoolCounts& counts = counts_.pools[index(pool.id)];
    const auto used = [](Standing s) { return s == Standing::kServing || s == Standing::kLeaving; };
    const Standing before = std::exchange(replica.standing, standing);
    if (used(before) && used(standing)) return;
    if (used(before)) counts.in_service.push_back({replica.since, now_});
    if (before == Standing::kDown) counts.down.push_back({replica.since, now_});
    replica.since = now_;
  }

  // After a tick: removed replicas on which nothing is left.
  void let_go() {
    for (Pool& pool : pools_) {
      for (Replica& replica : pool.replicas) {
        if (replica.standing != Standing::kLeaving || !replica.running.empty()) continue;
        if (central(pool) || pool.queues[index(replica.id)].empty()) {
          stand(pool, replica, Standing::kGone);
        }
      }
    }
  }

  static std::vector<std::size_t> serving(const Pool& pool) {
    std::vector<std::size_t> ids;
    for (std::size_t i = 0; i < pool.replicas.size(); ++i) {
      if (pool.replicas[i].standing == Standing::kServing) ids.push_back(i);
    }
    return ids;
  }

  // ---- 3: leaving ---------------------------------------------------------------------------

  void abandon() {
    std::vector<Job*> leaving;
    for (auto& [id, job] : jobs_) {
      const bool inside_step = job.where && job.where->step_end;
      if (deadline(job) <= now_ && !inside_step) leaving.push_back(&job);
    }
    for (Job* job : leaving) {
      kinds_this_tick_ |= 2;
      ++counts_.abandonments;
      if (job->where) {
        take_off(*job->where, *job);
      } else if (handed_over_.erase(job->record.id) == 0) {
        leave_queue(*job);
      }
      attempt_over(*job, EndState::kAbandoned, RejectReason::kNone);
    }
  }

  // ---- 4: arrivals --------------------------------------------------------------------------

  void arrive() {
    for (; next_ && next_->arrival == now_; fetch()) {
      kinds_this_tick_ |= 4;
      Job& job = jobs_[next_->id];
      job.request = *next_;
      job.record.id = next_->id;
      job.record.request_class = next_->request_class;
      job.record.arrival = now_;
      job.record.prompt_tokens = next_->work.prompt_tokens;
      job.record.attempts = 0;
      job.tier = class_of(job).tier;
      attempt(job);
    }
    auto handed_over = std::move(handed_over_);
    handed_over_.clear();
    for (auto& [id, job] : handed_over) {
      const auto stage = static_cast<std::uint32_t>(job->record.stage) + 1;
      enter_stage(*job, stage,
                  source_.stage_work(job->request.request_class, job->request.entity, stage));
    }
    std::vector<Job*> retrying;
    for (auto& [id, job] : jobs_) {
      if (job.retries == now_) retrying.push_back(&job);
    }
    for (Job* job : retrying) {
      kinds_this_tick_ |= 4;
      ++counts_.retries;
      attempt(*job);
    }
  }

  // The request's first attempt, or a new one.
  void attempt(Job& job) {
    ++attempts_of(job).begun;
    ++job.record.attempts;
    job.record.output_tokens = job.record.made_tokens = 0;
    job.record.in_service = false;
    job.started = now_;
    job.scheduled_at = job.retries = kNever;
    job.spent.assign(class_of(job).stages.size(), Ticks{0});
    enter_stage(job, 0, job.request.work);
  }

  void enter_stage(Job& job, std::uint32_t stage, const StageWork& work) {
    job.work = work;
    job.made = job.kept = 0;
    job.record.stage = static_cast<std::int32_t>(stage);
    job.record.pool = class_of(job).stages[stage];
    job.record.output_tokens += work.output_tokens;
    Pool& pool = pool_of(job);
    RejectReason refusal = stage == 0 ? gateway(job) : RejectReason::kNone;
    if (refusal == RejectReason::kNone) refusal = refuse(*pool.config, work);
    if (refusal == RejectReason::kNone) {
      job.queue = queue_for(pool, job, nullptr);
      if (full(pool, job)) refusal = RejectReason::kQueueCap;
    }
    if (refusal != RejectReason::kNone) {
      attempt_over(job, EndState::kRejected, refusal);
      return;
    }
    join_back(job);
  }

  RejectReason gateway(const Job& job) {
    const ClassConfig& of = class_of(job);
    if (job.record.attempts == 1 && of.daily_quota > 0 &&
        job.request.earlier_today >= of.daily_quota) {
      return RejectReason::kQuota;
    }
    if (of.bucket.interval.count == 0) return RejectReason::kNone;
    // The bucket by the time at which it is full: every token that is missing sets it off by one
    // interval. There is a token when no more than `depth` is missing.
    Wide& full_at = full_at_[index(job.record.request_class)];
    if (full_at < now_.count) full_at = now_.count;
    if (full_at - now_.count > of.bucket.depth.count) return RejectReason::kTokenBucket;
    full_at += of.bucket.interval.count;
    return RejectReason::kNone;
  }

  bool full(const Pool& pool, const Job& job) const {
    int64_t room = class_of(job).queue_cap(static_cast<std::size_t>(job.record.stage));
    if (room == kNoQueueCap) return false;
    for (std::size_t r = 0; r < pool.replicas.size(); ++r) {  // slots that will be filled at once
      if (pool.config->mode != BatchMode::kSlots) break;
      if (!admits(pool, pool.replicas[r])) continue;
      if (!central(pool) && job.queue != &pool.queues[r]) continue;
      room += pool.config->max_batch - static_cast<int64_t>(pool.replicas[r].running.size());
    }
    return static_cast<int64_t>(job.queue->size()) >= room;
  }

  Queue* queue_for(Pool& pool, const Job& job, const Replica* from) {
    if (central(pool)) return &pool.queues[0];
    const std::vector<std::size_t> ids = serving(pool);
    if (!ids.empty()) return &pool.queues[ids[route(pool, job, ids, from)]];
    ++counts_.held;
    return &pool.held;
  }

  static RejectReason refuse(const PoolConfig& pool, const StageWork& work) {
    if (pool.mode != BatchMode::kContinuous && pool.mode != BatchMode::kChunked) {
      return RejectReason::kNone;
    }
    const int64_t tokens = int64_t{work.prompt_tokens} + work.output_tokens;
    if (pool.max_context > 0 && tokens > pool.max_context) return RejectReason::kContextLimit;
    if (ceil_div(tokens - 1, pool.block_tokens) > pool.kv_blocks) return RejectReason::kNeverFits;
    return RejectReason::kNone;
  }

  // An index into `ids`, the serving replicas.
  std::size_t route(Pool& pool, const Job& job, const std::vector<std::size_t>& ids,
                    const Replica* from) {
    const auto n = static_cast<double>(ids.size());
    const auto load = [&](std::size_t i) {
      return pool.queues[ids[i]].size() + pool.replicas[ids[i]].running.size();
    };
    const auto stage = static_cast<std::uint64_t>(job.record.stage);
    RandomStream random =
        from ? RandomStream(config_.key, Purpose::kReroute, index(from->id),
                            index(job.record.id) * 16 + stage)
             : RandomStream(config_.key, Purpose::kRoute,
                            index(job.record.request_class) |
                                static_cast<std::uint32_t>(job.record.attempts - 1) << 12U,
                            job.request.entity * 16 + stage);
    switch (pool.config->queueing) {
      case Queueing::kRoundRobin:
        return static_cast<std::size_t>(pool.routed++) % ids.size();
      case Queueing::kRandom:
        return static_cast<std::size_t>(random.uniform() * n);
      case Queueing::kLeastLoaded: {
        std::size_t best = 0;
        for (std::size_t i = 1; i < ids.size(); ++i) {
          if (load(i) < load(best)) best = i;
        }
        return best;
      }
      case Queueing::kPowerOfTwo: {
        auto a = static_cast<std::size_t>(random.uniform() * n);
        if (ids.size() == 1) return a;
        auto b = static_cast<std::size_t>(random.uniform() * (n - 1));
        if (b >= a) ++b;
        if (a > b) std::swap(a, b);
        return load(b) < load(a) ? b : a;
      }
      case Queueing::kCentral:
        break;
    }
    return 0;
  }

  void join_back(Job& job) {
    job.joined = now_;
    const auto behind = [&](const Job* other) { return other->tier > job.tier; };
    job.queue->insert(std::find_if(job.queue->begin(), job.queue->end(), behind), &job);
  }

  void join_at_head_of_tier(Job& job) {
    job.joined = now_;
    const auto behind = [&](const Job* other) { return other->tier >= job.tier; };
    job.queue->insert(std::find_if(job.queue->begin(), job.queue->end(), behind), &job);
  }

  // ---- 5: admission and step start ----------------------------------------------------------

  // One round; true when it started a step or admitted somebody.
  bool admit_and_start() {
    bool any = false;
    for (Pool& pool : pools_) {
      for (std::size_t q = 0; q < pool.queues.size(); ++q) {
        std::vector<Replica*> idle;
        for (std::size_t r = 0; r < pool.replicas.size(); ++r) {
          if ((central(pool) || r == q) && !pool.replicas[r].step_end) {
            idle.push_back(&pool.replicas[r]);
          }
        }
        switch (pool.config->mode) {
          case BatchMode::kSlots:
            any |= fill_slots(pool, pool.queues[q], idle);
            break;
          case BatchMode::kStatic:
            any |= start_batches(pool, pool.queues[q], idle);
            break;
          case BatchMode::kContinuous:
          case BatchMode::kChunked:
            any |= start_steps(pool, pool.queues[q], idle);
            break;
        }
      }
    }
    return any;
  }

  bool fill_slots(Pool& pool, Queue& queue, const std::vector<Replica*>& idle) {
    bool any = false;
    while (!queue.empty()) {
      Replica* best = nullptr;
      for (Replica* replica : idle) {
        if (admits(pool, *replica) &&
            static_cast<int64_t>(replica->running.size()) < pool.config->max_batch &&
            (!best || replica->running.size() < best->running.size())) {
          best = replica;
        }
      }
      if (!best) break;
      Job& job = *queue.front();
      admit(pool, *best, job);
      job.leaves = later(now_, std::max(Ticks{1}, job.work.service));
      any = true;
    }
    return any;
  }

  bool start_batches(Pool& pool, Queue& queue, const std::vector<Replica*>& idle) {
    bool any = false;
    for (Replica* replica : idle) {
      if (!admits(pool, *replica)) continue;
      const bool full = static_cast<int64_t>(queue.size()) >= pool.config->max_batch;
      bool waited = false;
      for (const Job* job : queue) waited |= now_ - job->joined >= pool.config->max_wait;
      if (queue.empty() || (!full && !waited)) break;
      Ticks longest{1};
      while (!queue.empty() &&
             static_cast<int64_t>(replica->running.size()) < pool.config->max_batch) {
        longest = std::max(longest, queue.front()->work.service);
        admit(pool, *replica, *queue.front());
      }
      if (pool.config->batch_times) {
        longest = Ticks{pool.config->batch_times->batch_ps[replica->running.size()]};
      }
      replica->step_start = now_;
      replica->step_end = later(now_, longest);
      any = true;
    }
    return any;
  }

  bool start_steps(Pool& pool, Queue& queue, const std::vector<Replica*>& idle) {
    const bool chunked = pool.config->mode == BatchMode::kChunked;
    for (Replica* replica : idle) {
      replica->budget = pool.config->token_budget;
      replica->admitted_any = replica->preempted_any = false;
      if (chunked) schedule_running(pool, *replica);
    }
    bool any = false;
    while (!queue.empty()) {
      Job& head = *queue.front();
      Replica* best = nullptr;
      for (Replica* replica : idle) {
        if (can_admit(pool, *replica, head) &&
            (!best || replica->running.size() < best->running.size())) {
          best = replica;
        }
      }
      if (!best) break;
      const int64_t tokens = tokens_at_admission(pool, *best, head);
      head.computed = found_tokens(pool, *best, head);
      if (head.computed > head.work.cached_tokens) {
        counts_.pools[index(pool.id)].blocks_reused += head.computed / pool.config->block_tokens;
        std::erase_if(best->free_list, [&](const FreeBlock& block) {
          return block.kept == head.kept && block.number >= 0 &&
                 block.number < head.computed / pool.config->block_tokens;
        });
      }
      head.kept = 0;
      admit(pool, *best, head);
      schedule(pool, *best, head, tokens);
      best->admitted_any = any = true;
    }
    for (Replica* replica : idle) {
      if (!chunked && !replica->admitted_any) schedule_running(pool, *replica);
      any |= start_step(pool, *replica);
    }
    return any;
  }

  // Tokens whose KV a waiting request would find: the cached part of its prompt, or the blocks it
  // left on this replica, from the first on, as far as nobody has taken them or is promised them.
  static int64_t found_tokens(const Pool& pool, const Replica& replica, const Job& job) {
    if (job.kept == 0) return job.work.cached_tokens;
    const auto promised = static_cast<int64_t>(replica.free_list.size()) - replica.free_blocks;
    int64_t found = 0;
    for (auto block = replica.free_list.rbegin(); block != replica.free_list.rend() - promised;
         ++block) {
      if (block->kept == job.kept && block->number == found) ++found;
    }
    return std::max<int64_t>(job.work.cached_tokens, found * pool.config->block_tokens);
  }

  // What the next step would compute of a waiting request: all of it, or what the budget leaves.
  static int64_t tokens_at_admission(const Pool& pool, const Replica& replica, const Job& job) {
    const int64_t missing = std::max(int64_t{1}, job.known() - found_tokens(pool, replica, job));
    return pool.config->mode == BatchMode::kChunked ? std::min(missing, replica.budget) : missing;
  }

  // A queue of its own holds only what a removed replica may still admit.
  static bool admits(const Pool& pool, const Replica& replica) {
    return !central(pool) || replica.standing == Standing::kServing;
  }

  static bool can_admit(const Pool& pool, const Replica& replica, const Job& job) {
    if (!admits(pool, replica)) return false;
    if (static_cast<int64_t>(replica.running.size()) >= pool.config->max_batch) return false;
    const int64_t tokens = tokens_at_admission(pool, replica, job);
    if (pool.config->mode == BatchMode::kChunked) {
      if (replica.preempted_any || replica.budget <= 0) return false;
    } else if (replica.admitted_any && tokens > replica.budget) {
      return false;
    }
    return ceil_div(found_tokens(pool, replica, job) + tokens, pool.config->block_tokens) <=
           replica.free_blocks;
  }

  // Every admitted request, in order of admission: a token each, or the next chunk of its prompt.
  void schedule_running(Pool& pool, Replica& replica) {
    for (Job* job : std::vector<Job*>(replica.running)) {
      if (job->where != &replica) continue;  // preempted meanwhile
      const int64_t want =
          job->prefilling ? std::min(job->known() - job->computed, replica.budget) : 1;
      const int64_t need = ceil_div(job->computed + want, pool.config->block_tokens);
      while (job->where && need - job->blocks > replica.free_blocks) preempt_one(pool, replica);
      if (job->where) schedule(pool, replica, *job, want);
    }
  }

  void schedule(Pool& pool, Replica& replica, Job& job, int64_t tokens) {
    const int64_t need = ceil_div(job.computed + tokens, pool.config->block_tokens);
    replica.free_blocks -= need - job.blocks;
    HEADROOM_CHECK(replica.free_blocks >= 0 && tokens > 0, "a scheduled request has its blocks");
    job.blocks = need;
    job.scheduled = tokens;
    replica.budget -= tokens;
  }

  // The lowest tier's last admitted goes back to the queue it came from.
  void preempt_one(Pool& pool, Replica& replica) {
    Job* victim = replica.running.front();
    for (Job* job : replica.running) {
      if (job->tier >= victim->tier) victim = job;
    }
    replica.preempted_any = true;
    replica.budget += victim->scheduled;
    ++victim->record.preemptions;
    ++counts_.pools[index(pool.id)].preemptions;
    if (pool.config->reuse_preempted) victim->kept = ++blocks_left_;
    take_off(replica, *victim);
    join_at_head_of_tier(*victim);
  }

  bool start_step(Pool& pool, Replica& replica) {
    const StepTable& table = *pool.config->steps;
    int64_t tokens = 0, rows = 0, decodes = 0, context = 0, prefills = 0, held = 0;
    Ticks prefill{0};
    for (const Job* job : replica.running) {
      if (job->scheduled == 0) continue;
      tokens += job->scheduled;
      rows += job->computed + job->scheduled == job->known();
      if (job->prefilling) {
        ++prefills;
        prefill += table.prefill_attention(job->scheduled, job->computed);
      } else {
        ++decodes;
        context += job->computed + 1;
      }
    }
    if (tokens == 0) return false;
    if (pool.config->reuse_preempted) {  // the promised blocks are taken
      const auto promised = static_cast<int64_t>(replica.free_list.size()) - replica.free_blocks;
      replica.free_list.erase(replica.free_list.begin(), replica.free_list.begin() + promised);
    }
    const Ticks duration = table.step(tokens, rows, decodes, context, prefill);
    HEADROOM_CHECK(duration.count > 0, "a step takes time");
    replica.step_start = now_;
    replica.step_end = now_ + duration;
    PoolCounts& counts = counts_.pools[index(pool.id)];
    replica.mixed = prefills > 0 && decodes > 0;
    for (const Replica& each : pool.replicas) held += pool.config->kv_blocks - each.free_blocks;
    counts.block_peak = std::max(counts.block_peak, held);
    return true;
  }

  void admit(Pool& pool, Replica& replica, Job& job) {
    ++counts_.pools[index(pool.id)].admissions;
    const auto overtaken = [&](const Job* other) {
      return other->tier > job.tier && other->joined < job.joined;
    };
    counts_.tier_inversions += std::any_of(job.queue->begin(), job.queue->end(), overtaken);
    leave_queue(job);
    advance_share(replica);
    job.share_from = replica.share_clock;
    job.where = &replica;
    job.admitted = now_;
    job.prefilling = makes_tokens(pool);
    replica.running.push_back(&job);
    job.record.replica = replica.id;
    if (job.record.first_scheduled == kNever) job.record.first_scheduled = now_;
    if (job.scheduled_at == kNever) job.scheduled_at = now_;
  }

  // Equal shares of a replica's time for all that are admitted there, in whole ticks from one
  // change of their number to the next.
  void advance_share(Replica& replica) const {
    if (!replica.running.empty()) {
      replica.share_clock +=
          (now_ - replica.share_since).count / static_cast<int64_t>(replica.running.size());
    }
    replica.share_since = now_;
  }

  void leave_queue(Job& job) {
    job.queue->remove(&job);
    job.record.time_in_queue += now_ - job.joined;
    counts_.pools[index(job.record.pool)].queued.push_back({job.joined, now_});
  }

  // Frees what an admitted request holds.
  void take_off(Replica& replica, Job& job) {
    counts_.pools[index(job.record.pool)].running.push_back({job.admitted, now_});
    advance_share(replica);
    job.spent[static_cast<std::size_t>(job.record.stage)] +=
        Ticks{replica.share_clock - job.share_from};
    std::erase(replica.running, &job);
    replica.free_blocks += job.blocks;
    const PoolConfig& pool = *pool_of(job).config;
    if (pool.reuse_preempted) {
      // The last tokens foremost, so that they are lost first. What the step being built had
      // promised the request was never taken.
      const int64_t full = job.computed / pool.block_tokens;
      for (int64_t i = ceil_div(job.computed, pool.block_tokens) - 1; i >= 0; --i) {
        replica.free_list.push_back({job.kept, i < full ? i : -1});
      }
    }
    job.blocks = job.computed = job.scheduled = 0;
    job.leaves = kNever;
    job.where = nullptr;
  }

  static void empty_cache(const Pool& pool, Replica& replica) {
    if (!pool.config->reuse_preempted) return;
    replica.free_list.assign(static_cast<std::size_t>(pool.config->kv_blocks), FreeBlock{});
  }

  // The present attempt has ended: for good, or the user will try again.
  void attempt_over(Job& job, EndState state, RejectReason reason) {
    AttemptCounts& counts = attempts_of(job);
    ++counts.ended[static_cast<std::size_t>(state)];
    ++counts.rejected[static_cast<std::size_t>(reason)];
    job.record.reason = reason;
    job.record.in_service = state == EndState::kAbandoned && job.scheduled_at != kNever;
    counts.in_service += job.record.in_service;
    if (state == EndState::kAbandoned || state == EndState::kFailed ||
        reason == RejectReason::kQueueCap) {
      for (std::size_t stage = 0; stage < job.spent.size(); ++stage) {
        counts_.pools[index(class_of(job).stages[stage])].wasted += job.spent[stage];
        job.record.wasted += job.spent[stage];
      }
    }
    const Ticks delay = back_off(job, state, reason);
    if (delay == kNever) {
      end(job, state);
      return;
    }
    job.retries = later(now_, delay);
    job.queue = nullptr;
  }

  // How long the user waits before he tries again; kNever when he does not.
  Ticks back_off(const Job& job, EndState state, RejectReason reason) const {
    const RetryRule& rule = class_of(job).retry;
    const bool tried_again =
        (state == EndState::kAbandoned && rule.abandoned) ||
        (state == EndState::kFailed && rule.failed) ||
        (state == EndState::kRejected && rule.rejected &&
         (reason == RejectReason::kTokenBucket || reason == RejectReason::kQueueCap));
    if (!tried_again || job.record.attempts >= rule.max_attempts) return kNever;
    return retry_delay(rule, config_.key, job.record.request_class, job.request.entity,
                       job.record.attempts);
  }

  void end(Job& job, EndState state) {
    job.record.end = state;
    job.record.finish = now_;
    records_.push_back(job.record);
    jobs_.erase(job.record.id);
  }

  const CellConfig& config_;
  RequestSource& source_;
  ReferenceCounts& counts_;
  std::vector<Pool> pools_;
  std::map<RequestId, Job> jobs_;
  std::map<RequestId, Job*> handed_over_;
  std::optional<Request> next_;
  std::vector<RequestRecord> records_;
  std::size_t event_ = 0;      // the next of the fleet events
  std::vector<Wide> full_at_;  // of the classes' token buckets; may lie months beyond the run
  Ticks now_{-1};
  int64_t blocks_left_ = 0;       // times that a preempted request left blocks behind
  unsigned kinds_this_tick_ = 0;  // bits: step ends 1, patience 2, arrivals 4, fleet changes 8
};

}  // namespace

void GapSummary::add(std::int64_t gap) {
  ++count;
  sum += static_cast<double>(gap);
  min = std::min(min, gap);
  max = std::max(max, gap);
}

std::vector<RequestRecord> run_reference(const CellConfig& config, RequestSource& source,
                                         ReferenceCounts* counts) {
  ReferenceCounts unwanted;
  return Engine(config, source, counts ? *counts : unwanted).run();
}

}  // namespace headroom::reference
