#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "headroom/core/check.hpp"
#include "headroom/plan/solve.hpp"
#include "lever_search.hpp"

namespace headroom {
namespace {

constexpr double kMostDates = 100;
constexpr std::array<double, 13> kDateSteps_s{60,    300,   600,   900,   1800,   3600,  7200,
                                              14400, 21600, 43200, 86400, 172800, 432000};

/// Replicas up to each delivery, and all of them.
std::int64_t replicas_of(const std::vector<Delivery>& deliveries) {
  std::int64_t sum = 0;
  for (const Delivery& delivery : deliveries) sum += delivery.replicas;
  return sum;
}

std::int64_t gpus_of_first(const ResolvedScenario& scenario,
                           const std::vector<Delivery>& deliveries, std::int64_t replicas) {
  std::int64_t gpus = 0;
  for (const Delivery& delivery : deliveries) {
    const std::int64_t come = std::min(replicas, delivery.replicas);
    gpus += come * scenario.pools[delivery.pool].config.gpus_per_replica;
    replicas -= come;
  }
  return gpus;
}

class DeliverySearch {
 public:
  DeliverySearch(const ResolvedScenario& scenario, const PlanOptions& options, Evaluator& evaluator)
      : scenario_(scenario),
        options_(options),
        evaluator_(evaluator),
        deliveries_(deliveries_of(scenario)),
        all_(replicas_of(deliveries_)),
        end_(scenario.windows.front().to) {}

  /// With so many replicas delivered, arrivals in [from, to) judged.
  Candidate candidate(std::int64_t replicas, Ticks from, Ticks to) const {
    return {fmt::format("{} delivered, judged from {} to {}", replicas, from.count, to.count),
            with_deliveries(scenario_, replicas).with_results_in(from, to)};
  }

  /// The earliest date of a grid from which all batches hold every target; nothing when none does.
  std::optional<Ticks> earliest(DeliveryAnswer& answer) {
    const double start_s = seconds(scenario_.windows.front().from);
    const double span_s = seconds(end_) - start_s;
    const auto step = std::find_if(kDateSteps_s.begin(), kDateSteps_s.end(),
                                   [&](double s) { return span_s / s <= kMostDates; });
    answer.date_step_s = step == kDateSteps_s.end() ? kDateSteps_s.back() : *step;
    const auto date = [&](std::int64_t x) {
      return ticks_from_seconds(start_s + answer.date_step_s * static_cast<double>(x - 1));
    };
    LeverAxis axis;
    axis.count = std::max<std::int64_t>(1, std::llround(std::ceil(span_s / answer.date_step_s)));
    // Where the last batch begins to serve; a queue may still have to drain.
    axis.guess =
        1 +
        std::llround(std::ceil((seconds(deliveries_.back().at) - start_s) / answer.date_step_s));
    axis.value = [&](std::int64_t x) { return seconds(date(x)); };
    axis.candidate = [&](std::int64_t x) { return candidate(all_, date(x), end_); };
    const AxisResult found = search_axis(axis, scenario_.classes.size(), options_, evaluator_);
    answer.look = found.look;
    if (!found.answer.found) return std::nullopt;
    return date(found.answer.x);
  }

  /// Fewest replicas of the deliveries that hold from the date on.
  void fewest(DeliveryAnswer& answer, Ticks from) {
    LeverAxis axis;
    axis.count = all_ + 1;
    axis.guess = 1 + all_ / 2;
    axis.stride = std::max<std::int64_t>(1, all_ / 10);
    const auto gpus = [this](std::int64_t x) {
      return gpus_of_first(scenario_, deliveries_, x - 1);
    };
    axis.value = [gpus](std::int64_t x) { return static_cast<double>(gpus(x)); };
    axis.candidate = [&](std::int64_t x) { return candidate(x - 1, from, end_); };
    AxisResult found = search_axis(axis, scenario_.classes.size(), options_, evaluator_);
    const std::int64_t x = found.answer.x;
    answer.look = found.look;
    answer.targets = std::move(found.targets);
    answer.answer = found.tried.at(x);
    answer.status = !found.answer.found ? LeverStatus::kNone
                    : x == 1            ? LeverStatus::kNeedless
                                        : LeverStatus::kFound;
    answer.needed_gpus = gpus(x);
    answer.open_gpus = gpus(found.answer.from);
    answer.separated = found.answer.separated;
    if (found.answer.found && x > 1) answer.below = found.tried.at(x - 1);
    std::int64_t left = x - 1;
    for (std::size_t b = 0; b < deliveries_.size(); ++b) {
      const std::int64_t come = std::min(left, deliveries_[b].replicas);
      const std::int64_t each = scenario_.pools[deliveries_[b].pool].config.gpus_per_replica;
      answer.batches[b].needed_gpus = come * each;
      left -= come;
    }
    for (auto& [number, point] : found.tried) answer.curve.push_back(std::move(point));
  }

  /// How those fare who come before the date.
  void add_until(DeliveryAnswer& answer, Ticks from) {
    const Ticks start = scenario_.windows.front().from;
    if (from <= start) return;
    std::int64_t replicas = 0;
    for (const DeliveryBatch& batch : answer.batches) {
      replicas += batch.needed_gpus / scenario_.pools[batch.pool].config.gpus_per_replica;
    }
    const std::size_t few =
        std::min(options_.today_replications, options_.looks.front().replications);
    answer.until =
        evaluator_.evaluate(candidate(replicas, start, from), few, Detail::kEverything).result;
  }

  const std::vector<Delivery>& deliveries() const { return deliveries_; }

 private:
  const ResolvedScenario& scenario_;
  const PlanOptions& options_;
  Evaluator& evaluator_;
  std::vector<Delivery> deliveries_;
  std::int64_t all_;
  Ticks end_;
};

void note_left_out(const ResolvedScenario& scenario, Ticks from, DeliveryAnswer& answer) {
  for (const ScenarioTarget& target : scenario.scenario.targets) {
    if (scenario.windows[scenario.window_index(target.window)].to > from) continue;
    answer.left_out.push_back(target.id);
  }
}

}  // namespace

DeliveryAnswer solve_delivery(const ResolvedScenario& delivered, std::optional<Ticks> from,
                              const FleetPlan& plain, const PlanOptions& options,
                              Evaluator& evaluator) {
  DeliverySearch search(delivered, options, evaluator);
  HEADROOM_CHECK(!search.deliveries().empty(), "something is delivered");
  DeliveryAnswer answer;
  answer.asked = from.has_value();
  for (const Delivery& delivery : search.deliveries()) {
    const std::int64_t gpus =
        delivery.replicas * delivered.pools[delivery.pool].config.gpus_per_replica;
    answer.batches.push_back({delivery.pool, seconds(delivery.at), gpus, 0});
    answer.stated_gpus += gpus;
  }
  if (!from) {
    from = search.earliest(answer);
    if (!from) {
      answer.status = LeverStatus::kNone;
      return answer;
    }
  }
  answer.from_s = seconds(*from);
  note_left_out(delivered, *from, answer);
  search.fewest(answer, *from);
  if (answer.status == LeverStatus::kNone) {
    const std::optional<Ticks> when = search.earliest(answer);
    if (when) answer.earliest_s = seconds(*when);
    return answer;
  }
  search.add_until(answer, *from);
  answer.gpus = gpus_of(delivered, plain.today, plain.free) + answer.needed_gpus;
  if (plain.status == PlanStatus::kFound) {
    answer.saved = gpus_of(delivered, plain.needed, plain.free) - *answer.gpus;
  }
  return answer;
}

}  // namespace headroom
