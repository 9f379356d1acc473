#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "headroom/scenario/load.hpp"

/// Random scenario documents, small enough to run in a moment. Every kind of batching, router,
/// cells, changes and failures of the fleet, patience, tiers, prefix hits, surges and arrival
/// process comes up.
namespace headroom::laws {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : generator_(seed) {}
  int between(int low, int high) {
    return static_cast<int>(
        low + static_cast<int>(generator_() % (1U + static_cast<unsigned>(high - low))));
  }
  bool chance(double share) { return between(0, 999) < 1000 * share; }
  std::string of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(between(0, static_cast<int>(words.size()) - 1))];
  }

 private:
  std::mt19937_64 generator_;
};

inline std::string text(int value) { return std::to_string(value); }

/// GPUs that come, leave and fail, with commas in front; nothing for half of the seeds.
inline std::string random_changes(Draw& draw) {
  if (draw.chance(0.5)) return "";
  const int more = draw.between(1, 3);
  std::string changes = R"(, "deliveries": [{"at": ")" + text(draw.between(20, 90)) +
                        R"(s", "gpus": )" + text(more) + R"(, "model_load": "5s"}])";
  if (draw.chance(0.5)) {
    changes += R"(, "removals": [{"at": "150s", "gpus": )" + text(more) + "}]";
  }
  if (draw.chance(0.5)) {
    changes += R"(, "gpus_per_node": 2, "failures": {"mean_time_between": "200s",
      "repair_time": {"kind": "exponential", "mean": "15s"}})";
  }
  return changes;
}

/// A pool of 8B replicas, with blocks so few that some requests are preempted, or of slots.
inline std::string random_pool(Draw& draw, const std::string& name, int replicas, bool tokens,
                               const std::string& changes) {
  std::string pool = R"({"name": ")" + name + R"(", "gpus": )" + text(replicas) +
                     R"(, "queueing": ")" +
                     draw.of({"central", "round_robin", "random", "least_loaded", "power_of_two"}) +
                     "\"" + changes;
  if (!tokens) {
    pool += R"(, "service_time": )" +
            draw.of({R"({"kind": "exponential", "mean": "400ms"})", R"("300ms")",
                     R"({"kind": "lognormal", "mean": "500ms", "cv": 1.5})"});
    if (draw.chance(0.4)) {
      pool += R"(, "batching": {"mode": "static", "max_batch": 4, "max_wait": "200ms"})";
    }
    return pool + "}";
  }
  pool += R"(, "gpu": "L40S", "model": "Llama-3.1-8B", "kv": {"blocks": )" +
          text(draw.between(200, 2000)) + R"(}, "batching": {"mode": ")" +
          draw.of({"chunked", "continuous"}) + R"(", "max_batch": )" + text(draw.between(4, 64)) +
          R"(, "token_budget": )" + draw.of({"512", "2048", "4096"}) + "}";
  return pool + "}";
}

inline std::string random_class(Draw& draw, const std::string& name, const std::string& stages,
                                int per_minute, bool tokens) {
  std::string text_of = R"({"name": ")" + name + R"(", "tier": )" + text(draw.between(0, 1)) +
                        R"(, "stages": [)" + stages + R"(], "rate": {"base": ")" +
                        text(per_minute) + R"(/min")";
  if (draw.chance(0.5)) {
    text_of += R"(, "surges": [{"kind": "ramp", "start": "1min", "rise": "1min", "decay": "1min",
      "multiply": )" +
               text(draw.between(2, 4)) + "}]";
  }
  text_of += "}";
  if (draw.chance(0.5)) text_of += R"(, "arrivals": {"process": "gamma", "cv": 2})";
  if (draw.chance(0.5)) text_of += R"(, "patience": {"kind": "exponential", "mean": "20s"})";
  if (tokens) {
    text_of += draw.of({R"(, "lengths": {"kind": "table"})",
                        R"(, "prompt_tokens": {"kind": "lognormal", "mean": 400, "cv": 1},
      "output_tokens": {"kind": "gamma", "mean": 120, "cv": 0.8})"});
    if (draw.chance(0.5)) text_of += R"(, "prefix_hit_share": 0.4)";
  }
  return text_of + R"(, "slo": {"queue_delay": "1s"}})";
}

inline std::string random_document(std::uint64_t seed) {
  Draw draw(seed);
  const int cells = draw.between(1, 3);
  const int replicas = cells * draw.between(1, 3) + draw.between(0, cells - 1);
  const bool tokens = draw.chance(0.7);
  const bool chain = draw.chance(0.4);
  Draw fleet(seed + 1'000'000);
  std::string pools = random_pool(draw, "one", replicas, tokens, random_changes(fleet));
  if (chain) pools += ", " + random_pool(draw, "two", replicas, false, random_changes(fleet));
  const std::string stages = chain ? R"({"pool": "one"}, {"pool": "two"})" : R"({"pool": "one"})";
  const int per_minute = replicas * (tokens ? draw.between(30, 200) : draw.between(60, 180));
  return R"({"schema_version": "1.0", "name": "random", "replications": 3, "seed": )" +
         text(draw.between(0, 1'000'000)) +
         R"(, "time": {"duration": "4min", "warmup": "30s", "drain": "30s"}, "fleet": {"cells":
      {"count": )" +
         text(cells) + R"(, "simulate": )" + text(draw.between(0, 1)) + R"(}, "pools": [)" + pools +
         R"(]}, "classes": [)" + random_class(draw, "a", stages, per_minute, tokens) + ", " +
         random_class(draw, "b", stages, per_minute / 4 + 1, tokens) + R"(],
  "windows": [{"name": "middle", "from": "1min", "to": "3min"}],
  "targets": [{"class": "a", "metric": "queue_delay", "statistic": "p95", "max": "2s"},
    {"metric": "slo_attainment", "min": 0.9, "window": "middle"},
    {"class": "b", "metric": "e2e", "statistic": "p90", "max": "20s", "window": "every_minute"}]})";
}

}  // namespace headroom::laws
