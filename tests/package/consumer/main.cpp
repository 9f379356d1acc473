// Uses an installed headroom as a program outside would: replays a small demand and reads a number.
#include <cstdio>

#include "headroom/headroom.hpp"

namespace {

// One server, a request every 10 s on average, 1 s of work each: busy a tenth of the time.
constexpr const char* kScenario = R"({
  "schema_version": "1.0",
  "name": "consumer",
  "time": {"duration": "10h"},
  "fleet": {"pools": [{"name": "server", "gpus": 1, "service_time": "1s"}]},
  "classes": [{"name": "call", "stages": [{"pool": "server"}], "rate": "6/min"}],
  "seed": 1
})";

}  // namespace

int main() {
  try {
    const auto scenario = headroom::resolve(headroom::parse_scenario(kScenario, "consumer", "."));
    const auto result = headroom::run(scenario);
    const auto busy = result.main_period().statistics.pools.at(0).busy_mean.estimate(0.95);
    std::printf("busy share of the server: %.4f\n", busy.value);
    return busy.value > 0.095 && busy.value < 0.105 ? 0 : 1;
  } catch (const headroom::InputError& error) {
    for (const auto& issue : error.issues()) {
      std::fprintf(stderr, "%s %s %s\n", issue.code.c_str(), issue.pointer.c_str(),
                   issue.message.c_str());
    }
    return 3;
  }
}
