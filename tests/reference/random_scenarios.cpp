#include "random_scenarios.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace headroom::reference {
namespace {

using std::int64_t;

/// Steps of up to 10 seconds: waits of many minutes, as image pipelines have, and sums of time near
/// the end of 64 bits.
constexpr int64_t kSlowUnit = 10'000'000'000;

/// Draws for one scenario. `unit` is one step of its time grid; `span` a typical step, in units.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : stream_({seed, 0, 0}, Purpose::kTest, 0, seed) {}

  /// Whole number in [low, high].
  int64_t whole(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(stream_.uniform() * static_cast<double>(high - low + 1));
  }
  bool chance(double p) { return stream_.uniform() < p; }
  int64_t one_of(std::initializer_list<int64_t> values) {
    return *(values.begin() + whole(0, static_cast<int64_t>(values.size()) - 1));
  }
  /// Mostly small, now and then near `high`: what lengths look like.
  int64_t skewed(int64_t low, int64_t high) {
    const double u = stream_.uniform();
    return low + static_cast<int64_t>(u * u * u * static_cast<double>(high - low + 1));
  }
  /// A time of `low` to `high` typical steps, on the grid.
  int64_t steps(double low, double high) {
    const double span_units = static_cast<double>(span);
    return unit *
           whole(static_cast<int64_t>(low * span_units), static_cast<int64_t>(high * span_units));
  }

  int64_t unit = 1;
  int64_t span = 1000;
  bool crowded = false;

 private:
  RandomStream stream_;
};

std::vector<int64_t> rising(Draws& draws, int64_t entries, double first_low, double first_high,
                            double rise_high) {
  std::vector<int64_t> values{0, std::max<int64_t>(1, draws.steps(first_low, first_high))};
  for (int64_t i = 2; i < entries; ++i) {
    values.push_back(values.back() + draws.steps(0, draws.chance(0.2) ? 4 * rise_high : rise_high));
  }
  return values;
}

/// Attention of n decodes: one to four linear pieces, mostly joined without a jump.
std::vector<StepTable::Piece> decode_pieces(Draws& draws, int64_t slope_high) {
  std::vector<StepTable::Piece> pieces;
  int64_t from = 0, base = draws.chance(0.5) ? 0 : draws.steps(0, 0.5);
  for (int64_t left = draws.whole(1, 4); left > 0; --left) {
    const int64_t slope = draws.chance(0.3) ? 0 : draws.unit * draws.whole(0, slope_high);
    pieces.push_back({from, base, slope});
    const int64_t length = draws.whole(1, draws.chance(0.5) ? 10 : 80);
    from += length;
    base += slope * length;
    if (draws.chance(0.3)) base += draws.steps(0, 1);
    if (draws.chance(0.1)) base /= 2;
  }
  return pieces;
}

std::shared_ptr<const StepTable> step_table(Draws& draws, int64_t max_batch) {
  const bool flat = draws.chance(0.25);  // every step alike: ends coincide across replicas
  const bool coarse = draws.span < 100;
  const int64_t slope_high = flat ? 0 : coarse ? 1 : 20;
  StepTable::Parts parts;
  parts.dense_ps = rising(draws, draws.whole(2, 40), 0.3, 1, flat ? 0 : 0.3);
  parts.per_sequence_ps = rising(draws, draws.whole(2, 8), 0, 0.3, flat ? 0 : 0.2);
  if (flat) parts.per_sequence_ps = {0, 0};
  parts.decode_pieces.push_back({{0, 0, 0}});
  for (int64_t n = 1; n <= max_batch + draws.whole(0, 2); ++n) {
    parts.decode_pieces.push_back(flat ? std::vector<StepTable::Piece>{{0, 0, 0}}
                                       : decode_pieces(draws, slope_high));
  }
  if (flat || coarse) {
    parts.prefill = {{0, 1}, {0, 1}, {0, 0, 0, flat ? 0 : draws.unit * draws.whole(0, 1)}};
  } else {
    parts.prefill = {{0, 5, 30}, {0, 12, 64}, {0, 0, 0}};
    for (int row = 1; row <= 2; ++row) {
      int64_t time = draws.steps(0, 0.5 * row);
      for (int column = 0; column < 3; ++column) {
        parts.prefill.time_ps.push_back(time);
        time += draws.steps(0, 0.5 * row);
      }
    }
  }
  if (!flat && parts.dense_ps[1] % 3 == 0) {  // a slow host, without another draw
    parts.floor = {parts.dense_ps.back(), parts.dense_ps[1], parts.dense_ps, parts.decode_pieces};
  }
  return std::make_shared<const StepTable>(std::move(parts));
}

