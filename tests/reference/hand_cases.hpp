#pragma once

#include <memory>
#include <vector>

#include "scripted_source.hpp"

/// Small cells and requests for cases worked out by hand.

namespace headroom::reference {

/// dense(t) = 100 + 10 t, per_sequence(r) = row_ps * r, decode_attention(n, C) = C,
/// prefill_attention(chunk, past) = chunk * past; all in ticks.
inline std::shared_ptr<const StepTable> hand_steps(std::int64_t row_ps = 0) {
  StepTable::Parts parts;
  parts.dense_ps = {0, 110, 120};
  parts.per_sequence_ps = {0, row_ps};
  parts.decode_pieces.assign(9, {{0, 0, 1}});
  parts.decode_pieces[0] = {{0, 0, 0}};
  parts.prefill = {{0, 1}, {0, 1}, {0, 0, 0, 1}};
  return std::make_shared<const StepTable>(std::move(parts));
}

inline PoolConfig slots_pool(std::int64_t replicas, std::int64_t slots,
                             Queueing queueing = Queueing::kCentral) {
  PoolConfig pool;
  pool.replicas = replicas;
  pool.max_batch = slots;
  pool.queueing = queueing;
  return pool;
}

/// Blocks of 4 tokens; up to 4 requests at once.
inline PoolConfig token_pool(BatchMode mode, std::int64_t token_budget, std::int64_t kv_blocks,
                             std::int64_t replicas = 1) {
  PoolConfig pool;
  pool.replicas = replicas;
  pool.mode = mode;
  pool.max_batch = 4;
  pool.token_budget = token_budget;
  pool.block_tokens = 4;
  pool.kv_blocks = kv_blocks;
  pool.steps = hand_steps();
  return pool;
}

inline ClassConfig hand_class(std::int32_t tier, std::vector<PoolId> stages = {PoolId{0}}) {
  ClassConfig config;
  config.tier = tier;
  config.stages = std::move(stages);
  return config;
}

/// One cell with these pools; two classes on pool 0, of tiers 0 and 1, unless others are given.
inline CellConfig hand_cell(std::vector<PoolConfig> pools, std::vector<ClassConfig> classes = {},
                            Ticks horizon = Ticks{1'000'000}) {
  CellConfig config;
  config.pools = std::move(pools);
  config.classes = std::move(classes);
  if (config.classes.empty()) config.classes = {hand_class(0), hand_class(1)};
  config.horizon = horizon;
  return config;
}

/// A list of requests, numbered in the order of adding; entity = id.
struct Demand {
  std::vector<Request> requests;
  std::vector<std::vector<StageWork>> later_work;

  Demand& add(std::uint32_t request_class, std::int64_t arrival, StageWork work,
              Ticks patience = kNever, std::vector<StageWork> later = {}) {
    Request request;
    request.id = RequestId{requests.size()};
    request.entity = requests.size();
    request.request_class = ClassId{request_class};
    request.arrival = Ticks{arrival};
    request.patience = patience;
    request.work = work;
    requests.push_back(request);
    later_work.push_back(std::move(later));
    return *this;
  }
};

inline StageWork tokens(std::int32_t prompt, std::int32_t output, std::int32_t cached = 0) {
  return {prompt, output, cached, Ticks{0}};
}
inline StageWork service(std::int64_t ticks) { return {0, 0, 0, Ticks{ticks}}; }

struct HandRun {
  std::vector<RequestRecord> records;  // by id
  ReferenceCounts counts;
};

inline HandRun run_by_hand(const CellConfig& config, const Demand& demand) {
  HandRun run;
  ScriptedSource source(demand.requests, demand.later_work);
  run.records.resize(demand.requests.size());
  for (const RequestRecord& record : run_reference(config, source, &run.counts)) {
    run.records[index(record.id)] = record;
  }
  return run;
}

}  // namespace headroom::reference
