#include "headroom/plan/worlds.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "fleet_row.hpp"
#include "headroom/core/check.hpp"
#include "trials.hpp"

namespace headroom {
namespace {

/// A world that is being sized.
struct WorldState {
  World world;
  ResolvedScenario scenario;
  std::vector<FloorMiss> floor;
  std::optional<TimeSpan> hours;  ///< that are simulated where only they are
  RowKnown known;

  bool possible() const { return floor.empty(); }
  std::optional<RowKnown::Tried> at(std::int64_t x) const {
    if (possible()) return known.at(x);
    return RowKnown::Tried{false, std::numeric_limits<double>::infinity(), true};
  }
};

class WorldsSearch {
 public:
  WorldsSearch(const ResolvedScenario& scenario, const FleetPlan& plan,
               const WorldsOptions& options, const ExecOptions& exec)
      : scenario_(scenario),
        plan_(plan),
        options_(options),
        row_(scenario, plan),
        floors_(exec),
        runner_(options.replications, exec) {}

  /// In which worlds a fleet is tried.
  enum class Where {
    kUnknown,  ///< of which it does not follow from other fleets
    kAll,
    kAllWhole,  ///< all, by a whole run unless the busiest hours say that it misses
  };

  void draw(const LoadedScenario& loaded);
  void find_floors();
  void find_hours();
  void search();
  WorldsPlan result() const;
  void stopped() { made_.status = PlanStatus::kStopped; }

 private:
  void simulate(std::int64_t x, Where where);
  static bool asks_for(const WorldState& world, std::int64_t x, Where where);
  WorldsPoint point(std::int64_t x) const;
  AxisVerdict judge(std::int64_t x);
  AxisRange range() const;
  bool holds(std::int64_t x) const { return point(x).hold >= needed(); }
  /// Simulated in all worlds, in their busiest hours and, where it holds then, in whole runs.
  bool confirm(std::int64_t x);
  /// Worlds that the search asks to hold: of those that can.
  std::size_t needed() const { return std::min(made_.wanted, made_.possible); }

