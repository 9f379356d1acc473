#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "headroom/core/units.hpp"
#include "headroom/json/archive.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/scenario/plan_section.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/retry.hpp"

/// A scenario as its JSON file declares it: names and numbers, nothing looked up yet. The values
/// the structs hold here are the defaults. `headroom schema scenario` prints the same description.
namespace headroom {

struct ScenarioTime {
  json::TimePoint start{1735689600, true};  ///< UTC; time 0 of the run: 2025-01-01T00:00:00Z
  Ticks duration{0};                        ///< requests arrive for so long
  Ticks warmup{0};                          ///< requests of the first part do not count in results
  Ticks drain{0};          ///< the run goes on so long without arrivals after `duration`
  Ticks timeline_step{0};  ///< width of a timeline bin; 0 = chosen by the run's length

  Ticks horizon() const { return duration + drain; }
};
void describe(json::Archive& archive, ScenarioTime& time);

/// Growth over longer than a run may span: the same busy period is simulated again and again, an
/// independent run each, `every` apart, its demand multiplied by the growth up to then.
struct BusyPeriods {
  std::int64_t count = 1;       ///< period 0 is the scenario's own time
  std::string every = "month";  ///< day, week, month (30.4375 days) or year (365.25 days)
  GrowthConfig growth;
};
void describe(json::Archive& archive, BusyPeriods& periods);

/// A fleet split in cells that share no queue, of which some are simulated.
struct CellsConfig {
  std::int64_t count = 1;
  std::int64_t simulate = 0;  ///< 0 = all
};
void describe(json::Archive& archive, CellsConfig& cells);

struct BatchingConfig {
  /// "auto" is slots for a service_time, static for an image pipeline, else chunked.
  std::string mode = "auto";
  std::int64_t max_batch = 0;  ///< 0 = 256 (tokens), 16 (pictures), 1 (service_time)
  /// 0 = the larger of 2,048 (vLLM's default for online serving) and max_batch; for continuous
  /// batching 8,192.
  std::int64_t token_budget = 0;
  Ticks max_wait{0};
};
void describe(json::Archive& archive, BatchingConfig& batching);

struct KvConfig {
  std::int64_t block_tokens = 16;
  std::int64_t blocks = 0;  ///< of one replica; 0 = as many as the memory holds
  bool reuse_preempted = false;
};
void describe(json::Archive& archive, KvConfig& kv);

/// Pictures of an image pipeline. 0 = the model's own.
struct ImageConfig {
  std::int64_t steps = 0;
  std::int64_t resolution = 0;   ///< side of the square picture, pixels
  std::optional<bool> guidance;  ///< classifier-free guidance: two forward passes a step
};
void describe(json::Archive& archive, ImageConfig& image);

/// GPUs that join a pool: they serve from `at` + provisioning_delay + model_load on.
struct ScenarioDelivery {
  std::string name;  ///< optional, for paths
  json::TimePoint at;
  std::int64_t gpus = 0;
  Ticks provisioning_delay{0}, model_load{0};
};
void describe(json::Archive& archive, ScenarioDelivery& delivery);

/// GPUs that leave a pool: they take no new work from `at` on.
struct ScenarioRemoval {
  std::string name;  ///< optional
  json::TimePoint at;
  std::int64_t gpus = 0;
};
void describe(json::Archive& archive, ScenarioRemoval& removal);

/// Nodes of a pool that can fail together. Zones take the pool's nodes in order.
struct ScenarioZone {
  std::string name;
  std::int64_t nodes = 0;
};
void describe(json::Archive& archive, ScenarioZone& zone);

/// Nodes that fail at random: a Poisson process each, while it is up.
struct FailuresConfig {
  double mean_time_between_s = 0;  ///< of one node, from its repair to its next failure
  Distribution repair_time_s;      ///< loading the model included
};
void describe(json::Archive& archive, FailuresConfig& failures);

/// Nodes that fail at a stated time.
struct ScenarioFault {
  std::string name;  ///< optional
  json::TimePoint at;
  std::string pool;        ///< empty: every pool that has the zone
  std::string zone;        ///< empty: the whole pool
  std::int64_t nodes = 0;  ///< the lowest ones; 0 = all of the zone
  Ticks lasts{0};          ///< repair, loading the model included
};
void describe(json::Archive& archive, ScenarioFault& fault);

/// Like replicas of one model, or of a plain service time.
struct ScenarioPool {
  std::string name;
  std::int64_t gpus = 0;
  DeploymentConfig deployment;  ///< not looked at when service_time is given
  std::optional<Distribution> service_time_s;
  std::int64_t gpus_per_replica = 1;  ///< with service_time only; else by the parallelism
  BatchingConfig batching;
  KvConfig kv;
  ImageConfig image;
  std::int64_t max_context = 0;  ///< prompt + output tokens of a request; 0 = the model's
  std::string queueing = "central";
  /// How many may wait for one replica: in its own queue, or in the pool's, times its replicas.
  std::optional<std::int64_t> queue_cap;
  std::int64_t gpus_per_node = 0;  ///< 0 = the catalogue's, 8 where no GPU is named
  std::vector<ScenarioDelivery> deliveries;
  std::vector<ScenarioRemoval> removals;
  std::vector<ScenarioZone> zones;
  std::optional<FailuresConfig> failures;
};
void describe(json::Archive& archive, ScenarioPool& pool);

struct ScenarioStage {
  std::string pool;
  StageDemand demand;
};
void describe(json::Archive& archive, ScenarioStage& stage);

struct ScenarioSlo {
  std::optional<Ticks> queue_delay, ttft, tpot, e2e;
};
void describe(json::Archive& archive, ScenarioSlo& slo);

/// A token bucket of the whole fleet; every cell has its share.
struct RateLimitConfig {
  double rate_per_s = 0;
  double burst = 0;  ///< requests that may come at once after a pause; 0 = those of one second
};
void describe(json::Archive& archive, RateLimitConfig& limit);

/// What users do when an attempt is lost.
struct RetryConfig {
  std::int64_t max_attempts = 3;  ///< the first included
  std::vector<std::string> on{"abandoned", "rejected", "failed"};
  Ticks backoff{kTicksPerSecond};
  double factor = 2;
  Ticks max_backoff{60 * kTicksPerSecond};
  double jitter = 0.5;
  double probability = 1;

