#include "cell_run.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "headroom/core/check.hpp"
#include "headroom/core/error.hpp"

namespace headroom {
namespace {

/// Replicas from which fetching ahead pays: below, their state stays in the caches.
constexpr std::size_t kFetchAheadFrom = 64;

std::size_t entity_count(const CellConfig& config) {
  std::size_t count = 0;
  for (const PoolConfig& pool : config.pools) {
    count += static_cast<std::size_t>(pool.all_replicas()) + 1;
  }
  return count;
}

Pool make_pool(const PoolConfig& config, const CollectConfig& collect, Ticks horizon,
               std::size_t first_entity, std::size_t tiers, std::size_t groups,
               std::size_t group_words) {
  const auto count = static_cast<std::size_t>(config.all_replicas());
  Pool pool;
  pool.config = &config;
  pool.first_entity = first_entity;
  pool.central = config.queueing == Queueing::kCentral;
  pool.replicas.resize(count);
  pool.queues.assign(pool.central ? 1 : count, TieredQueue(tiers));
  pool.ranked =
      (pool.central && !makes_tokens(config)) || config.queueing == Queueing::kLeastLoaded;
  if (pool.ranked) pool.ranking = EventTree(count);
  for (std::size_t r = 0; r < count && pool.ranked; ++r) pool.ranking.set(r, 0);
  pool.loads.assign(count, 0);
  pool.held = TieredQueue(tiers);
  for (std::size_t r = static_cast<std::size_t>(config.replicas); r < count; ++r) {
    pool.replicas[r].standing = Standing::kOut;
    pool.change_load(r, kOutOfReach);
  }
  pool.slot_finishes.resize(count);
  if (makes_tokens(config)) {
    for (Replica& replica : pool.replicas) replica.free_blocks = config.kv_blocks;
    if (config.reuse_preempted) pool.taken.assign(count, 0);
    HEADROOM_CHECK(config.max_batch <= kMaxBatch, "the scenario bounds the batch of a pool");
    const std::size_t row = static_cast<std::size_t>(config.block_tokens) + groups + group_words;
    pool.row_length = (row + kRowUnit - 1) / kRowUnit * kRowUnit;
    pool.rows.assign(count * pool.row_length, 0);
    pool.completions = CompletionRows(count);
    pool.block = Divisor(config.block_tokens);
  }
  const auto bins =
      static_cast<std::size_t>(std::max<std::int64_t>(1, bins_of(horizon, collect.timeline_step)));
  pool.running = pool.queued = pool.busy = pool.in_service = pool.down =
      StepSeries(bins, collect.timeline_step);
  pool.in_service.set(static_cast<double>(config.replicas), 0);
  pool.kv = AreaSeries(bins, collect.timeline_step);
  return pool;
}

/// Shares of what is in service; 0 where nothing is.
void divide(std::vector<double>& values, const std::vector<double>& in_service, double each) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double capacity = in_service[i] * each;
    values[i] = capacity > 0 ? values[i] / capacity : 0;
  }
}

/// Timelines of a pool, and its totals of time in service.
PoolTimeline timeline_of(Pool& pool, Ticks horizon) {
  for (StepSeries* series :
       {&pool.running, &pool.queued, &pool.busy, &pool.in_service, &pool.down}) {
    series->advance(horizon.count);
  }
  PoolTimeline timeline;
  timeline.running = pool.running.means(horizon);
  timeline.queued = pool.queued.means(horizon);
  timeline.busy_share = pool.busy.means(horizon);
  timeline.in_service = pool.in_service.means(horizon);
  timeline.down = pool.down.means(horizon);
  pool.totals.in_service_ps = pool.in_service.total();
  pool.totals.down_ps = pool.down.total();
  if (!pool.varies) {  // to the last bit
    timeline.in_service.assign(timeline.in_service.size(),
                               static_cast<double>(pool.config->replicas));
  }
  std::vector<double> counted = timeline.in_service;
  if (kPlantedFault == PlantedFault::kSharesOfAll) {
    counted.assign(counted.size(), static_cast<double>(pool.replicas.size()));
  }
  const bool slots = pool.config->mode == BatchMode::kSlots;
  divide(timeline.busy_share, counted, slots ? static_cast<double>(pool.config->max_batch) : 1.0);
  if (makes_tokens(*pool.config)) {
    timeline.kv_share = pool.kv.means(horizon);
    divide(timeline.kv_share, counted, static_cast<double>(pool.config->kv_blocks));
  }
  return timeline;
}

}  // namespace