/// prompt_high, output_high: the longest requests the pool is meant for; a few are longer.
PoolConfig random_pool(Draws& draws, int64_t number, int64_t prompt_high, int64_t output_high) {
  PoolConfig pool;
  pool.name = fmt::format("pool{}", number);
  pool.replicas = draws.chance(0.5) ? 1 : draws.whole(2, 5);
  pool.queueing = static_cast<Queueing>(draws.chance(0.4) ? 0 : draws.whole(1, 4));
  // Token pools have the most rules, so they come most often.
  const int64_t mode = draws.whole(0, 9);
  pool.mode = mode < 1   ? BatchMode::kSlots
              : mode < 3 ? BatchMode::kStatic
              : mode < 6 ? BatchMode::kContinuous
                         : BatchMode::kChunked;
  pool.max_batch =
      draws.crowded ? draws.one_of({24, 40, 80, 150}) : draws.one_of({1, 2, 3, 4, 4, 8, 16});
  if (pool.mode == BatchMode::kStatic) {
    pool.max_wait = Ticks{draws.chance(0.3) ? 0 : draws.steps(0, 6)};
    if (draws.chance(0.6)) {
      auto times = std::make_shared<BatchTable>();
      times->batch_ps = rising(draws, pool.max_batch + 1, 1, 4, 1);
      pool.batch_times = times;
    }
  }
  if (makes_tokens(pool)) {
    pool.block_tokens = draws.one_of({1, 2, 3, 4, 8, 16, 32});
    const int64_t largest = prompt_high + output_high;
    double room = draws.chance(0.2) ? 8 : 0.95 + 0.1 * static_cast<double>(draws.whole(0, 10));
    if (draws.crowded) room *= static_cast<double>(draws.whole(4, 60));
    pool.kv_blocks =
        std::max<int64_t>(1, static_cast<int64_t>(room * static_cast<double>(largest) /
                                                  static_cast<double>(pool.block_tokens)));
    pool.reuse_preempted = draws.chance(0.5);
    if (draws.chance(0.2)) pool.max_context = draws.whole(largest / 2, largest + 5);
    pool.token_budget =
        draws.chance(0.5) ? draws.whole(1, prompt_high) : draws.whole(prompt_high, 4 * prompt_high);
    if (pool.mode == BatchMode::kChunked) {
      pool.token_budget = std::max(pool.token_budget, pool.max_batch);
    }
    pool.steps = step_table(draws, pool.max_batch);
    pool.fitted_batch = pool.max_batch / 2;
    pool.fitted_step_tokens = pool.token_budget / 2;
  }
  return pool;
}

StageWork random_work(Draws& draws, const PoolConfig& pool, int64_t prompt_high,
                      int64_t output_high, bool prefix_cache) {
  StageWork work;
  if (makes_tokens(pool)) {
    const int64_t stretch = draws.chance(0.02) ? 3 : 1;  // some can never fit
    work.prompt_tokens =
        static_cast<std::int32_t>(draws.chance(0.5) ? draws.whole(1, prompt_high * stretch)
                                                    : draws.skewed(1, prompt_high * stretch));
    work.output_tokens =
        static_cast<std::int32_t>(draws.chance(0.15) ? 1 : draws.whole(1, output_high * stretch));
    if (prefix_cache && draws.chance(0.5)) {
      work.cached_tokens = static_cast<std::int32_t>(draws.whole(0, work.prompt_tokens - 1));
    }
  } else if (!pool.batch_times) {
    work.service = Ticks{draws.chance(0.05) ? 0 : draws.steps(0, 8)};
  }
  return work;
}

