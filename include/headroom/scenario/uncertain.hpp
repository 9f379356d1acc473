#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "headroom/scenario/load.hpp"

/// Worlds: the scenario with other values of the inputs that it calls uncertain.
namespace headroom {

/// One number of a scenario that varies. Numbers are in the SI unit of the field.
struct UncertainField {
  std::string path;     ///< as the scenario writes it
  std::string pointer;  ///< JSON pointer
  std::optional<json::Dimension> dimension;
  bool whole = false;  ///< takes whole numbers only
  double stated = 0;   ///< what the scenario says
  double low = 0, high = 0;
};

/// Numbers that vary together: one draw, the same quantile for each.
struct UncertainInput {
  std::string name;  ///< what reports call it
  std::string kind;
  std::vector<UncertainField> fields;  ///< at least one
};

/// What a scenario calls uncertain, in its order. REQUIRES: a scenario that loaded.
std::vector<UncertainInput> uncertain_inputs(const LoadedScenario& loaded);

/// A field's value at quantile u.
///
/// - uniform: between low and high.
/// - log_uniform: its logarithm is.
/// - triangular: between low and high, most likely as stated.
/// - normal, lognormal: low and high are the quantiles 5 % and 95 %; not drawn beyond the quantiles
///   0.5 % and 99.5 %, which is where u = 0 and 1 are.
///
/// Whole numbers are rounded. REQUIRES: 0 <= u <= 1.
double uncertain_value(const UncertainInput& input, const UncertainField& field, double u);

/// The value as a scenario writes it: JSON text, "1056" or "\"600/s\"".
std::string written_value(const UncertainField& field, double value);
/// The same for people: 1056, 600/s.
std::string shown_value(const UncertainField& field, double value);

/// One draw of every input.
struct World {
  std::size_t number = 0;
  std::uint64_t seed = 0;                   ///< of its arrivals, lengths and routing
  std::vector<double> quantiles;            ///< by input
  std::vector<std::vector<double>> values;  ///< by input and field
};

/// World `number` of a scenario with this seed. Depends on nothing else: worlds are the same for
/// every fleet, and world 7 is the same among 10 and among 100.
World draw_world(const std::vector<UncertainInput>& inputs, std::uint64_t seed, std::size_t number);

/// The scenario with other values: JSON pointer and JSON text. What it says of uncertain inputs is
/// dropped. Throws InputError where values do not go together.
LoadedScenario with_values(const LoadedScenario& loaded,
                           const std::vector<std::pair<std::string, std::string>>& values);

/// The scenario as it is in a world, resolved; the world's values are named in errors.
ResolvedScenario resolve_world(const LoadedScenario& loaded,
                               const std::vector<UncertainInput>& inputs, const World& world);
/// The scenario with one input at its low or high, all others as stated, and the scenario's seed.
ResolvedScenario resolve_end(const LoadedScenario& loaded, const UncertainInput& input, bool high);

}  // namespace headroom