void too_many_in_flight() {
  Issue issue;
  issue.code = "E143";
  issue.pointer = "/classes";
  issue.message = "more than 268 million requests are in flight at once in one cell";
  issue.notes = {"the fleet is far from serving this load: a shorter run, more GPUs or patience"};
  throw InputError({issue});
}

CellRun::CellRun(const CellConfig& config, RequestStream& requests, RecordSink* sink,
                 RunMonitor* monitor, bool stepwise)
    : config_(config),
      stream_key_(config.key),
      requests_(requests),
      stepwise_(stepwise),
      collector_(config, requests, sink, monitor),
      group_count_(collector_.group_count()),
      group_words_((group_count_ + kGroupsAWord - 1) / kGroupsAWord),
      events_(entity_count(config)),
      fetches_ahead_(entity_count(config) >= kFetchAheadFrom) {
  std::set<std::int32_t> tiers;
  for (const ClassConfig& request_class : config.classes) tiers.insert(request_class.tier);
  tier_count_ = std::max<std::size_t>(1, tiers.size());
  for (const ClassConfig& request_class : config.classes) {
    tier_of_class_.push_back(
        static_cast<std::uint8_t>(std::distance(tiers.begin(), tiers.find(request_class.tier))));
  }
  std::vector<bool> receives(config.pools.size(), false);  // hand-overs
  for (const ClassConfig& request_class : config.classes) {
    for (std::size_t s = 1; s < request_class.stages.size(); ++s) {
      receives[index(request_class.stages[s])] = true;
    }
  }
  std::size_t first_entity = 0;
  for (std::uint32_t p = 0; p < config.pools.size(); ++p) {
    pools_.push_back(make_pool(config.pools[p], config.collect, config.horizon, first_entity,
                               tier_count_, group_count_, group_words_));
    pools_.back().independent = !pools_.back().central && !receives[p];
    any_central_ = any_central_ || pools_.back().central;
    const auto replicas = static_cast<std::uint32_t>(config.pools[p].all_replicas());
    first_entity += replicas + 1;
  }
  for (Pool& pool : pools_) {
    pool.varies = pool.config->delivered > 0;
    if (pool.central) drafts_.resize(std::max(drafts_.size(), pool.replicas.size()));
  }
  for (const FleetEvent& event : config.fleet_events) pools_[index(event.pool)].varies = true;
  for (Pool& pool : pools_) {
    for (std::uint32_t r = 0; pool.varies && r < pool.config->replicas; ++r) {
      pool.serving.push_back(r);
    }
    const auto count = pool.replicas.size();
    pool.indexed = pool.central && !pool.varies && makes_tokens(*pool.config) &&
                   static_cast<std::int64_t>(count) >= config.index_from;
    if (!pool.indexed) continue;
    pool.boundaries = EventTree(count);
    pool.idle.assign((count + 63) / 64, 0);
    for (std::size_t r = 0; r < count; ++r) pool.note_boundary(r, kNever.count, true);
  }
  if (!config.fleet_events.empty()) next_change_ = config.fleet_events.front().at.count;
  follow_attempts();
  for (const ClassConfig& request_class : config.classes) {
    bool keeps = sink != nullptr || follows_attempts_ || request_class.stages.size() > 1;
    for (const PoolId id : request_class.stages) {
      const Pool& pool = pools_[index(id)];
      keeps = keeps || pool.central || pool.varies || !makes_tokens(*pool.config);
    }
    keeps_detail_.push_back(keeps);
  }
  for (Pool& pool : pools_) pool.runs_on = !stepwise_ && !pool.varies && pool.leavers.empty();
  next_arrival();
}

