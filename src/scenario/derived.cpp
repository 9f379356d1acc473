#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "headroom/policy/names.hpp"
#include "headroom/scenario/load.hpp"
#include "headroom/workload/quota.hpp"

namespace headroom {
namespace {

using json::Dimension;
using json::ExplainRow;

std::string decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// With six digits: these values are worked out, not written by somebody.
std::string quantity(double value, Dimension dimension) {
  if (dimension == Dimension::kDuration && value > 0 && value < 1) {
    return value < 1e-3 ? decimal(value * 1e6) + "us" : decimal(value * 1e3) + "ms";
  }
  return json::format_quantity(std::strtod(decimal(value).c_str(), nullptr), dimension);
}

class Rows {
 public:
  void add(std::string path, std::string value, std::string unit, std::string help) {
    rows_.push_back(
        {std::move(path), "", std::move(value), std::move(unit), "", "derived", std::move(help)});
  }
  void integer(std::string path, std::int64_t value, std::string help) {
    add(std::move(path), std::to_string(value), "integer", std::move(help));
  }
  void duration(std::string path, Ticks value, std::string help) {
    add(std::move(path), quantity(seconds(value), Dimension::kDuration), "s", std::move(help));
  }
  std::vector<ExplainRow> take() { return std::move(rows_); }

