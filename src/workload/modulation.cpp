#include "modulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace headroom {

Modulation compile_modulation(const std::vector<ArrivalState>& states) {
  Modulation modulation;
  double time_s = 0, weighted = 0;
  for (const ArrivalState& state : states) {
    time_s += state.mean_sojourn_s;
    weighted += state.factor * state.mean_sojourn_s;
  }
  modulation.mean_factor = weighted / time_s;
  for (const ArrivalState& state : states) {
    modulation.factors.push_back(state.factor / modulation.mean_factor);
    modulation.mean_sojourns_s.push_back(state.mean_sojourn_s);
  }
  return modulation;
}

ModulationCursor::ModulationCursor(const Modulation& modulation, const RateFunction& rate,
                                   const RunKey& key, std::uint32_t kind)
    : modulation_(&modulation), rate_(&rate), key_(key.shared()), kind_(kind) {
  // The states come in turn, so a moment falls in each with the share of its mean sojourn; what is
  // left of an exponential sojourn is exponential again.
  const auto& sojourns = modulation.mean_sojourns_s;
  RandomStream random(key_, Purpose::kModulation, kind_, sojourns_++);
  double place = random.uniform() * std::accumulate(sojourns.begin(), sojourns.end(), 0.0);
  while (state_ + 1 < sojourns.size() && place >= sojourns[state_]) place -= sojourns[state_++];
  enter(0);
}

void ModulationCursor::enter(double from_s) {
  RandomStream random(key_, Purpose::kModulation, kind_, sojourns_++);
  until_s_ = from_s - modulation_->mean_sojourns_s[state_] * std::log(random.uniform());
  left_ = rate_->integral(from_s, until_s_);
}

double ModulationCursor::unmodulated(double mass) {
  double passed = 0;
  while (true) {
    const double factor = modulation_->factors[state_];
    if (mass <= factor * left_ && factor > 0) {
      const double here = mass / factor;
      left_ = std::max(0.0, left_ - here);
      return passed + here;
    }
    mass -= factor * left_;
    passed += left_;
    if (until_s_ >= seconds(rate_->end())) return std::numeric_limits<double>::infinity();
    state_ = (state_ + 1) % modulation_->factors.size();
    enter(until_s_);
  }
}

}  // namespace headroom