void CellRun::next_arrival() {
  next_arrival_ = kNever.count;
  if (!requests_.next(next_request_)) return;
  next_arrival_ = next_request_.arrival.count;
  HEADROOM_CHECK(next_arrival_ >= now_, "requests come in order of arrival");
  fetch_for_arrival();
}

Outcome CellRun::run() {
  while (true) {
    const std::int64_t before = now_;
    now_ = std::min(std::min(events_.first_time(), next_arrival_), next_change_);
    while (!expiries_.empty() && !still_waits(expiries_.top())) expiries_.pop();
    if (!expiries_.empty()) now_ = std::min(now_, expiries_.top().time);
    if (!retries_.empty()) now_ = std::min(now_, retries_.top().time);
    HEADROOM_DCHECK(now_ >= before, "time does not go back");
    if (now_ >= config_.horizon.count) break;
    tick();
  }
  end_at_horizon();
  Outcome outcome = collector_.finish(config_.horizon.count);
  for (Pool& pool : pools_) {
    outcome.pools.push_back(timeline_of(pool, config_.horizon));
    outcome.pool_totals.push_back(pool.totals);
  }
  outcome.counters = counters_;
  return outcome;
}

/// With many replicas every event would start with cache misses, so what it touches is fetched some
/// events before: a replica's own state when the event tree tells that it comes soon, the requests
/// and the completions it points to a little later.
void CellRun::set_event(Pool& pool, std::uint32_t r, std::int64_t time) {
  const std::size_t entity = pool.first_entity + r;
  if (!fetches_ahead_) {
    events_.set(entity, time);
    return;
  }
  events_.set(
      entity, time, [this](std::size_t soon) { fetch_state(soon); },
      [this](std::size_t next) { fetch_requests(next); });
}

void CellRun::fetch_state(std::size_t entity) const {
  const Place place = place_of(entity);
  const Pool& pool = pools_[place.pool];
  if (rarely(place.replica >= pool.replicas.size())) return;
  const auto* replica = reinterpret_cast<const char*>(&pool.replicas[place.replica]);
  for (std::size_t at = 0; at < sizeof(Replica); at += 64) prefetch(replica + at);
  if (!pool.rows.empty()) prefetch(residues_of(pool, place.replica));
  if (!pool.central) prefetch(&pool.queues[place.replica]);
  events_.fetch(entity);
}

void CellRun::fetch_requests(std::size_t entity) const {
  const Place place = place_of(entity);
  const Pool& pool = pools_[place.pool];
  if (rarely(place.replica >= pool.replicas.size())) return;
  const Replica& replica = pool.replicas[place.replica];
  live_.fetch(replica.needed_at_end);
  if (!pool.rows.empty()) {
    pool.completions.fetch(place.replica, replica.decoding, replica.soon);
  }
  if (!pool.central) live_.fetch(pool.queues[place.replica].head());
}

/// The next arrival's replica is known as soon as the request is, unless loads change until then.
void CellRun::fetch_for_arrival() {
  const auto request_class = static_cast<std::uint32_t>(index(next_request_.request_class));
  Pool& pool = pools_[index(config_.classes[request_class].stages[0])];
  const Queueing queueing = pool.config->queueing;
  if (rarely(pool.varies)) return;  // who serves may change until then
  if (queueing == Queueing::kRandom || queueing == Queueing::kPowerOfTwo) {
    next_pair_ = draw_pair(pool, request_class, 0, next_request_.entity, 0, kNoReplica);
    if (fetches_ahead_) fetch_state(pool.first_entity + less_loaded(pool, next_pair_));
  }
}

