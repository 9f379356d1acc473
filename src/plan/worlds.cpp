#include "headroom/plan/worlds.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <map>

#include "fleet_row.hpp"
#include "headroom/core/check.hpp"
#include "trials.hpp"

namespace headroom {
namespace {

/// A world that is being sized.
struct WorldState {
  World world;
  ResolvedScenario scenario;
  RowKnown known;
};

class WorldsSearch {
 public:
  WorldsSearch(const ResolvedScenario& scenario, const FleetPlan& plan,
               const WorldsOptions& options, const ExecOptions& exec)
      : scenario_(scenario),
        plan_(plan),
        options_(options),
        row_(scenario, plan),
        runner_(options.replications, exec) {}

  void draw(const LoadedScenario& loaded);
  void search();
  WorldsPlan result() const;
  void stopped() { made_.status = PlanStatus::kStopped; }

 private:
  void simulate(std::int64_t x, bool every_world);
  WorldsPoint point(std::int64_t x) const;
  AxisVerdict judge(std::int64_t x);
  AxisRange range() const;
  bool holds(std::int64_t x) const;

  const ResolvedScenario& scenario_;
  const FleetPlan& plan_;
  const WorldsOptions& options_;
  FleetRow row_;
  TrialRunner runner_;
  std::vector<WorldState> worlds_;
  std::map<std::int64_t, std::size_t> simulated_;  ///< worlds, by number of the row
  WorldsPlan made_;
};

/// Worlds of so many in which targets must hold.
std::size_t worlds_needed(std::size_t worlds, double assurance) {
  // 0.9 x 50 is a little more than 45 in floating point.
  return static_cast<std::size_t>(std::ceil(assurance * static_cast<double>(worlds) - 1e-9));
}

void WorldsSearch::draw(const LoadedScenario& loaded) {
  made_.inputs = uncertain_inputs(loaded);
  for (std::size_t w = 0; w < options_.worlds; ++w) {
    World world = draw_world(made_.inputs, scenario_.seed, w);
    ResolvedScenario drawn = resolve_world(loaded, made_.inputs, world);
    worlds_.push_back({std::move(world), std::move(drawn), {}});
  }
}

/// Tries fleet x in the worlds of which it is not yet known, or was not yet tried.
void WorldsSearch::simulate(std::int64_t x, bool every_world) {
  std::vector<Trial> trials;
  std::vector<std::size_t> of;
  for (std::size_t w = 0; w < worlds_.size(); ++w) {
    const RowKnown& known = worlds_[w].known;
    if (every_world ? known.was_tried(x) : known.at(x).has_value()) continue;
    trials.push_back({&worlds_[w].scenario, row_.fleet(x)});
    of.push_back(w);
  }
  const std::vector<Judgement> judgements = runner_.run(trials);
  for (std::size_t i = 0; i < of.size(); ++i) worlds_[of[i]].known.add(x, judgements[i]);
  simulated_[x] += of.size();
}

WorldsPoint WorldsSearch::point(std::int64_t x) const {
  WorldsPoint made;
  made.fleet = row_.fleet(x);
  made.gpus = row_.gpus(x);
  made.simulated = simulated_.at(x);
  for (const WorldState& world : worlds_) made.hold += world.known.at(x)->holds ? 1 : 0;
  made.share = clopper_pearson(made.hold, worlds_.size(), options_.confidence);
  return made;
}

bool WorldsSearch::holds(std::int64_t x) const {
  return point(x).hold >= worlds_needed(worlds_.size(), options_.assurance);
}

/// The worlds stand in a row by how far they are from holding; the last of those that must hold
/// says how far the fleet is.
AxisVerdict WorldsSearch::judge(std::int64_t x) {
  simulate(x, /*every_world=*/false);
  std::vector<double> severities;
  for (const WorldState& world : worlds_) severities.push_back(world.known.at(x)->severity);
  const std::size_t needed = worlds_needed(worlds_.size(), options_.assurance);
  std::sort(severities.begin(), severities.end());
  AxisVerdict verdict;
  verdict.holds = holds(x);
  verdict.excluded = point(x).share.high < options_.assurance;
  verdict.severity = severities[needed - 1];
  return verdict;
}

AxisRange WorldsSearch::range() const {
  std::vector<std::int64_t> guesses;
  for (const WorldState& world : worlds_) {
    const double ratio = fluid_ratio(scenario_, world.scenario, plan_.free);
    guesses.push_back(row_.scaled(ratio));
  }
  std::sort(guesses.begin(), guesses.end());
  return row_range(row_, guesses[worlds_needed(guesses.size(), options_.assurance) - 1],
                   guesses.back(), plan_, options_.max_gpus);
}

void WorldsSearch::search() {
  const AxisRange range = this->range();
  made_.max_gpus = row_.gpus(range.high);
  made_.step_gpus = row_.step_gpus();
  AxisAnswer answer =
      search_smallest(range, 1, [this](std::int64_t x, std::size_t) { return judge(x); });
  made_.status = PlanStatus::kOutOfBounds;
  made_.needed_gpus = row_.gpus(answer.x);
  made_.from_gpus = row_.gpus(answer.from);
  if (!answer.found) {
    made_.answer = point(range.high);
    return;
  }
  // What followed from other fleets is simulated where it decides.
  std::int64_t x = answer.x;
  simulate(x, /*every_world=*/true);
  while (!holds(x) && x < range.high) simulate(++x, /*every_world=*/true);
  made_.answer = point(x);
  made_.needed_gpus = row_.gpus(x);
  if (!holds(x)) return;
  while (x > range.low) {
    simulate(x - 1, /*every_world=*/true);
    made_.below = point(x - 1);
    if (!holds(x - 1)) break;
    made_.answer = made_.below;
    made_.below.reset();
    --x;
  }
  made_.needed_gpus = row_.gpus(x);
  made_.from_gpus = row_.gpus(std::min(answer.from, x));
  made_.status = PlanStatus::kFound;
}

WorldsPlan WorldsSearch::result() const {
  WorldsPlan result = made_;
  for (const auto& [x, simulated] : simulated_) {
    const bool all_known = std::all_of(worlds_.begin(), worlds_.end(), [x = x](const auto& world) {
      return world.known.at(x).has_value();
    });
    if (all_known) result.curve.push_back(point(x));
  }
  for (const WorldState& world : worlds_) {
    WorldKnown known;
    known.world = world.world;
    if (const auto x = world.known.smallest_that_holds()) known.holds_gpus = row_.gpus(*x);
    if (const auto x = world.known.largest_that_fails()) known.fails_gpus = row_.gpus(*x);
    result.worlds.push_back(std::move(known));
  }
  result.counts = runner_.counts();
  return result;
}

}  // namespace

ShareEstimate clopper_pearson(std::size_t successes, std::size_t trials, double confidence) {
  HEADROOM_CHECK(trials > 0 && successes <= trials, "a share of something");
  using Binomial = boost::math::binomial_distribution<>;
  const auto n = static_cast<double>(trials);
  const auto k = static_cast<double>(successes);
  const double tail = (1 - confidence) / 2;
  ShareEstimate estimate{k / n, 0, 1};
  if (successes > 0) estimate.low = Binomial::find_lower_bound_on_p(n, k, tail);
  if (successes < trials) estimate.high = Binomial::find_upper_bound_on_p(n, k, tail);
  return estimate;
}

WorldsPlan plan_worlds(const LoadedScenario& loaded, const ResolvedScenario& scenario,
                       const FleetPlan& plan, const WorldsOptions& options,
                       const ExecOptions& exec) {
  HEADROOM_CHECK(options.worlds > 0, "there are worlds");
  HEADROOM_CHECK(options.assurance > 0 && options.assurance <= 1, "the assurance is a share");
  WorldsSearch search(scenario, plan, options, exec);
  search.draw(loaded);
  try {
    search.search();
  } catch (const SearchStopped&) {
    search.stopped();
  }
  return search.result();
}

}  // namespace headroom
