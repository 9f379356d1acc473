// The scenario's `plan` object.
#include <array>

#include "headroom/scenario/plan_section.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Need;
using json::Range;

void describe_class(Archive& a, PlanLever& lever) {
  a.text({"class", "the class that is capped", Need::kRequired}, lever.request_class);
}

void check_settings(Archive& a, std::string_view key, const std::vector<std::string>& settings) {
  if (!a.decoding()) return;
  for (const std::string& setting : settings) {
    if (split_setting(setting)) continue;
    a.problem(key, "E111", "\"" + setting + "\" is not PATH=VALUE");
  }
}

void describe_degrade(Archive& a, PlanLever& lever) {
  a.texts({"set", "what is served instead: PATH=VALUE, as --set"}, lever.set);
  a.texts({"set_json", "the same with JSON values: PATH=JSON"}, lever.set_json);
  check_settings(a, "set", lever.set);
  check_settings(a, "set_json", lever.set_json);
  if (a.decoding() && lever.set.empty() && lever.set_json.empty()) {
    a.problem("", "E106", "a degradation needs what it changes: set or set_json");
  }
}

}  // namespace

std::optional<std::pair<std::string, std::string>> split_setting(const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0) return std::nullopt;
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

void describe(Archive& a, PlanClaim& claim) {
  a.text({"name", "what reports call it", Need::kRequired}, claim.name);
  a.integer({"extra_gpus", "GPUs more than today's", Need::kRequired}, claim.extra_gpus,
            Range{1, 1e9});
  a.text({"source", "who says so", Need::kRequired}, claim.source);
}

void describe(Archive& a, PlanLever& lever) {
  a.text({"name", "what reports call it", Need::kRequired}, lever.name);
  a.boolean({"always", "worked out by every plan, not only with --solve"}, lever.always);
  const std::array<Archive::Branch, 3> kinds{
      {{"rate_limit", "the largest admitted rate of a class that holds every target",
        [&lever](Archive& b) {
          describe_class(b, lever);
          b.number({"burst", "requests at once after a pause; 0 = those of one second"},
                   lever.burst, Range{0, 1e9});
        }},
       {"quota", "the most requests a user and day of a class that hold every target",
        [&lever](Archive& b) {
          describe_class(b, lever);
          b.object(
              {"quota", "as a class's own; per_day is the mildest that is tried", Need::kRequired},
              lever.quota);
        }},
       {"degrade", "something cheaper is served: how many GPUs that saves",
        [&lever](Archive& b) { describe_degrade(b, lever); }}}};
  a.variant({"kind", "what is done", Need::kRequired}, lever.kind, kinds);
}

void describe(Archive& a, PlanSection& plan) {
  a.list({"claims", "numbers of GPUs that were named elsewhere, to compare with"}, plan.claims);
  a.texts({"rests_on", "paths of provenance that the answer hangs on most"}, plan.rests_on);
  a.list({"levers", "what can be done instead of adding GPUs"}, plan.levers);
}

}  // namespace headroom