void CellRun::tick() {
  ++counters_.events;
  const bool from_outside = next_arrival_ == now_ ||
                            (!expiries_.empty() && expiries_.top().time <= now_) ||
                            next_change_ == now_ || retries_due();
  while (events_.first_time() == now_) {
    const std::size_t entity = events_.first_entity();
    const Place place = place_of(entity);
    Pool& pool = pools_[place.pool];
    if (rarely(place.replica == pool.replicas.size())) {  // the timer of a central static pool
      events_.set(entity, kNever.count);
      pool.touched = true;
      continue;
    }
    end_event(pool, place.replica);
    if (rarely(!pool.leavers.empty() ||
               (pool.varies && pool.replicas[place.replica].standing == Standing::kLeaving))) {
      ended_.push_back(static_cast<std::uint32_t>(entity));
    }
    if (pool.independent && !from_outside) {
      if (rarely(!ended_.empty())) leave_at_boundaries();
      begin(pool, place.replica);
    } else if (rarely(pool.central && pool.config->mode == BatchMode::kSlots)) {
      pool.touched = true;  // its next finish is set already
    } else {
      set_event(pool, place.replica, kNever.count);
      note_ready(pool, place.replica);
    }
  }
  if (rarely(next_change_ == now_)) change_fleet();
  if (rarely(!ended_.empty())) leave_at_boundaries();
  if (from_outside) {
    patience();
    arrivals();
  }
  if (rarely(!hand_overs_.empty())) hand_overs();
  if (rarely(retries_due())) try_again();
  if (any_central_ || !ready_.empty()) admission();
  collector_.flush_records();
}

void CellRun::end_event(Pool& pool, std::uint32_t r) {
  switch (pool.replicas[r].activity) {
    case Activity::kDecode:
      end_plan(pool, r);
      break;
    case Activity::kPrefill:
      end_prefill_step(pool, r, now_);
      break;
    case Activity::kBatch:
      end_batch(pool, r);
      break;
    case Activity::kIdle:  // slots, or the longest wait of a static batch
      if (pool.config->mode == BatchMode::kSlots) end_slots(pool, r);
      break;
  }
}

bool CellRun::still_waits(const Expiry& expiry) const {
  const LiveRequest& request = live_[expiry.slot];
  const std::int64_t late = kPlantedFault == PlantedFault::kLatePatience ? 1 : 0;
  return request.where == Where::kQueued && request.id == expiry.id &&
         request.expiry + late == expiry.time;
}

void CellRun::patience() {
  while (!expiries_.empty() && expiries_.top().time <= now_) {
    const Expiry expiry = expiries_.top();
    expiries_.pop();
    if (!still_waits(expiry)) continue;
    LiveRequest& request = live_[expiry.slot];
    Pool& pool = pools_[index(config_.classes[request.request_class].stages[request.stage])];
    const bool held = request.replica == kNoReplica;
    TieredQueue& queue = held ? pool.held : pool.queue_of(request.replica);
    const bool was_head = queue.head() == expiry.slot;
    take_from_queue(pool, queue, expiry.slot);
    const std::uint32_t r = request.replica;
    attempt_over(expiry.slot, EndState::kAbandoned, RejectReason::kNone);
    if (held) continue;
    if (pool.central) {
      pool.touched = true;
      continue;
    }
    pool.change_load(r, -1);
    if (!was_head) continue;
    if (pool.replicas[r].activity == Activity::kIdle) {
      note_ready(pool, r);
    } else {
      cut_plan(pool, r);
    }
  }
}

void CellRun::arrivals() {
  while (next_arrival_ == now_) {
    const Slot slot = live_.add();
    LiveRequest& request = live_[slot];
    request.arrival = now_;
    request.id = index(next_request_.id);
    request.request_class = static_cast<std::uint16_t>(index(next_request_.request_class));
    request.tier = tier_of_class_[request.request_class];
    request.expiry = later(now_, next_request_.patience.count);
    request.watched = request.expiry == kNever.count;
    request.prompt = next_request_.work.prompt_tokens;
    request.output = next_request_.work.output_tokens;
    request.cached = next_request_.work.cached_tokens;
    if (keeps_detail_[request.request_class]) {
      RequestDetail& detail = live_.detail(slot) = RequestDetail{};
      detail.entity = next_request_.entity;
      detail.service = next_request_.work.service.count;
      detail.first_prompt = request.prompt;
    }
    if (rarely(follows_attempts_)) begin_request(slot);
    collector_.arrived(request);
    if (!refused(slot)) join(slot);
    next_arrival();
  }
}

