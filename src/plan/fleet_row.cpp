#include "fleet_row.hpp"

#include <algorithm>
#include <cmath>

#include "headroom/plan/run.hpp"

namespace headroom {
namespace {

/// Steps of the row below the plan's answer.
constexpr std::int64_t kSteps = 200;

/// GPUs that the largest minute of mean demand needs, by pool, the most of all periods.
std::vector<double> fluid_gpus(const ResolvedScenario& scenario) {
  std::vector<double> gpus(scenario.pools.size(), 0);
  for (const PeriodResult& period : start_run(scenario).periods) {
    for (std::size_t p = 0; p < gpus.size(); ++p) {
      gpus[p] = std::max(gpus[p], period.load[p].gpus_needed);
    }
  }
  return gpus;
}

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

FleetRow::FleetRow(const ResolvedScenario& scenario, const FleetPlan& plan)
    : today_(fleet_of(scenario)) {
  const bool found = plan.status == PlanStatus::kFound;
  const std::vector<double> fluid = fluid_gpus(scenario);
  for (const std::size_t p : plan.free) {
    Pool pool;
    pool.index = p;
    pool.step = pool_step(scenario, p);
    pool.low = divided_up(scenario.scenario.cells.count, pool.step.replicas);
    const auto by_fluid =
        static_cast<std::int64_t>(std::ceil(fluid[p] / static_cast<double>(pool.step.gpus)));
    pool.basis = std::max(pool.low, found ? plan.needed[p] / pool.step.replicas : by_fluid);
    pools_.push_back(pool);
  }
  if (pools_.size() == 1) {
    unit_ = std::max<std::int64_t>(1, pools_[0].basis / kSteps);
    low_ = divided_up(pools_[0].low, unit_);
    centre_ = divided_up(pools_[0].basis, unit_);
  } else {
    centre_ = kSteps;
  }
}

std::int64_t FleetRow::steps(const Pool& pool, std::int64_t x) const {
  if (pools_.size() == 1) return x * unit_;
  return std::max(pool.low, divided_up(pool.basis * x, kSteps));
}

FleetSize FleetRow::fleet(std::int64_t x) const {
  FleetSize fleet = today_;
  for (const Pool& pool : pools_) fleet[pool.index] = steps(pool, x) * pool.step.replicas;
  return fleet;
}

std::int64_t FleetRow::gpus(std::int64_t x) const {
  std::int64_t sum = 0;
  for (const Pool& pool : pools_) sum += steps(pool, x) * pool.step.gpus;
  return sum;
}

std::int64_t FleetRow::scaled(double ratio) const {
  return std::max(low_,
                  static_cast<std::int64_t>(std::llround(ratio * static_cast<double>(centre_))));
}

std::int64_t FleetRow::largest(std::int64_t most_gpus) const {
  std::int64_t fits = low_;
  std::int64_t beyond = low_ + 1;
  while (gpus(beyond) <= most_gpus) {
    fits = beyond;
    beyond *= 2;
  }
  while (beyond - fits > 1) {
    const std::int64_t middle = fits + (beyond - fits) / 2;
    (gpus(middle) <= most_gpus ? fits : beyond) = middle;
  }
  return fits;
}

AxisRange row_range(const FleetRow& row, std::int64_t guess, std::int64_t largest_guess,
                    const FleetPlan& plan, const std::optional<std::int64_t>& max_gpus) {
  AxisRange range;
  range.low = row.low();
  range.high =
      max_gpus ? row.largest(*max_gpus) : std::max(row.largest(plan.max_gpus), 2 * largest_guess);
  range.guess = std::clamp(guess, range.low, range.high);
  range.stride = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(range.guess))));
  return range;
}

double fluid_ratio(const ResolvedScenario& scenario, const ResolvedScenario& variant,
                   const std::vector<std::size_t>& pools) {
  const std::vector<double> base = fluid_gpus(scenario);
  const std::vector<double> other = fluid_gpus(variant);
  double most = 0;
  for (const std::size_t p : pools) {
    if (base[p] > 0) most = std::max(most, other[p] / base[p]);
  }
  return most > 0 ? most : 1;
}

}  // namespace headroom