std::vector<ClassConfig> random_classes(Draws& draws, std::size_t pools) {
  std::vector<ClassConfig> classes(static_cast<std::size_t>(draws.whole(1, 3)));
  const int64_t lowest_tier = draws.whole(0, 2);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes[i].name = fmt::format("class{}", i);
    classes[i].tier = static_cast<std::int32_t>(draws.whole(0, lowest_tier));
    const int64_t stages = draws.chance(0.5) ? 1 : draws.whole(2, 3);
    for (int64_t s = 0; s < stages; ++s) {
      const int64_t pool = draws.whole(0, static_cast<int64_t>(pools) - 1);
      classes[i].stages.push_back(PoolId{static_cast<std::uint32_t>(pool)});
    }
  }
  return classes;
}

/// Arrival times: a burst at once, a steady trickle or bunches, from idle to swamped.
std::vector<int64_t> random_arrivals(Draws& draws, int64_t count) {
  const double gap =
      0.25 * static_cast<double>(draws.crowded ? draws.one_of({0, 1, 1, 2})
                                               : draws.one_of({0, 1, 1, 2, 4, 8, 20, 80}));
  const double bunched = draws.chance(0.4) ? 0.6 : 0.0;
  std::vector<int64_t> arrivals;
  for (int64_t i = 0, t = draws.chance(0.3) ? 0 : draws.steps(0, 3); i < count; ++i) {
    if (!draws.chance(bunched)) t += draws.steps(0, 2 * gap);
    arrivals.push_back(t);
  }
  return arrivals;
}

void random_collecting(Draws& draws, CellConfig& config) {
  const int64_t horizon = config.horizon.count;
  config.collect.timeline_step = Ticks{horizon / draws.whole(1, 40) + 1};
  config.collect.minute = Ticks{horizon / draws.whole(1, 20) + 1};
  for (ClassConfig& each : config.classes) {
    if (draws.chance(0.5)) each.drain_limit = Ticks{draws.steps(0, 5)};
  }
  if (draws.chance(0.5) && horizon > 3) {
    config.collect.stretch_starts = {Ticks{0}, Ticks{horizon / 3}};
  }
}

/// Starts, faults, repairs and removals at random, some on ticks where other things happen. A
/// replica has events in an order that makes sense; now and then none is left.
class FleetDraws {
 public:
  FleetDraws(Draws& draws, Scenario& scenario) : draws_(draws), scenario_(scenario) {
    for (PoolConfig& pool : scenario.config.pools) {
      if (draws.chance(0.4)) pool.delivered = draws.whole(1, 3);
      const auto starting = static_cast<std::size_t>(pool.replicas);
      standings_.emplace_back(static_cast<std::size_t>(pool.all_replicas()), kOut);
      std::fill_n(standings_.back().begin(), starting, kServing);
      latest_.emplace_back(standings_.back().size(), Latest{});
    }
  }

  void draw(int64_t count) {
    std::vector<int64_t> times;
    for (int64_t i = 0; i < count; ++i) times.push_back(time());
    std::sort(times.begin(), times.end());
    for (const int64_t at : times) add(at);
    auto& events = scenario_.config.fleet_events;
    std::sort(events.begin(), events.end());
    std::erase_if(events, [&](const FleetEvent& e) { return e.at >= scenario_.config.horizon; });
  }

 private:
  enum Standing { kOut, kDown, kServing, kRemoved };
  struct Latest {
    int64_t at = -1;
    FleetEventKind kind = FleetEventKind::kFault;
  };

  int64_t time() {
    const auto& requests = scenario_.requests;
    const int64_t last = requests.empty() ? 0 : requests.back().arrival.count;
    if (!requests.empty() && draws_.chance(0.2)) {
      const int64_t i = draws_.whole(0, static_cast<int64_t>(requests.size()) - 1);
      return requests[static_cast<std::size_t>(i)].arrival.count;
    }
    const int64_t at = draws_.whole(0, last) + draws_.steps(0, draws_.chance(0.5) ? 2 : 20);
    return draws_.span < 100 ? at - at % draws_.unit : at;
  }