 private:
  std::vector<ExplainRow> rows_;
};

void add_pool(Rows& rows, const ResolvedPool& pool) {
  const PoolConfig& config = pool.config;
  const std::string path = "fleet.pools." + config.name + ".";
  rows.integer(path + "replicas", config.replicas, "GPUs / GPUs of one replica");
  rows.integer(path + "gpus_per_replica", config.gpus_per_replica, "by the parallelism");
  rows.integer(path + "gpus_per_node", pool.gpus_per_node, "in effect");
  rows.add(path + "batching.mode",
           std::string(batching_modes()[static_cast<std::size_t>(config.mode)].name), "word",
           "batching in effect");
  rows.integer(path + "batching.max_batch", config.max_batch, "in effect");
  if (pool.makes_tokens()) {
    rows.integer(path + "batching.token_budget", config.token_budget, "in effect");
    rows.integer(path + "kv.blocks", config.kv_blocks, "KV blocks of one replica, in effect");
    rows.integer(path + "kv.tokens", config.kv_blocks * config.block_tokens,
                 "tokens whose keys and values one replica holds");
    rows.integer(path + "max_context", config.max_context, "in effect");
    rows.duration(path + "step.one", config.steps->decode_step(1, 1000),
                  "one step of one request with 1,000 tokens of context");
    rows.duration(path + "step.full",
                  config.steps->decode_step(config.max_batch, 1000 * config.max_batch),
                  "one step of max_batch requests with 1,000 tokens of context each");
  }
  if (pool.deployment) {
    const EnginePreset& engine = pool.deployment->engine;
    rows.duration(path + "step_host_s", ticks_from_seconds(engine.step_host_s), "the preset's");
    rows.duration(path + "sequence_host_s", ticks_from_seconds(engine.sequence_host_s),
                  "the preset's");
    rows.duration(path + "layer_host_s", ticks_from_seconds(engine.layer_host_s), "the preset's");
    rows.duration(path + "launch_s", ticks_from_seconds(engine.launch_s), "the preset's");
    rows.add(path + "server_factor", decimal(engine.server_factor), "number", "the preset's");
    rows.add(path + "kv_utilisation", decimal(engine.kv_utilisation), "number", "the preset's");
  }
  if (pool.kv) {
    rows.add(path + "kv.bytes_per_token", decimal(pool.kv->bytes_per_token), "bytes",
             "of one token on each GPU");
    rows.add(path + "weight_bytes", decimal(pool.kv->weight_bytes), "bytes",
             "weights on the fullest GPU");
  }
  if (config.batch_times) {
    const auto& times = config.batch_times->batch_ps;
    rows.duration(path + "batch.one", {times[1]}, "a batch of one");
    rows.duration(path + "batch.full", {times.back()}, "a batch of max_batch");
  }
  if (pool.mean_service_s > 0) {
    rows.add(path + "service_time.mean", quantity(pool.mean_service_s, Dimension::kDuration), "s",
             "mean of the distribution");
  }
}

void add_cells(Rows& rows, const ResolvedScenario& resolved) {
  for (std::size_t i = 0; i < resolved.sizes.size(); ++i) {
    const CellSize& size = resolved.sizes[i];
    const std::string path = "fleet.cells.sizes." + std::to_string(i) + ".";
    rows.integer(path + "cells", size.cells, "cells of this size");
    rows.integer(path + "simulated", size.simulated, "of them simulated");
    for (std::size_t p = 0; p < size.replicas.size(); ++p) {
      rows.integer(path + "replicas." + resolved.pools[p].config.name, size.replicas[p],
                   "replicas in one such cell");
    }
  }
}

void add_classes(Rows& rows, const ResolvedScenario& resolved) {
  for (std::size_t c = 0; c < resolved.classes.size(); ++c) {
    const ClassId id{static_cast<std::uint32_t>(c)};
    const std::string path = "classes." + resolved.classes[c].name + ".";
    const RateFunction& rate = resolved.demand().rate(id);
    rows.add(path + "requests", decimal(rate.total()), "requests",
             "expected in one replication, of the whole demand");
    rows.add(path + "peak_rate", quantity(rate.max(), Dimension::kRate), "1/s", "largest rate");
    const auto& quota = resolved.scenario.classes[c].demand.quota;
    if (quota) {
      rows.add(path + "quota.let_through",
               decimal(share_within_quota(quota->requests_per_user, quota->per_day)), "share",
               "of the requests that users want to make; E[min(N, per_day)] / E[N]");
    }
    for (std::uint32_t s = 0; s < resolved.classes[c].stages.size(); ++s) {
      const MeanWork work = resolved.demand().mean_work(id, s);
      const std::string stage = path + "stages." + std::to_string(s) + ".mean_";
      if (resolved.pools[index(resolved.classes[c].stages[s])].makes_tokens()) {
        rows.add(stage + "prompt_tokens", decimal(work.prompt_tokens), "tokens", "a request");
        rows.add(stage + "output_tokens", decimal(work.output_tokens), "tokens", "a request");
        rows.add(stage + "cached_tokens", decimal(work.cached_tokens), "tokens",
                 "of the prompt, held by the prefix cache");
      } else if (work.service_s > 0) {
        rows.add(stage + "service", quantity(work.service_s, Dimension::kDuration), "s",
                 "a request");
      }
    }
  }
}

/// Behind the last row of the innermost object that has any.
std::vector<ExplainRow>::iterator place_for(std::string path, std::vector<ExplainRow>& rows) {
  for (std::size_t dot; (dot = path.rfind('.')) != std::string::npos;) {
    path.resize(dot);
    const auto last = std::find_if(rows.rbegin(), rows.rend(), [&path](const ExplainRow& row) {
      return row.path.rfind(path + ".", 0) == 0;
    });
    if (last != rows.rend()) return last.base();
  }
  return rows.end();
}

}  // namespace

std::vector<json::ExplainRow> derived_rows(const ResolvedScenario& resolved) {
  Rows rows;
  rows.duration("time.horizon", resolved.horizon, "duration and drain");
  rows.duration("time.timeline_step", resolved.collect.timeline_step, "in effect");
  rows.duration("time.minute", resolved.collect.minute, "unit of breach accounting");
  add_cells(rows, resolved);
  for (const ResolvedPool& pool : resolved.pools) add_pool(rows, pool);
  add_classes(rows, resolved);
  if (resolved.periods.size() > 1) {
    rows.add("busy_periods.last_multiplier", decimal(resolved.periods.back().rate_multiplier), "1",
             "growth of the demand up to the last period");
  }
  return rows.take();
}

std::vector<json::ExplainRow> explain_scenario(const LoadedScenario& loaded,
                                               const ResolvedScenario& resolved) {
  std::vector<ExplainRow> rows = explain_scenario(loaded);
  for (ExplainRow& derived : derived_rows(resolved)) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&derived](const ExplainRow& row) {
      return row.path == derived.path;
    });
    if (same == rows.end()) {
      rows.insert(place_for(derived.path, rows), std::move(derived));
    } else if (same->source == "default") {
      same->value = std::move(derived.value);
      same->source = std::move(derived.source);
    }
  }
  return rows;
}

}  // namespace headroom
