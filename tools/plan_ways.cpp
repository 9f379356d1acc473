#include "plan_ways.hpp"

#include <algorithm>
#include <utility>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/json/document.hpp"

namespace headroom::tools {
namespace {

[[noreturn]] void refuse(const LoadedScenario& loaded, const char* pointer, const char* message,
                         std::vector<std::string> notes) {
  Issue issue;
  issue.code = "E113";
  issue.pointer = pointer;
  issue.message = message;
  issue.notes = std::move(notes);
  loaded.document.locate(issue);
  throw InputError({issue});
}

/// Something cheaper, or why it cannot be built.
Degradation degradation_of(const PlanLever& lever, const LoadedScenario& loaded) {
  ScenarioOverrides overrides;
  for (const std::string& setting : lever.set) {
    overrides.set.push_back(*split_setting(setting));
  }
  for (const std::string& setting : lever.set_json) {
    overrides.set_json.push_back(*split_setting(setting));
  }
  Degradation made{lever.name, {}, ""};
  try {
    made.scenario = resolve(with_overrides(loaded, overrides));
  } catch (const InputError& error) {
    made.problem = error.issues().front().message;
  }
  return made;
}

/// The class named by --class, else the only one there is.
std::string capped_class(const CommandLine& line, const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ScenarioClass& of : scenario.classes) names.push_back(of.name);
  const std::string& asked = line.plan.request_class;
  if (asked.empty()) {
    if (names.size() == 1) return names.front();
    throw UsageError(
        "--solve rate-limit: name the class that is capped with --class, or declare a lever under "
        "plan.levers");
  }
  if (std::find(names.begin(), names.end(), asked) != names.end()) return asked;
  const std::string near = nearest_word(asked, names);
  throw UsageError("--class: the scenario has no class '" + asked + "'" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

void check_flags(const CommandLine& line) {
  const PlanFlags& plan = line.plan;
  if (!plan.solve.empty() && !plan.gpus.empty()) {
    throw UsageError("--solve is about today's GPUs, --gpu about others: ask for one at a time");
  }
  if (!plan.request_class.empty() && plan.solve != "rate-limit") {
    throw UsageError("--class goes with --solve rate-limit");
  }
  if (!plan.from.empty() && plan.solve != "delivery") {
    throw UsageError("--from goes with --solve delivery");
  }
}

/// Seconds since the start of a date or a time after it.
double date_s(const std::string& text, const ScenarioTime& time) {
  double at_s = 0;
  std::string problem;
  if (json::parse_utc(text, at_s)) {
    at_s -= time.start.seconds;
  } else if (!json::parse_quantity(text, json::Dimension::kDuration, at_s, problem)) {
    throw UsageError("--from: " + problem);
  }
  if (at_s < seconds(time.warmup) || at_s >= seconds(time.duration)) {
    throw UsageError("--from " + text + " is not within the run");
  }
  return at_s;
}

void add_caps(const CommandLine& line, const Scenario& scenario, SolveOptions& options) {
  const bool asked = line.plan.solve == "rate-limit";
  const std::string& only = line.plan.request_class;
  for (const PlanLever& lever : scenario.plan.levers) {
    const bool wanted = asked ? only.empty() || lever.request_class == only : lever.always;
    if (lever.kind != "degrade" && wanted) options.caps.push_back(lever);
  }
  if (!asked || !options.caps.empty()) return;
  PlanLever lever;
  lever.request_class = capped_class(line, scenario);
  lever.name = "rate limit on " + lever.request_class;
  options.caps.push_back(std::move(lever));
}

void check_caps(const LoadedScenario& loaded, const ResolvedScenario& scenario,
                const SolveOptions& options) {
  for (const PlanLever& lever : options.caps) {
    const std::size_t c = scenario.class_index(lever.request_class);
    if (scenario.demand().rate(ClassId{static_cast<std::uint32_t>(c)}).total() > 0) continue;
    refuse(loaded, ("/classes/" + std::to_string(c)).c_str(),
           "a class without demand has nothing to cap", {});
  }
}

}  // namespace

SolveOptions solve_options(const CommandLine& line, const LoadedScenario& loaded,
                           const ResolvedScenario& scenario) {
  check_flags(line);
  const std::string& solve = line.plan.solve;
  SolveOptions options;
  options.demand = solve == "demand";
  add_caps(line, loaded.scenario, options);
  check_caps(loaded, scenario, options);
  if (solve == "delivery") {
    if (deliveries_of(scenario).empty()) {
      refuse(loaded, "/fleet/pools", "no pool has deliveries within the run to choose from",
             {"state them under deliveries of a pool: {\"at\": \"12h\", \"gpus\": 8}"});
    }
    if (scenario.periods.size() > 1) {
      refuse(loaded, "/busy_periods", "a date within the run says nothing of repeated busy periods",
             {});
    }
    options.delivered = scenario;
    if (!line.plan.from.empty()) {
      options.from = ticks_from_seconds(date_s(line.plan.from, loaded.scenario.time));
    }
  }
  for (const PlanLever& lever : loaded.scenario.plan.levers) {
    if (lever.kind != "degrade" || (solve != "degrade" && !lever.always)) continue;
    options.degradations.push_back(degradation_of(lever, loaded));
  }
  if (solve == "degrade" && options.degradations.empty()) {
    refuse(loaded, loaded.document.contains("/plan") ? "/plan" : "",
           "the scenario declares no degradation",
           {"declare one under plan.levers: {\"name\": \"low quality\", \"kind\": \"degrade\", "
            "\"set\": [\"classes.image.stages.0.output_tokens=1056\"]}"});
  }
  return options;
}

ResolvedScenario plan_base(const CommandLine& line, ResolvedScenario scenario) {
  if (line.plan.solve != "delivery") return scenario;
  return with_deliveries(scenario, 0);
}

bool has_answer(const CommandLine& line, const WaysOut& ways) {
  const auto answered = [](LeverStatus status) {
    return status == LeverStatus::kFound || status == LeverStatus::kNeedless;
  };
  if (line.plan.solve.empty()) return true;
  if (line.plan.solve == "delivery") return ways.delivery && answered(ways.delivery->status);
  const bool degrade = line.plan.solve == "degrade";
  return std::any_of(ways.levers.begin(), ways.levers.end(), [&](const LeverAnswer& lever) {
    return (lever.kind == LeverKind::kDegrade) == degrade && answered(lever.status);
  });
}

}  // namespace headroom::tools