  void add(int64_t at) {
    const int64_t pools = static_cast<int64_t>(standings_.size());
    const auto p = static_cast<std::size_t>(draws_.whole(0, pools - 1));
    const int64_t replicas = static_cast<int64_t>(standings_[p].size());
    const auto r = static_cast<std::size_t>(draws_.whole(0, replicas - 1));
    Standing& standing = standings_[p][r];
    const bool first = draws_.chance(0.75);
    FleetEventKind kind = FleetEventKind::kFault;
    if (standing == kOut) kind = FleetEventKind::kStart;
    if (standing == kDown) kind = first ? FleetEventKind::kStart : FleetEventKind::kRemoval;
    if (standing == kServing && !first) kind = FleetEventKind::kRemoval;
    // Events of one tick are worked in order of their kind.
    Latest& latest = latest_[p][r];
    if (latest.at == at && latest.kind >= kind) return;
    latest = {at, kind};
    if (kind == FleetEventKind::kFault && standing == kServing) standing = kDown;
    if (kind == FleetEventKind::kStart) standing = kServing;
    if (kind == FleetEventKind::kRemoval) standing = kRemoved;
    scenario_.config.fleet_events.push_back({Ticks{at}, kind, PoolId{static_cast<std::uint32_t>(p)},
                                             ReplicaId{static_cast<std::uint32_t>(r)}});
  }

  Draws& draws_;
  Scenario& scenario_;
  std::vector<std::vector<Standing>> standings_;
  std::vector<std::vector<Latest>> latest_;
};

/// Rules of a class's gateway and users at random.
void random_rules(Draws& draws, CellConfig& config, ClassConfig& of) {
  if (draws.chance(0.3)) {
    of.bucket.interval = Ticks{std::max<int64_t>(1, draws.steps(0, 4))};
    of.bucket.depth = of.bucket.interval * draws.whole(0, 4);
    if (draws.chance(0.3)) of.bucket.depth += Ticks{draws.whole(0, of.bucket.interval.count)};
  }
  if (draws.chance(0.25)) of.daily_quota = draws.whole(1, 4);
  if (draws.chance(0.4)) {
    for (const PoolId pool : of.stages) {
      const bool slots = config.pools[index(pool)].mode == BatchMode::kSlots;
      of.queue_caps.push_back(draws.chance(0.15) ? kNoQueueCap
                                                 : draws.one_of({slots ? 0 : 1, 1, 2, 3, 6, 12}));
    }
  }
  of.patience_in_service = draws.chance(0.3);
  if (draws.chance(0.4)) {
    of.timeout = draws.chance(0.5) ? TimeoutFrom::kArrival : TimeoutFrom::kScheduled;
  }
  if (draws.chance(0.6)) {
    of.retry.max_attempts = static_cast<std::int32_t>(draws.whole(2, 5));
    of.retry.abandoned = draws.chance(0.8);
    of.retry.rejected = draws.chance(0.8);
    of.retry.failed = draws.chance(0.8);
    of.retry.backoff = Ticks{draws.steps(0, 8)};
    of.retry.factor = static_cast<double>(draws.whole(1, 3));
    of.retry.max_backoff = Ticks{draws.steps(4, 30)};
    of.retry.jitter = draws.chance(0.5) ? 0 : 0.5 * static_cast<double>(draws.whole(1, 2));
    of.retry.probability = draws.chance(0.6) ? 1 : 0.7;
  }
}

/// Gateways, users who leave and users who come back, in half of the scenarios.
void random_gateway(Draws& draws, Scenario& scenario) {
  std::vector<double> timeout_steps;
  for (ClassConfig& of : scenario.config.classes) {
    random_rules(draws, scenario.config, of);
    timeout_steps.push_back(static_cast<double>(draws.one_of({2, 5, 10, 20, 60})));
  }
  for (Request& request : scenario.requests) {
    const std::uint32_t c = index(request.request_class);
    request.earlier_today = static_cast<std::int32_t>(draws.skewed(0, 6));
    request.timeout = Ticks{std::max<int64_t>(1, draws.steps(0, timeout_steps[c]))};
    if (draws.chance(0.1)) request.timeout = kNever;
  }
}

}  // namespace

