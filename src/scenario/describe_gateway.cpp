#include "describe_gateway.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Dimension;
using json::Range;

const std::vector<std::string>& lost_states() {
  static const std::vector<std::string> kStates{"abandoned", "rejected", "failed"};
  return kStates;
}

void check_states(Archive& a, const std::vector<std::string>& on) {
  const auto& known = lost_states();
  for (const std::string& state : on) {
    if (std::find(known.begin(), known.end(), state) != known.end()) continue;
    std::vector<std::string> notes{"expected abandoned, rejected or failed"};
    const std::string near = nearest_word(state, known);
    if (!near.empty()) notes.push_back("did you mean \"" + near + "\"?");
    a.problem("on", "E112", "nobody tries again after \"" + state + "\"", std::move(notes));
  }
}

}  // namespace

void describe(Archive& a, RateLimitConfig& limit) {
  a.quantity(
      {"rate", "requests let through in the long run, of the whole fleet", json::Need::kRequired},
      limit.rate_per_s, Dimension::kRate, Range{1e-6, 1e9});
  a.number({"burst", "requests that may come at once after a pause; 0 = those of one second"},
           limit.burst, Range{0, 1e9});
}

void describe(Archive& a, RetryConfig& retry) {
  a.integer({"max_attempts", "the first included"}, retry.max_attempts, Range{2, 100});
  a.texts({"on", "after which ends: abandoned, rejected (by rate limit or queue cap), failed"},
          retry.on);
  a.duration({"backoff", "wait before the second attempt"}, retry.backoff, json::kPositive);
  a.number({"factor", "of every further back-off to the one before"}, retry.factor, Range{1, 100});
  a.duration({"max_backoff", "longest back-off"}, retry.max_backoff, json::kPositive);
  a.number({"jitter", "share of the back-off that is uniformly random, downwards"}, retry.jitter,
           json::kShare);
  a.number({"probability", "that a user tries again at all, each time"}, retry.probability,
           json::kShare);
  if (!a.decoding()) return;
  check_states(a, retry.on);
  if (retry.max_backoff < retry.backoff) {
    a.problem(a.has("max_backoff") ? "max_backoff" : "backoff", "E113",
              "the longest back-off is shorter than the first");
  }
}

RetryRule RetryConfig::rule() const {
  const auto after = [this](const char* state) {
    return std::find(on.begin(), on.end(), state) != on.end();
  };
  RetryRule rule;
  rule.max_attempts = static_cast<std::int32_t>(max_attempts);
  rule.abandoned = after("abandoned");
  rule.rejected = after("rejected");
  rule.failed = after("failed");
  rule.backoff = backoff;
  rule.factor = factor;
  rule.max_backoff = max_backoff;
  rule.jitter = jitter;
  rule.probability = probability;
  return rule;
}

void describe_gateway(Archive& a, ScenarioClass& c) {
  a.optional_object({"rate_limit", "token bucket of the gateway: what comes faster is refused"},
                    c.rate_limit);
  a.number({"queue_share", "of its pools' queue_cap: it joins only below; for shedding by tier"},
           c.queue_share, Range{0, 1, true, false});
  a.boolean({"patience_in_service", "users leave at the end of their patience, served or not"},
            c.patience_in_service);
  a.optional_object({"retry", "users try again when an attempt is lost"}, c.retry);
  if (!a.decoding()) return;
  if (c.patience_in_service && !c.demand.patience_s) {
    a.problem("patience_in_service", "E113", "the class has no patience that could go on");
  }
}

}  // namespace headroom