void CellRun::hand_overs() {
  std::sort(hand_overs_.begin(), hand_overs_.end(),
            [](const HandOver& a, const HandOver& b) { return a.id < b.id; });
  for (const HandOver& hand_over : hand_overs_) {
    LiveRequest& request = live_[hand_over.slot];
    RequestDetail& detail = live_.detail(hand_over.slot);
    ++request.stage;
    detail.earlier_output += request.output;
    detail.earlier_made += request.made;
    const StageWork work =
        requests_.stage_work(ClassId{request.request_class}, detail.entity, request.stage);
    request.prompt = work.prompt_tokens;
    request.output = work.output_tokens;
    request.cached = work.cached_tokens;
    detail.service = work.service.count;
    request.made = request.computed = 0;
    request.expiry = leaves_at(hand_over.slot);
    request.watched = request.expiry == kNever.count;
    if (!refused(hand_over.slot)) join(hand_over.slot);
  }
  hand_overs_.clear();
}

bool CellRun::refused(Slot slot) {
  const LiveRequest& request = live_[slot];
  RejectReason reason = request.stage == 0 ? gateway(slot) : RejectReason::kNone;
  if (reason == RejectReason::kNone) reason = cannot_serve(request);
  if (reason == RejectReason::kNone) return false;
  attempt_over(slot, EndState::kRejected, reason);
  return true;
}

RejectReason CellRun::cannot_serve(const LiveRequest& request) const {
  const Pool& pool = pools_[index(config_.classes[request.request_class].stages[request.stage])];
  if (rarely(!makes_tokens(*pool.config))) return RejectReason::kNone;
  const std::int64_t tokens = std::int64_t{request.prompt} + request.output;
  if (pool.config->max_context > 0 && tokens > pool.config->max_context) {
    return RejectReason::kContextLimit;
  }
  if (pool.blocks(tokens - 1) > pool.config->kv_blocks) return RejectReason::kNeverFits;
  return RejectReason::kNone;
}

void CellRun::note_ready(Pool& pool, std::uint32_t r) {
  if (pool.replicas[r].ready) return;
  pool.replicas[r].ready = true;
  if (rarely(pool.central)) {
    pool.touched = true;
    pool.noted.push_back(r);
    if (pool.indexed) pool.note_boundary(r, kNever.count, false);
    return;
  }
  ready_.push_back(static_cast<std::uint32_t>(pool.first_entity + r));
}

void CellRun::admission() {
  for (const std::uint32_t entity : ready_) {
    const Place place = place_of(entity);
    Pool& pool = pools_[place.pool];
    pool.replicas[place.replica].ready = false;
    begin(pool, place.replica);
  }
  ready_.clear();
  for (Pool& pool : pools_) {
    if (!pool.touched) continue;
    central_admission(pool);
    pool.touched = false;
  }
}

void CellRun::begin(Pool& pool, std::uint32_t r) {
  switch (pool.config->mode) {
    case BatchMode::kSlots:
      begin_slots(pool, r);
      break;
    case BatchMode::kStatic:
      if (!begin_batch(pool, r)) set_idle(pool, r);
      break;
    case BatchMode::kContinuous:
    case BatchMode::kChunked:
      begin_token_step(pool, r);
      break;
  }
  watch_queue(pool.queue_of(r));
}

void CellRun::watch(Slot slot) {
  LiveRequest& request = live_[slot];
  if (request.watched) return;
  request.watched = true;
  const std::int64_t late = kPlantedFault == PlantedFault::kLatePatience ? 1 : 0;
  expiries_.push({request.expiry + late, request.id, slot});
}