Scenario random_scenario(std::uint64_t seed) {
  Draws draws(seed);
  Scenario scenario;
  scenario.seed = seed;
  const bool coarse = draws.chance(0.5);
  draws.unit = draws.one_of({1, 1000, 1'000'000, kSlowUnit});
  draws.span = coarse ? 4 : 1000;
  draws.crowded = seed >= kCrowdedSeeds;
  const int64_t prompt_high = draws.one_of({4, 12, 40});
  const int64_t output_high = draws.one_of({3, 12, 40, 60, 60, 200});
  const bool prefix_cache = draws.chance(0.3);

  CellConfig& config = scenario.config;
  config.index_from = seed % 2 == 0 ? 1 : 64;
  config.key = {seed, static_cast<std::uint32_t>(draws.whole(0, 9)),
                static_cast<std::uint32_t>(draws.whole(0, 3))};
  const int64_t pools = draws.chance(0.5) ? 1 : draws.whole(2, 3);
  for (int64_t i = 0; i < pools; ++i) {
    config.pools.push_back(random_pool(draws, i, prompt_high, output_high));
  }
  config.classes = random_classes(draws, config.pools.size());

  std::vector<double> patience_steps(config.classes.size(), 0);
  for (double& steps : patience_steps) {
    if (draws.chance(0.4)) steps = static_cast<double>(draws.one_of({1, 4, 10, 40, 200}));
  }
  const int64_t count = draws.crowded       ? draws.whole(150, 400)
                        : draws.chance(0.7) ? draws.whole(5, 40)
                                            : draws.whole(40, 80);
  for (const int64_t arrival : random_arrivals(draws, count)) {
    const auto request_class =
        static_cast<std::size_t>(draws.whole(0, static_cast<int64_t>(config.classes.size()) - 1));
    const auto& stages = config.classes[request_class].stages;
    Request request;
    request.request_class = ClassId{static_cast<std::uint32_t>(request_class)};
    request.arrival = Ticks{arrival};
    if (patience_steps[request_class] > 0) {
      const int64_t patience = draws.steps(0, patience_steps[request_class]);
      request.patience = Ticks{std::max<int64_t>(1, patience)};
    }
    request.work =
        random_work(draws, config.pools[index(stages[0])], prompt_high, output_high, prefix_cache);
    scenario.requests.push_back(request);
  }
  std::stable_sort(
      scenario.requests.begin(), scenario.requests.end(), [](const Request& a, const Request& b) {
        return a.arrival != b.arrival ? a.arrival < b.arrival : a.request_class < b.request_class;
      });

  // A horizon far beyond the last end, or one that cuts.
  const int64_t last = scenario.requests.back().arrival.count;
  const int64_t steps = draws.unit == kSlowUnit ? 100'000 : 1'000'000;
  config.horizon = Ticks{last + draws.unit * draws.span * steps};
  if (draws.chance(0.35)) {
    int64_t cut = 1 + draws.whole(last / 3, last) + draws.steps(0, 30);
    if (coarse && cut > draws.unit) cut -= cut % draws.unit;  // on a tick where things happen
    config.horizon = Ticks{cut};
  }
  std::erase_if(scenario.requests, [&](const Request& r) { return r.arrival >= config.horizon; });
  random_collecting(draws, config);

  scenario.later_work.resize(scenario.requests.size());
  for (std::size_t i = 0; i < scenario.requests.size(); ++i) {
    Request& request = scenario.requests[i];
    request.id = RequestId{i};
    request.entity = i;
    const auto& stages = config.classes[index(request.request_class)].stages;
    for (std::size_t s = 1; s < stages.size(); ++s) {
      scenario.later_work[i].push_back(random_work(draws, config.pools[index(stages[s])],
                                                   prompt_high, output_high, prefix_cache));
    }
  }
  if (draws.chance(0.5)) {
    FleetDraws(draws, scenario).draw(draws.chance(0.5) ? draws.whole(1, 4) : draws.whole(5, 30));
  }
  if (draws.chance(0.5)) random_gateway(draws, scenario);
  return scenario;
}

