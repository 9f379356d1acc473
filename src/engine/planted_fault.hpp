#pragma once

/// Tests compile the engine with HEADROOM_PLANTED_FAULT=1..10 to show that the comparison with the
/// reference engine catches each; 0, the default, is the engine as meant.
#ifndef HEADROOM_PLANTED_FAULT
#define HEADROOM_PLANTED_FAULT 0
#endif

namespace headroom {

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
};

inline constexpr PlantedFault kPlantedFault = static_cast<PlantedFault>(HEADROOM_PLANTED_FAULT);

}  // namespace headroom
