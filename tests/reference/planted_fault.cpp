#include "planted_fault.hpp"

#include <cstdlib>

namespace headroom {
namespace {

PlantedFault from_environment() {
  const char* number = std::getenv("HEADROOM_PLANTED_FAULT");
  return static_cast<PlantedFault>(number ? std::atoi(number) : 0);
}

}  // namespace

const PlantedFault kPlantedFault = from_environment();

}  // namespace headroom