namespace {

std::string rules_text(const ClassConfig& of) {
  std::string text;
  if (of.bucket.interval.count > 0) {
    text += fmt::format(", bucket {} deep {}", of.bucket.interval.count, of.bucket.depth.count);
  }
  if (of.daily_quota > 0) text += fmt::format(", quota {}", of.daily_quota);
  for (const int64_t cap : of.queue_caps) {
    text += cap == kNoQueueCap ? ", no cap" : fmt::format(", cap {}", cap);
  }
  if (of.patience_in_service) text += ", patience in service";
  if (of.timeout == TimeoutFrom::kArrival) text += ", timeout";
  if (of.timeout == TimeoutFrom::kScheduled) text += ", timeout from scheduled";
  const RetryRule& retry = of.retry;
  if (retry.max_attempts > 1) {
    text += fmt::format(", {} attempts{}{}{}, back-off {} x {} to {}, jitter {}, probability {}",
                        retry.max_attempts, retry.abandoned ? " abandoned" : "",
                        retry.rejected ? " rejected" : "", retry.failed ? " failed" : "",
                        retry.backoff.count, retry.factor, retry.max_backoff.count, retry.jitter,
                        retry.probability);
  }
  return text;
}

}  // namespace

std::string describe(const Scenario& scenario) {
  static constexpr const char* kModes[] = {"static", "continuous", "chunked", "slots"};
  static constexpr const char* kQueueings[] = {"central", "round_robin", "random", "least_loaded",
                                               "power_of_two"};
  std::string text = fmt::format("seed {}, horizon {}, key ({}, {}, {})\n", scenario.seed,
                                 scenario.config.horizon.count, scenario.config.key.seed,
                                 scenario.config.key.replication, scenario.config.key.cell);
  for (const PoolConfig& pool : scenario.config.pools) {
    text += fmt::format(
        "{}: {} + {} x {}, {}, max_batch {}, budget {}, max_wait {}, {} blocks of {}, max_context "
        "{}{}\n",
        pool.name, pool.replicas, pool.delivered, kModes[static_cast<int>(pool.mode)],
        kQueueings[static_cast<int>(pool.queueing)], pool.max_batch, pool.token_budget,
        pool.max_wait.count, pool.kv_blocks, pool.block_tokens, pool.max_context,
        pool.batch_times ? ", batch table" : "");
  }
  for (const ClassConfig& each : scenario.config.classes) {
    text += fmt::format("{}: tier {}, stages", each.name, each.tier);
    for (const PoolId pool : each.stages) text += fmt::format(" {}", index(pool));
    text += rules_text(each) + '\n';
  }
  static constexpr const char* kKinds[] = {"fault", "start", "removal"};
  for (const FleetEvent& event : scenario.config.fleet_events) {
    text += fmt::format("{} of replica {} of pool {} at {}\n", kKinds[static_cast<int>(event.kind)],
                        index(event.replica), index(event.pool), event.at.count);
  }
  const auto work_text = [](const StageWork& work) {
    return fmt::format(" [{} + {} tokens, {} cached, service {}]", work.prompt_tokens,
                       work.output_tokens, work.cached_tokens, work.service.count);
  };
  for (const Request& request : scenario.requests) {
    text +=
        fmt::format("{}: class {} at {}, patience {}, timeout {}, {} earlier,", index(request.id),
                    index(request.request_class), request.arrival.count,
                    request.patience == kNever ? -1 : request.patience.count,
                    request.timeout == kNever ? -1 : request.timeout.count, request.earlier_today);
    text += work_text(request.work);
    for (const StageWork& work : scenario.later_work[request.entity]) text += work_text(work);
    text += '\n';
  }
  return text;
}

}  // namespace headroom::reference
