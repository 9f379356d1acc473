// How a request joins a queue, and which replica's it is.
#include <algorithm>

#include "cell_run.hpp"

namespace headroom {

void CellRun::join(Slot slot, std::uint32_t moved_off) {
  LiveRequest& request = live_[slot];
  Pool& pool = pools_[index(config_.classes[request.request_class].stages[request.stage])];
  const bool is_moved = request.where == Where::kQueued;
  const bool held = pool.varies && !pool.central && pool.serving.empty();
  request.replica = pool.central ? 0 : held ? kNoReplica : route(pool, slot, moved_off);
  if (rarely(caps_ && !is_moved && full(pool, request))) {
    attempt_over(slot, EndState::kRejected, RejectReason::kQueueCap);
    return;
  }
  request.where = Where::kQueued;
  request.joined = now_;
  request.offered = false;
  if (rarely(held)) {
    hold(pool, slot);
    return;
  }
  TieredQueue& queue = pool.queue_of(request.replica);
  queue.push_back(live_, slot);
  pool.queued.add(1, now_);
  if (rarely(pool.central)) {
    live_.detail(slot).ticket = ++tickets_;
    pool.touched = true;
    watch(slot);
    return;
  }
  const std::uint32_t r = request.replica;
  pool.change_load(r, +1);
  const Replica& replica = pool.replicas[r];
  if (replica.ready) return;
  if (replica.activity == Activity::kIdle) {
    note_ready(pool, r);
    return;
  }
  const bool others_wait = queue.size() > 1;
  if (queue.head() == slot && !(kPlantedFault == PlantedFault::kNoCutForTier && others_wait)) {
    cut_plan(pool, r);
  }
  // Admission is tried at the replica's event at the latest; only then need the patience be known.
  if (!replica.ready && request.expiry <= events_.time_of(pool.first_entity + r)) watch(slot);
}

/// The serving replicas that chance offers a request: two different ones for power_of_two, else one
/// twice. moved_off: as for join.
CellRun::RoutePair CellRun::draw_pair(const Pool& pool, std::uint32_t kind, std::uint64_t id,
                                      std::uint64_t entity, std::uint32_t stage,
                                      std::uint32_t moved_off) const {
  const auto count = static_cast<std::int64_t>(pool.serving_count());
  if (rarely(count == 1)) return {pool.serving_replica(0), pool.serving_replica(0)};
  const bool moved = moved_off != kNoReplica && kPlantedFault != PlantedFault::kMovedByOldDraws;
  RandomStream random =
      moved ? RandomStream(stream_key_, Purpose::kReroute, moved_off, id * 16 + stage)
            : RandomStream(stream_key_, Purpose::kRoute, kind, entity * 16 + stage);
  const auto scaled = [](double u, std::int64_t n) {
    return static_cast<std::int64_t>(u * static_cast<double>(n));
  };
  const std::int64_t a = scaled(random.uniform(), count);
  std::int64_t b = a;
  if (pool.config->queueing == Queueing::kPowerOfTwo) {
    b = scaled(random.uniform(), count - 1);
    b += b >= a ? 1 : 0;
  }
  // Without branches: which of them is smaller is chance.
  return {pool.serving_replica(static_cast<std::size_t>(std::min(a, b))),
          pool.serving_replica(static_cast<std::size_t>(std::max(a, b)))};
}

std::uint32_t CellRun::less_loaded(const Pool& pool, const RoutePair& pair) {
  const bool tie_to_a = kPlantedFault != PlantedFault::kTieToHigherId;
  const std::int64_t load_a = pool.loads[pair.a];
  const std::int64_t load_b = pool.loads[pair.b];
  return (tie_to_a ? load_a <= load_b : load_a < load_b) ? pair.a : pair.b;
}

std::uint32_t CellRun::route(Pool& pool, Slot slot, std::uint32_t moved_off) {
  const LiveRequest& request = live_[slot];
  switch (pool.config->queueing) {
    case Queueing::kCentral:
      return 0;
    case Queueing::kRoundRobin:
      return pool.serving_replica(pool.routed++ % pool.serving_count());
    case Queueing::kLeastLoaded:
      return static_cast<std::uint32_t>(pool.ranking.first_entity());
    case Queueing::kRandom:
    case Queueing::kPowerOfTwo: {
      const std::uint32_t retries =
          follows_attempts_ ? static_cast<std::uint32_t>(attempts_[slot].number - 1) : 0;
      if (!pool.varies && request.stage == 0 && retries == 0) return less_loaded(pool, next_pair_);
      std::uint32_t kind = request.request_class;
      if (kPlantedFault != PlantedFault::kRetryByOldDraws) kind |= retries << 12U;
      return less_loaded(pool, draw_pair(pool, kind, request.id, live_.detail(slot).entity,
                                         request.stage, moved_off));
    }
  }
  return 0;
}

}  // namespace headroom
