// Deliveries, removals and failures of a pool's GPUs.
#include "headroom/scenario/scenario.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Dimension;
using json::Need;
using json::Range;

constexpr Range kChangeCount{1, 1e7};
/// From a minute to 300 years, above every published time between failures of a node.
constexpr Range kBetweenFailures{60, 1e10};
constexpr Range kRepair{0, 7'776'000, true, false};  // 90 days, the longest run

}  // namespace

void describe(Archive& a, ScenarioDelivery& delivery) {
  a.text({"name", "what paths call it"}, delivery.name);
  a.time_point(
      {"at", "when they are there, or are asked for if provisioning takes time", Need::kRequired},
      delivery.at);
  a.integer({"gpus", "GPUs, in whole replicas", Need::kRequired}, delivery.gpus, kChangeCount);
  a.duration({"provisioning_delay", "from then until the machine is up"},
             delivery.provisioning_delay);
  a.duration({"model_load", "until the replica has loaded its model and serves"},
             delivery.model_load);
}

void describe(Archive& a, ScenarioRemoval& removal) {
  a.text({"name", "what paths call it"}, removal.name);
  a.time_point({"at", "from then on they take no new work", Need::kRequired}, removal.at);
  a.integer({"gpus", "GPUs, in whole replicas; the latest to come leave first", Need::kRequired},
            removal.gpus, kChangeCount);
}

void describe(Archive& a, ScenarioZone& zone) {
  a.text({"name", "what faults call it", Need::kRequired}, zone.name);
  a.integer(
      {"nodes", "how many of the pool's nodes, from where the zone before ends", Need::kRequired},
      zone.nodes, kChangeCount);
}

void describe(Archive& a, FailuresConfig& failures) {
  a.quantity({"mean_time_between", "of one node: mean time from its repair to its next failure",
              Need::kRequired},
             failures.mean_time_between_s, Dimension::kDuration, kBetweenFailures);
  describe_distribution(
      a, {"repair_time", "from the failure until its replicas serve again", Need::kRequired},
      failures.repair_time_s, Dimension::kDuration, kRepair);
}

void describe(Archive& a, ScenarioFault& fault) {
  a.text({"name", "what paths call it"}, fault.name);
  a.time_point({"at", "when they fail", Need::kRequired}, fault.at);
  a.text({"pool", "whose nodes; left out: of every pool that has the zone"}, fault.pool);
  a.text({"zone", "only nodes of this zone"}, fault.zone);
  a.integer({"nodes", "how many, the lowest first; 0 = all of the zone"}, fault.nodes,
            Range{0, 1e7});
  a.duration({"for", "until their replicas serve again", Need::kRequired}, fault.lasts,
             json::kPositive);
  if (!a.decoding()) return;
  if (fault.pool.empty() && fault.zone.empty()) {
    a.problem("", "E106", "a fault needs a pool or a zone");
  } else if (fault.zone.empty() && fault.nodes == 0) {
    a.problem("nodes", "E106", "how many nodes of the pool fail?",
              {"a fault of a zone may leave it out: all of them"});
  }
}

}  // namespace headroom
