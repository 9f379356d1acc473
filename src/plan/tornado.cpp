#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "fleet_row.hpp"
#include "headroom/plan/worlds.hpp"
#include "trials.hpp"

namespace headroom {
namespace {

/// One end of one input, or the scenario as stated, that is being sized.
struct Variant {
  ResolvedScenario scenario;
  AxisRange range;
  RowKnown known;
  std::optional<AxisAnswer> answer;
  bool below_floor = false;
  std::optional<TimeSpan> hours;  ///< that are simulated; everything when empty
};

/// What a search asks for next.
struct Unknown {
  std::int64_t x = 0;
};

AxisRange range_of(const FleetRow& row, const ResolvedScenario& scenario, const Variant& variant,
                   const FleetPlan& plan, const WorldsOptions& options) {
  const double ratio = fluid_ratio(scenario, variant.scenario, plan.free);
  const std::int64_t guess = row.scaled(ratio);
  return row_range(row, guess, guess, plan, options.max_gpus);
}

/// The search of one variant as far as what is known takes it: its answer, or what it asks for.
/// Searches are deterministic, so that it goes the same way each time and one step further.
std::optional<std::int64_t> advance(Variant& variant) {
  try {
    variant.answer = search_smallest(variant.range, 1, [&](std::int64_t x, std::size_t) {
      const auto known = variant.known.at(x);
      if (!known) throw Unknown{x};
      return AxisVerdict{known->holds, !known->holds, known->severity, true};
    });
    return std::nullopt;
  } catch (const Unknown& unknown) {
    return unknown.x;
  }
}

/// Sizes all variants side by side, so that each round's simulations keep all threads busy.
void size_all(std::vector<Variant>& variants, const FleetRow& row, TrialRunner& runner) {
  while (true) {
    std::vector<Trial> trials;
    std::vector<std::pair<Variant*, std::int64_t>> asked;
    for (Variant& variant : variants) {
      if (variant.answer) continue;
      const auto x = advance(variant);
      if (!x) continue;
      trials.push_back({&variant.scenario, row.fleet(*x), variant.hours});
      asked.emplace_back(&variant, *x);
    }
    if (trials.empty()) return;
    const std::vector<Judgement> judgements = runner.run(trials);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      asked[i].first->known.add(asked[i].second, judgements[i]);
    }
  }
}

/// Where answers take longer than a target allows with nobody else there no search is needed.
void find_floors(std::vector<Variant>& variants, Evaluator& floors, double confidence) {
  for (std::size_t v = 0; v < variants.size(); ++v) {
    Variant& variant = variants[v];
    const std::string family = "variant " + std::to_string(v);
    if (targets_below_floor(variant.scenario, floors, confidence, family).empty()) continue;
    variant.below_floor = true;
    variant.answer.emplace();
    variant.answer->x = variant.range.high;
  }
}

TornadoEnd end_of(const Variant& variant, const FleetRow& row) {
  TornadoEnd end;
  end.found = variant.answer->found;
  end.gpus = row.gpus(variant.answer->x);
  end.below_floor = variant.below_floor;
  return end;
}

/// By how many GPUs an input moves the answer.
std::int64_t swing(const TornadoRow& row, const TornadoEnd& stated) {
  const auto [low, high] = std::minmax({row.low.gpus, row.high.gpus, stated.gpus});
  return high - low;
}

}  // namespace

Tornado find_tornado(const LoadedScenario& loaded, const ResolvedScenario& scenario,
                     const FleetPlan& plan, const WorldsOptions& options, const ExecOptions& exec) {
  Tornado tornado;
  tornado.inputs = uncertain_inputs(loaded);
  const FleetRow row(scenario, plan);
  std::vector<Variant> variants;
  variants.push_back({scenario, {}, {}, {}, false, {}});
  for (const UncertainInput& input : tornado.inputs) {
    for (const bool high : {false, true}) {
      variants.push_back({resolve_end(loaded, input, high), {}, {}, {}, false, {}});
    }
  }
  for (Variant& variant : variants) {
    variant.range = range_of(row, scenario, variant, plan, options);
    tornado.max_gpus = std::max(tornado.max_gpus, row.gpus(variant.range.high));
    const auto hours = options.in_busiest_hours ? busiest_hours(variant.scenario) : std::nullopt;
    if (hours) variant.hours = hours->simulate;
    tornado.in_busiest_hours = tornado.in_busiest_hours || hours.has_value();
  }
  tornado.step_gpus = row.step_gpus();
  TrialRunner runner(options.replications, exec);
  Evaluator floors(exec);
  try {
    find_floors(variants, floors, options.confidence);
    size_all(variants, row, runner);
    tornado.stated = end_of(variants[0], row);
    for (std::size_t i = 0; i < tornado.inputs.size(); ++i) {
      TornadoRow made{i, end_of(variants[1 + 2 * i], row), end_of(variants[2 + 2 * i], row)};
      for (const UncertainField& field : tornado.inputs[i].fields) {
        made.low.values.push_back(field.low);
        made.high.values.push_back(field.high);
      }
      tornado.rows.push_back(std::move(made));
    }
    std::stable_sort(tornado.rows.begin(), tornado.rows.end(),
                     [&](const TornadoRow& a, const TornadoRow& b) {
                       return swing(a, tornado.stated) > swing(b, tornado.stated);
                     });
    tornado.status = PlanStatus::kFound;
  } catch (const SearchStopped&) {
    tornado.status = PlanStatus::kStopped;
  }
  tornado.counts = runner.counts();
  tornado.counts.add_runs_of(floors.counts());
  return tornado;
}

}  // namespace headroom