void CellRun::watch_queue(TieredQueue& queue) {
  if (queue.empty()) return;
  for (std::size_t tier = 0; tier < queue.tiers(); ++tier) {
    // Those that joined before the last offer of admission are watched already.
    for (Slot slot = queue.last_of(tier); slot != kNoSlot && !live_[slot].offered;
         slot = live_[slot].previous) {
      live_[slot].offered = true;
      watch(slot);
    }
  }
}

void CellRun::take_from_queue(Pool& pool, TieredQueue& queue, Slot slot) {
  LiveRequest& request = live_[slot];
  queue.remove(live_, slot);
  pool.queued.add(-1, now_);
  request.time_in_queue += now_ - request.joined;
}

void CellRun::admit(Pool& pool, std::uint32_t r, TieredQueue& queue, Slot slot) {
  LiveRequest& request = live_[slot];
  for (std::size_t tier = request.tier + 1U; tier < queue.tiers(); ++tier) {
    const Slot overtaken = queue.first_of(tier);
    if (rarely(overtaken != kNoSlot && live_[overtaken].joined < request.joined)) {
      ++counters_.tier_inversions;
      break;
    }
  }
  take_from_queue(pool, queue, slot);
  request.where = Where::kAdmitted;
  request.replica = request.served_by = r;
  if (rarely(follows_attempts_)) note_admission(pool, r, slot);
  request.admission = ++admissions_;
  pool.totals.admissions += 1;
  pool.running.add(1, now_);
  ++pool.replicas[r].admitted;
  if (rarely(pool.central)) pool.change_load(r, +1);
  if (request.first_scheduled == kNever.count) collector_.first_scheduled(request, now_);
}

void CellRun::leave_replica(Pool& pool, std::uint32_t r, Slot slot) {
  if (rarely(follows_attempts_)) note_stay(pool, r, slot);
  live_[slot].where = Where::kBetween;
  --pool.replicas[r].admitted;
  pool.change_load(r, -1);
  pool.running.add(-1, now_);
}

void CellRun::stage_done(Slot slot) {
  LiveRequest& request = live_[slot];
  const bool last = request.stage + 1U == config_.classes[request.request_class].stages.size();
  // At the tick of the end a user leaves only what is not the end of it.
  if (rarely(follows_attempts_)) {
    const std::int64_t leaves = attempts_[slot].leaves_at;
    const bool late = kPlantedFault == PlantedFault::kLateAnswerCounts ? !last && leaves <= now_
                                                                       : leaves < now_ + !last;
    if (late) {
      attempt_over(slot, EndState::kAbandoned, RejectReason::kNone);
      return;
    }
  }
  if (!last) {
    hand_overs_.push_back({request.id, slot});
    return;
  }
  attempt_over(slot, EndState::kFinished, RejectReason::kNone);
}

void CellRun::set_idle(Pool& pool, std::uint32_t r) {
  Replica& replica = pool.replicas[r];
  if (replica.activity != Activity::kIdle) {
    replica.activity = Activity::kIdle;
    pool.busy.add(-1, now_);
  }
  if (rarely(replica.standing == Standing::kLeaving)) let_go_if_empty(pool, r);
  std::int64_t wake = kNever.count;
  if (rarely(pool.config->mode == BatchMode::kStatic && !pool.central)) {
    const std::int64_t oldest = pool.queues[r].oldest_joined(live_);
    if (oldest != kNever.count) wake = later(oldest, pool.config->max_wait.count);
  }
  if (rarely(pool.indexed)) pool.note_boundary(r, kNever.count, true);
  set_event(pool, r, wake);
}

void CellRun::set_busy(Pool& pool, std::uint32_t r, Activity activity, std::int64_t duration) {
  Replica& replica = pool.replicas[r];
  if (replica.activity == Activity::kIdle) pool.busy.add(1, now_);
  replica.activity = activity;
  if (rarely(pool.indexed)) {
    // A plan may be cut before its first step; a step with prompt tokens ends when it does.
    const bool decodes = activity == Activity::kDecode;
    pool.note_boundary(r, replica.start + (decodes ? 0 : duration), false);
  }
  set_event(pool, r, replica.start + duration);
}

}  // namespace headroom
