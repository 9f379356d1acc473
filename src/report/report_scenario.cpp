#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <string>

#include "headroom/core/error.hpp"
#include "headroom/json/document.hpp"
#include "report_parts.hpp"

namespace headroom {
namespace {

std::string base_name(const std::string& path) {
  const std::size_t slash = path.find_last_of("/\\");
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

/// Keys whose value names a file. Only its base name is part of a result (contract 3).
bool names_a_file(const std::string& key) { return key == "path" || key == "kernel_file"; }

void cut_paths(Json& value) {
  if (value.is_object()) {
    for (auto& [key, item] : value.items()) {
      if (item.is_string() && names_a_file(key)) {
        item = base_name(item.get<std::string>());
      } else {
        cut_paths(item);
      }
    }
  } else if (value.is_array()) {
    for (Json& item : value) cut_paths(item);
  }
}

Json overrides_block(const ReportInput& input) {
  Json list = Json::array();
  const auto& overrides = input.loaded.document.overrides();
  for (std::size_t i = 0; i < overrides.size(); ++i) {
    Json value = Json::parse(overrides[i].value_json);
    const std::string& pointer = overrides[i].pointer;
    if (value.is_string() && names_a_file(pointer.substr(pointer.find_last_of('/') + 1))) {
      value = base_name(value.get<std::string>());
    } else {
      cut_paths(value);
    }
    list.push_back({{"path", pointer},
                    {"value", std::move(value)},
                    {"from", i < input.override_sources.size() ? input.override_sources[i] : ""}});
  }
  return list;
}

Json inputs_block(const ReportInput& input) {
  Json list = Json::array();
  for (const WorkloadInput& file : input.resolved.demand().inputs()) {
    list.push_back({{"role", file.role},
                    {"file", base_name(file.file)},
                    {"sha256", file.sha256},
                    {"rows", file.rows}});
  }
  for (const ScenarioPool& pool : input.resolved.scenario.pools) {
    const std::string& file = pool.deployment.kernel_file;
    if (file.empty()) continue;
    const std::string path = file.front() == '/' ? file : input.loaded.base_directory + "/" + file;
    const auto document = json::Document::read(path, json::Document::Comments::kAllowed);
    list.push_back(
        {{"role", "kernel-model"}, {"file", base_name(file)}, {"sha256", document.sha256()}});
  }
  return list;
}

/// How much of the fleet was simulated.
Json cells_block(const ResolvedScenario& resolved) {
  Json sizes = Json::array();
  std::int64_t cells = 0;
  std::int64_t simulated = 0;
  for (const CellSize& size : resolved.sizes) {
    Json replicas = Json::object();
    for (std::size_t p = 0; p < resolved.pools.size(); ++p) {
      replicas[resolved.pools[p].config.name] = size.replicas[p];
    }
    sizes.push_back(
        {{"cells", size.cells}, {"simulated", size.simulated}, {"replicas", std::move(replicas)}});
    cells += size.cells;
    simulated += size.simulated;
  }
  std::string grain = cells == simulated ? fmt::format("all {} cells", cells)
                                         : fmt::format("{} of {} cells, each stands for {:.4g}",
                                                       simulated, cells, resolved.largest_weight());
  if (cells == 1) grain = "the whole fleet is one cell";
  if (resolved.sizes.size() > 1) {
    const bool two = resolved.sizes.size() == 2;
    grain += "; cells of " + (two ? std::string("two") : std::to_string(resolved.sizes.size())) +
             " sizes, one replica apart";
  }
  return {{"count", cells},
          {"simulated", simulated},
          {"grain", std::move(grain)},
          {"sizes", std::move(sizes)}};
}

Json warning(const char* code, const char* path, std::string message) {
  return {{"code", code}, {"path", path}, {"message", std::move(message)}};
}

/// Where a pool's steps were larger than its kernel models were fitted on (contract 5).
void add_range_warnings(const ReportInput& input, const PeriodResult& period, Json& list) {
  for (std::size_t p = 0; p < input.resolved.pools.size(); ++p) {
    const ResolvedPool& pool = input.resolved.pools[p];
    const PoolStatistics& statistics = period.statistics.pools[p];
    const double share = statistics.beyond_fit_share.estimate(0.95).value;
    if (!pool.makes_tokens() || !(share > 0)) continue;
    list.push_back(warning(
        "W304", fmt::format("/fleet/pools/{}", p).c_str(),
        fmt::format("{} ran beyond the range its times were fitted on for {:.2g} % of the busy "
                    "time: up to {:.0f} decodes and {:.0f} tokens a step, fitted to {} and {}; its "
                    "form was continued there, never below the physical bound",
                    pool.range.first_to_leave.empty() ? "a kernel" : pool.range.first_to_leave,
                    100 * share, statistics.largest_batch.estimate(0.95).largest,
                    statistics.largest_step_tokens.estimate(0.95).largest, pool.range.batch,
                    pool.range.step_tokens)));
  }
}

/// Share of the arrivals still open at the horizon from which a reader should be told.
constexpr double kOpenShare = 0.01;

/// A pool that works nearly all the time: there waits of minutes hang together, a replication says
/// little, and percentiles are skewed, so that few of them make an interval too narrow.
constexpr double kHeavyLoad = 0.9;

void add_heavy_traffic_warnings(const PeriodResult& period, Json& list) {
  for (std::size_t p = 0; p < period.load.size(); ++p) {
    const PoolLoad& load = period.load[p];
    const double per_gpu = load.in_service_mean > 0 ? load.mean_gpus / load.in_service_mean : 0;
    if (per_gpu <= kHeavyLoad) continue;
    list.push_back(warning("W306", fmt::format("/fleet/pools/{}/gpus", p).c_str(),
                           fmt::format("pool {} is offered {:.3g} GPU of load per GPU on average: "
                                       "so near to full, delays scatter widely and an interval "
                                       "over few replications may be too narrow",
                                       load.pool, per_gpu)));
  }
}

/// Looks of `-n auto`, and where it stopped; null for a fixed number of replications.
Json sequential_block(const std::optional<SequentialRule>& rule) {
  if (!rule) return nullptr;
  Json looks = Json::array();
  for (const Look& look : rule->looks) {
    looks.push_back({{"replications", look.replications}, {"confidence", number(look.confidence)}});
  }
  return {{"precision", number(rule->share)},
          {"rule", "error spent in proportion to replications (Kim and DeMets 1987, rho = 1)"},
          {"looks", std::move(looks)},
          {"stopped_at", rule->looks[rule->stopped_at].replications},
          {"reached", rule->reached}};
}

}  // namespace

Json scenario_block(const ReportInput& input) {
  Json effective = Json::parse(input.loaded.document.dump());
  cut_paths(effective);
  return {{"name", input.resolved.scenario.name},
          {"description", input.resolved.scenario.description},
          {"sha256", input.loaded.document.sha256()},
          {"overrides", overrides_block(input)},
          {"inputs", inputs_block(input)},
          {"effective", std::move(effective)}};
}

Json method_block(const ReportInput& input) {
  const Scenario& scenario = input.resolved.scenario;
  const MeasureSpec& spec = input.result.spec;
  const bool dated = input.loaded.document.contains("/time/start");
  Json block = Json::object();
  block["seed"] = input.resolved.seed;
  block["replications"] = input.result.main_period().statistics.replications;
  block["replications_asked"] = scenario.replications;
  block["crn"] = true;
  block["start_utc"] = dated ? Json(json::format_utc(scenario.time.start.seconds)) : Json(nullptr);
  block["duration_s"] = number(seconds(scenario.time.duration));
  block["warmup_s"] = number(seconds(scenario.time.warmup));
  block["horizon_s"] = number(seconds(spec.horizon));
  block["confidence"] = number(scenario.confidence);
  const double confidence = input.result.confidence;
  block["interval_confidence"] = number(confidence);
  block["verdict_confidence"] =
      number(spec.targets.empty() ? confidence : bonferroni_level(confidence, spec.targets.size()));
  block["sequential"] = sequential_block(input.result.sequential);
  block["quantiles"] =
      "histogram of 256 bins per power of two (at most 0.4 % wide), interpolated; minutes 64 bins";
  block["minute_s"] = number(seconds(spec.minute));
  block["least_minute_arrivals"] = number(spec.least_minute_arrivals);
  Json windows = Json::object();
  for (const WindowSpec& window : spec.windows) {
    windows[window.name] = {{"from_s", number(seconds(window.spans.front().from))},
                            {"to_s", number(seconds(window.spans.back().to))}};
  }
  block["windows"] = std::move(windows);
  block["cells"] = cells_block(input.resolved);
  return block;
}

Json assumptions_block(const ReportInput& input) {
  std::map<std::string, json::ExplainRow> rows;
  for (json::ExplainRow& row : explain_scenario(input.loaded)) rows.emplace(row.path, row);
  Json list = Json::array();
  for (const ScenarioProvenance& entry : input.resolved.scenario.provenance) {
    const auto found = rows.find(entry.path);
    list.push_back({{"path", entry.path},
                    {"kind", entry.kind},
                    {"value", found == rows.end() ? Json(nullptr) : Json(found->second.value)},
                    {"source", entry.source},
                    {"why", entry.why},
                    {"range", entry.range}});
  }
  return list;
}

Json warnings_block(const ReportInput& input, const PeriodResult& period) {
  Json list = Json::array();
  for (const Issue& issue : input.resolved.warnings) {
    list.push_back({{"code", issue.code}, {"path", issue.pointer}, {"message", issue.message}});
  }
  const RunStatistics& statistics = period.statistics;
  if (!input.result.complete) {
    list.push_back(
        warning("W301", "",
                fmt::format("stopped early: {} of {} replications ended", statistics.replications,
                            input.resolved.scenario.replications)));
  }
  if (!input.result.spec.targets.empty() && statistics.replications < 3) {
    list.push_back(warning("W302", "/replications",
                           "fewer than 3 replications: verdicts are point estimates"));
  }
  add_range_warnings(input, period, list);
  add_heavy_traffic_warnings(period, list);
  const auto& sequential = input.result.sequential;
  if (sequential && !sequential->reached && input.result.complete) {
    list.push_back(warning("W307", "/replications",
                           fmt::format("the precision asked for, {:.3g} %, is not reached after {} "
                                       "replications",
                                       100 * sequential->share, statistics.replications)));
  }
  const auto unfinished = static_cast<std::size_t>(EndState::kUnfinished);
  const double open = statistics.groups.back()[0].share[unfinished].estimate(0.95).value;
  if (!std::isnan(open) && open > kOpenShare) {
    list.push_back(warning("W303", "/time/drain",
                           fmt::format("{:.3g} % of the requests are still open at the horizon; a "
                                       "longer time.drain lets them end",
                                       open * 100)));
  }
  return list;
}

}  // namespace headroom
