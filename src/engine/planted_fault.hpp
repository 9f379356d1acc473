#pragma once

namespace headroom {

/// Tests compile the engine once more with HEADROOM_PLANTED_FAULTS and choose a fault as the test
/// starts, to show that the comparison with the reference engine catches each. In any other build
/// there is none, and the compiler drops the tests for it.
enum class PlantedFault {
  kNone = 0,
  kCutAfterArrival,        ///< a plan is cut one boundary late when the arrival is on a boundary
  kBlockPhase,             ///< KV blocks are counted as if the step counter were one ahead
  kVictimToBack,           ///< a preempted request joins the back of its tier
  kFirstAdmittedIsVictim,  ///< the victim is the one admitted first
  kNoCutForTier,           ///< a better tier's arrival does not cut when others wait
  kLatePatience,           ///< patience that ends at an admission's tick does not count
  kRecomputeForgets,       ///< a preempted request recomputes its prompt alone
  kTieToHigherId,          ///< power_of_two breaks ties towards the higher id
  kPieceIgnored,           ///< a plan runs past a break-point of decode attention
  kAdmitAfterPreempting,   ///< a step that preempted admits
  kReuseTaken,             ///< a preempted request finds blocks that others have taken
  kNoSecondLook,           ///< who could not take a head leaves the others' plans uncut
  kNoCutAtStart,           ///< an arrival before a plan starts lets it take its first step

  kFaultTakesStep = 31,  ///< a step that ends at a fault's tick is lost
  kFaultSparesQueue,     ///< what queues on the failed replica waits for its repair
  kRemovedAdmits,        ///< a removed replica takes the central queue's head
  kMovedByOldDraws,      ///< a moved request is routed by the numbers of its first routing
  kRemovedIsRouted,      ///< the router sees a removed replica
  kSharesOfAll,          ///< busy shares are of all replicas, in service or not

  kQuotaOnRetries = 51,  ///< a retry is asked for its quota again, that of the newest arrival
  kBucketEdge,           ///< a token that has just come does not count
  kCapWithoutSlots,      ///< free slots are no room beside the queue cap
  kRetryByOldDraws,      ///< a retry is routed by the numbers of the first attempt
  kLateAnswerCounts,     ///< what a step finishes after its user has left is finished
  kNoCutForLeaver,       ///< a plan runs on when a user leaves in it
  kWasteUnshared,        ///< a replica's time counts in full for each on it
};

#ifdef HEADROOM_PLANTED_FAULTS
extern const PlantedFault kPlantedFault;
#else
inline constexpr PlantedFault kPlantedFault = PlantedFault::kNone;
#endif

}  // namespace headroom
