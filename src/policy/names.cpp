#include "headroom/policy/names.hpp"

#include <array>

namespace headroom {
namespace {

constexpr std::array<PolicyName, 5> kQueueing{{
    {"central", "one queue for the pool; the emptiest replica that can takes the head"},
    {"round_robin", "each replica in turn"},
    {"random", "any replica, all alike"},
    {"least_loaded", "the replica with the fewest requests, queued and running"},
    {"power_of_two", "the less loaded of two replicas drawn at random"},
}};

constexpr std::array<PolicyName, 4> kBatching{{
    {"static", "a batch size and a longest wait; all members start and end together"},
    {"continuous", "whole prompts first, then one token for all that run"},
    {"chunked", "a token budget a step, mixing pieces of prompts with decodes (vLLM v1)"},
    {"slots", "independent service times, as many at once as there are slots"},
}};

}  // namespace

std::span<const PolicyName> queueing_policies() { return kQueueing; }
std::span<const PolicyName> routers() { return std::span(kQueueing).subspan(1); }
std::span<const PolicyName> batching_modes() { return kBatching; }

}  // namespace headroom
