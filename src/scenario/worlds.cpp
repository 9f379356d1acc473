#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "headroom/core/random.hpp"
#include "headroom/scenario/uncertain.hpp"

namespace headroom {
namespace {

/// low and high of a normal input are these quantiles of it.
constexpr double kLowQuantile = 0.05;
/// Less likely values than these are not drawn.
constexpr double kOutermostQuantile = 0.005;

/// The normal distribution with the given quantiles 5 % and 95 %, without its outermost ends.
double normal_value(double low, double high, double u) {
  const boost::math::normal standard;
  const double reach = -boost::math::quantile(standard, kLowQuantile);
  const double z =
      boost::math::quantile(standard, kOutermostQuantile + (1 - 2 * kOutermostQuantile) * u);
  return (low + high) / 2 + z * (high - low) / (2 * reach);
}

double triangular_value(const UncertainField& field, double u) {
  const double width = field.high - field.low;
  const double rise = field.stated - field.low;
  return u * width < rise ? field.low + std::sqrt(u * width * rise)
                          : field.high - std::sqrt((1 - u) * width * (width - rise));
}

/// "image tokens = 700, chat lengths = 1.2": which world it is, for messages.
std::string values_text(const std::vector<UncertainInput>& inputs,
                        const std::vector<std::vector<double>>& values) {
  std::string text;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    text += text.empty() ? "" : ", ";
    text += inputs[i].name + " = " + shown_value(inputs[i].fields.front(), values[i].front());
  }
  return text;
}

using Changes = std::vector<std::pair<std::string, std::string>>;

void add_changes(const UncertainInput& input, const std::vector<double>& values, Changes& changes) {
  for (std::size_t f = 0; f < input.fields.size(); ++f) {
    changes.emplace_back(input.fields[f].pointer, written_value(input.fields[f], values[f]));
  }
}

/// Resolves the changed scenario; errors say which values they come from.
ResolvedScenario resolve_changed(const LoadedScenario& loaded, const Changes& changes,
                                 const std::string& note) {
  try {
    return resolve(with_values(loaded, changes));
  } catch (const InputError& error) {
    std::vector<Issue> issues(error.issues().begin(), error.issues().end());
    for (Issue& issue : issues) issue.notes.push_back(note);
    throw InputError(std::move(issues));
  }
}

}  // namespace

double uncertain_value(const UncertainInput& input, const UncertainField& field, double u) {
  double value = field.low + (field.high - field.low) * u;
  if (input.kind == "log_uniform") {
    value = field.low * std::pow(field.high / field.low, u);
  } else if (input.kind == "triangular") {
    value = triangular_value(field, u);
  } else if (input.kind == "normal") {
    value = normal_value(field.low, field.high, u);
  } else if (input.kind == "lognormal") {
    value = std::exp(normal_value(std::log(field.low), std::log(field.high), u));
  }
  return field.whole ? std::round(value) : value;
}

std::string shown_value(const UncertainField& field, double value) {
  if (field.dimension) return json::format_quantity(value, *field.dimension);
  return field.whole ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

std::string written_value(const UncertainField& field, double value) {
  const std::string text = shown_value(field, value);
  return field.dimension ? "\"" + text + "\"" : text;
}

World draw_world(const std::vector<UncertainInput>& inputs, std::uint64_t seed,
                 std::size_t number) {
  const RunKey key{seed, static_cast<std::uint32_t>(number), 0};
  World world;
  world.number = number;
  RandomStream own(key, Purpose::kWorlds, 0, 0);
  const std::uint64_t high = own();
  world.seed = (high << 32U) | own();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    RandomStream stream(key, Purpose::kWorlds, 1, i);
    world.quantiles.push_back(stream.uniform());
    auto& values = world.values.emplace_back();
    for (const UncertainField& field : inputs[i].fields) {
      values.push_back(uncertain_value(inputs[i], field, world.quantiles.back()));
    }
  }
  return world;
}

LoadedScenario with_values(const LoadedScenario& loaded, const Changes& values) {
  ScenarioOverrides overrides;
  for (const json::Document::Override& change : loaded.document.overrides()) {
    overrides.set_json.emplace_back(change.pointer, change.value_json);
  }
  overrides.set_json.insert(overrides.set_json.end(), values.begin(), values.end());
  overrides.set_json.emplace_back("/uncertain", "[]");
  return parse_scenario(loaded.document.text(), loaded.document.file_name(), loaded.base_directory,
                        overrides);
}

ResolvedScenario resolve_world(const LoadedScenario& loaded,
                               const std::vector<UncertainInput>& inputs, const World& world) {
  Changes changes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    add_changes(inputs[i], world.values[i], changes);
  }
  ResolvedScenario resolved = resolve_changed(
      loaded, changes,
      fmt::format("in world {}: {}", world.number, values_text(inputs, world.values)));
  resolved.seed = world.seed;
  return resolved;
}

ResolvedScenario resolve_end(const LoadedScenario& loaded, const UncertainInput& input, bool high) {
  std::vector<double> values;
  for (const UncertainField& field : input.fields) values.push_back(high ? field.high : field.low);
  Changes changes;
  add_changes(input, values, changes);
  return resolve_changed(
      loaded, changes,
      fmt::format("with {} = {}", input.name, shown_value(input.fields.front(), values.front())));
}

}  // namespace headroom