  RetryRule rule() const;
};
void describe(json::Archive& archive, RetryConfig& retry);

/// A kind of request: who asks, how often, for what, and what was promised.
struct ScenarioClass {
  std::string name;
  std::int64_t tier = 0;  ///< 0 is served first
  std::vector<ScenarioStage> stages;
  ClassDemand demand;  ///< its keys stand in the class's own object
  std::optional<RateLimitConfig> rate_limit;
  double queue_share = 1;  ///< of its pools' queue caps: beyond it, its requests do not join
  bool patience_in_service = false;
  std::optional<RetryConfig> retry;
  Ticks fixed_delay{0};
  ScenarioSlo slo;
};
void describe(json::Archive& archive, ScenarioClass& request_class);

struct ScenarioWindow {
  std::string name;
  json::TimePoint from, to;
};
void describe(json::Archive& archive, ScenarioWindow& window);

struct ScenarioTarget {
  std::string id;
  std::string request_class;  ///< empty = all classes together
  std::string metric = "queue_delay";
  std::string statistic = "p95";  ///< latencies only
  /// Upper limit ("max"); lower limit ("min") of slo_attainment and goodput. Seconds, share, or
  /// requests per second.
  double limit = 0;
  std::string window = "run";  ///< "run", a window's name, or "every_minute"
  std::string of = "offered";  ///< "offered" or "admitted"

  bool lower_limit() const { return metric == "slo_attainment" || metric == "goodput"; }
  bool latency() const;  ///< has a statistic
};
void describe(json::Archive& archive, ScenarioTarget& target);

/// Where a field's value comes from.
struct ScenarioProvenance {
  std::string path;                 ///< dotted, of a field or of an object that holds fields
  std::string kind = "assumption";  ///< fact, derived, assumption or calibrated
  std::string source;
  std::string why;
  /// The plausible range, low and high, each written as the field itself would be ("0.37", "2s").
  std::vector<std::string> range;
};
void describe(json::Archive& archive, ScenarioProvenance& provenance);

/// An input whose value nobody knows, and what it may be instead. Without a range and a factor, the
/// range that `provenance` has at each of the paths.
struct ScenarioUncertain {
  std::string name;                ///< what reports call it; empty = its first path
  std::vector<std::string> paths;  ///< dotted, of numbers that the scenario gives; vary together
  /// uniform, log_uniform, triangular, normal or lognormal (scenario/uncertain.hpp).
  std::string kind = "uniform";
  std::vector<std::string> range;  ///< low and high, each written as the field is
  std::vector<double> factor;      ///< low and high in stated values
  std::string why;
};
void describe(json::Archive& archive, ScenarioUncertain& uncertain);

struct Scenario {
  std::string schema;  ///< "$schema", for editors
  std::string schema_version = "1.0";
  std::string name;
  std::string description;
  ScenarioTime time;
  std::optional<BusyPeriods> busy_periods;
  CatalogueExtras catalogue;
  std::vector<std::string> catalogue_files;  ///< files of such entries, relative to the scenario
  CellsConfig cells;
  std::vector<ScenarioPool> pools;
  std::vector<ScenarioFault> faults;
  std::vector<ScenarioClass> classes;
  std::vector<ScenarioWindow> windows;
  std::vector<ScenarioTarget> targets;
  std::int64_t seed = 42;
  std::int64_t replications = 10;
  double confidence = 0.95;  ///< level of intervals and verdicts
  PlanSection plan;
  std::vector<ScenarioProvenance> provenance;
  std::vector<ScenarioUncertain> uncertain;
};
/// The root object. Keys: $schema, schema_version, name, description, time, busy_periods,
/// catalogue {files, gpus, models, engines}, fleet {cells, pools, faults}, classes, windows,
/// targets, seed, replications, confidence, plan, provenance, uncertain.
void describe(json::Archive& archive, Scenario& scenario);

/// Seconds of a point in time since the scenario's start.
double seconds_since_start(const ScenarioTime& time, const json::TimePoint& point);

/// Words a target may use.
std::span<const json::Choice> metric_choices();
std::span<const json::Choice> statistic_choices();

/// JSON Schema of a scenario, pretty-printed.
std::string scenario_schema();

}  // namespace headroom