  const ResolvedScenario& scenario_;
  const FleetPlan& plan_;
  const WorldsOptions& options_;
  FleetRow row_;
  Evaluator floors_;
  TrialRunner runner_;
  std::vector<WorldState> worlds_;
  std::set<std::int64_t> tried_;  ///< numbers of the row
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
    worlds_.push_back({std::move(world), std::move(drawn), {}, {}, {}});
  }
  made_.wanted = worlds_needed(worlds_.size(), options_.assurance);
}

/// In some worlds answers may take longer than a target allows with nobody else there.
void WorldsSearch::find_floors() {
  for (WorldState& world : worlds_) {
    const std::string family = "world " + std::to_string(world.world.number);
    world.floor = targets_below_floor(world.scenario, floors_, options_.confidence, family);
    made_.possible += world.possible() ? 1 : 0;
  }
}

/// A world's demand has its own crest.
void WorldsSearch::find_hours() {
  if (!options_.in_busiest_hours) return;
  for (WorldState& world : worlds_) {
    const auto hours = world.possible() ? busiest_hours(world.scenario) : std::nullopt;
    if (hours) world.hours = hours->simulate;
  }
}

bool WorldsSearch::asks_for(const WorldState& world, std::int64_t x, Where where) {
  if (!world.possible()) return false;
  switch (where) {
    case Where::kUnknown:
      return !world.known.at(x);
    case Where::kAll:
      return !world.known.was_tried(x);
    case Where::kAllWhole:
      break;
  }
  return !world.known.was_tried_whole(x) && world.known.at(x)->holds;
}

void WorldsSearch::simulate(std::int64_t x, Where where) {
  std::vector<Trial> trials;
  std::vector<WorldState*> of;
  for (WorldState& world : worlds_) {
    if (!asks_for(world, x, where)) continue;
    const bool whole = where == Where::kAllWhole;
    trials.push_back({&world.scenario, row_.fleet(x), whole ? std::nullopt : world.hours});
    of.push_back(&world);
  }
  const std::vector<Judgement> judgements = runner_.run(trials);
  for (std::size_t i = 0; i < of.size(); ++i) of[i]->known.add(x, judgements[i]);
  tried_.insert(x);
}

bool WorldsSearch::confirm(std::int64_t x) {
  simulate(x, Where::kAll);
  if (holds(x)) simulate(x, Where::kAllWhole);
  return holds(x);
}

WorldsPoint WorldsSearch::point(std::int64_t x) const {
  WorldsPoint made;
  made.fleet = row_.fleet(x);
  made.gpus = row_.gpus(x);
  for (const WorldState& world : worlds_) {
    made.hold += world.at(x)->holds ? 1 : 0;
    made.simulated += world.known.was_tried(x) ? 1 : 0;
    made.whole += world.known.was_tried_whole(x) ? 1 : 0;
  }
  made.share = clopper_pearson(made.hold, worlds_.size(), options_.confidence);
  return made;
}

/// The worlds stand in a row by how far they are from holding; the last of those that must hold
/// says how far the fleet is.
AxisVerdict WorldsSearch::judge(std::int64_t x) {
  simulate(x, Where::kUnknown);
  std::vector<double> severities;
  for (const WorldState& world : worlds_) severities.push_back(world.at(x)->severity);
  std::sort(severities.begin(), severities.end());
  AxisVerdict verdict;
  verdict.holds = holds(x);
  const double reachable = static_cast<double>(needed()) / static_cast<double>(worlds_.size());
  verdict.excluded = point(x).share.high < std::min(options_.assurance, reachable);
  verdict.severity = severities[needed() - 1];
  return verdict;
}

AxisRange WorldsSearch::range() const {
  std::vector<std::int64_t> guesses;
  for (const WorldState& world : worlds_) {
    if (!world.possible()) continue;
    const double ratio = fluid_ratio(scenario_, world.scenario, plan_.free);
    guesses.push_back(row_.scaled(ratio));
  }
  std::sort(guesses.begin(), guesses.end());
  return row_range(row_, guesses[needed() - 1], guesses.back(), plan_, options_.max_gpus);
}

void WorldsSearch::search() {
  find_floors();
  find_hours();
  made_.status = PlanStatus::kOutOfBounds;
  if (made_.possible == 0) return;
  const AxisRange range = this->range();
  made_.max_gpus = row_.gpus(range.high);
  made_.step_gpus = row_.step_gpus();
  AxisAnswer answer =
      search_smallest(range, 1, [this](std::int64_t x, std::size_t) { return judge(x); });
  made_.needed_gpus = row_.gpus(answer.x);
  made_.from_gpus = row_.gpus(answer.from);
  if (!answer.found) {
    made_.answer = point(range.high);
    return;
  }
  // What followed from other fleets is simulated where it decides.
  std::int64_t x = answer.x;
  bool enough = confirm(x);
  while (!enough && x < range.high) enough = confirm(++x);
  made_.answer = point(x);
  made_.needed_gpus = row_.gpus(x);
  if (!enough) return;
  while (x > range.low) {
    enough = confirm(x - 1);
    made_.below = point(x - 1);
    if (!enough) break;
    made_.answer = made_.below;
    made_.below.reset();
    --x;
  }
  made_.needed_gpus = row_.gpus(x);
  made_.from_gpus = row_.gpus(std::min(answer.from, x));
  if (made_.possible >= made_.wanted) made_.status = PlanStatus::kFound;
}

WorldsPlan WorldsSearch::result() const {
  WorldsPlan result = made_;
  for (const std::int64_t x : tried_) {
    const bool all_known = std::all_of(worlds_.begin(), worlds_.end(),
                                       [x](const auto& world) { return world.at(x).has_value(); });
    if (all_known) result.curve.push_back(point(x));
  }
  for (const WorldState& world : worlds_) {
    WorldKnown known;
    known.world = world.world;
    if (const auto x = world.known.smallest_that_holds()) known.holds_gpus = row_.gpus(*x);
    if (const auto x = world.known.largest_that_fails()) known.fails_gpus = row_.gpus(*x);
    known.floor = world.floor;
    result.worlds.push_back(std::move(known));
  }
  result.counts = runner_.counts();
  result.counts.add_runs_of(floors_.counts());
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
