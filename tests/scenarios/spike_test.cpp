#include <array>
#include <cmath>

#include "headroom/plan/fluid.hpp"
#include "shipped_scenario.hpp"

using namespace headroom;
using namespace headroom::test;

namespace {

const char* const kSpike = "image-generation-spike";

}  // namespace

TEST_CASE("every number of the spike says where it comes from", "[scenarios][spike]") {
  const LoadedScenario loaded = load_shipped(kSpike);
  CHECK(fields_without_provenance(loaded) == std::vector<std::string>{});
  CHECK(assumptions_without_range(loaded) == std::vector<std::string>{});
  for (const ScenarioProvenance& entry : loaded.scenario.provenance) {
    CHECK(entry.kind != "calibrated");  // nothing was set to make the reported 30 to 60 seconds
  }
}

TEST_CASE("the spike's fleet is 25,000 GPUs in 625 like cells", "[scenarios][spike]") {
  const ResolvedScenario scenario = resolve(load_shipped(kSpike));
  std::int64_t gpus = 0;
  for (const ResolvedPool& pool : scenario.pools) gpus += pool.gpus();
  CHECK(gpus == 25'000);
  CHECK(scenario.pools[0].config.replicas == 25'000 / 8);
  REQUIRE(scenario.sizes.size() == 1);
  CHECK(scenario.sizes[0].cells * scenario.sizes[0].replicas[0] * 8 == 25'000);
  // 90 % of 8 x 80 GiB, less 70.6 G weights of 2 bytes and 8 x 0.6 GB of reserve; a token holds 80
  // layers x keys and values x 8 heads x 128 x 2 bytes. Activations take a little more.
  const double gib = 1024.0 * 1024 * 1024;
  const double tokens = (0.9 * 8 * 80 * gib - 70.6e9 * 2 - 8 * 0.6e9) / (80.0 * 2 * 8 * 128 * 2);
  REQUIRE(scenario.pools[0].kv.has_value());
  CHECK(static_cast<double>(scenario.pools[0].kv->tokens) == Approx(tokens).epsilon(0.06));
  CHECK(static_cast<double>(scenario.pools[0].kv->tokens) < tokens);
  CHECK(scenario.pools[0].kv->tokens / (1155 + 105) <= scenario.pools[0].config.max_batch);
}

TEST_CASE("messages are a billion a day, by the hour, and growing", "[scenarios][spike]") {
  const ResolvedScenario scenario = resolve(load_shipped(kSpike));
  const auto chat = [&](double from_h) {
    return expected_arrivals(scenario, "chat-paid", from_h * kHour, (from_h + 1) * kHour) +
           expected_arrivals(scenario, "chat-free", from_h * kHour, (from_h + 1) * kHour);
  };
  // Azure's profile at 14 UTC is 1.6565 on Monday and 1.6502 on Tuesday; growth 5 and 15 %.
  CHECK(chat(14) == Approx(kMessagesPerS * 1.6565 * 1.05 * kHour).epsilon(1e-4));
  CHECK(chat(38) == Approx(kMessagesPerS * 1.6502 * 1.15 * kHour).epsilon(1e-4));
  CHECK(chat(38) / kHour == Approx(22'000).epsilon(0.01));
  CHECK(expected_arrivals(scenario, "chat-paid", 0, 48 * kHour) ==
        Approx(0.17 / 0.83 * expected_arrivals(scenario, "chat-free", 0, 48 * kHour)));
}

TEST_CASE("a million sign-ups ask for two and a half million images in their hour",
          "[scenarios][spike]") {
  const ResolvedScenario scenario = resolve(load_shipped(kSpike));
  const auto images = [&](double from_h, double to_h) {
    return expected_arrivals(scenario, "image-paid", from_h * kHour, to_h * kHour) +
           expected_arrivals(scenario, "image-free", from_h * kHour, to_h * kHour);
  };
  // 17 and 18 UTC on Monday without sign-ups: 750/s times the profile's 1.0875 and 1.1082.
  CHECK(images(17, 18) - 750 * 1.0875 * kHour == Approx(2.5e6).epsilon(0.01));
  // Afterwards it fades with a time constant of two hours: 695/s x 2 h x (1 - exp(-1/2)).
  CHECK(images(18, 19) - 750 * 1.1082 * kHour ==
        Approx(695 * 2 * kHour * (1 - std::exp(-0.5))).epsilon(0.01));
}

TEST_CASE("images open to all within three hours and crest at 2,183 a second",
          "[scenarios][spike]") {
  const ResolvedScenario scenario = resolve(load_shipped(kSpike));
  const auto rate = [&](double from_h) {
    return (expected_arrivals(scenario, "image-paid", from_h * kHour, (from_h + 1) * kHour) +
            expected_arrivals(scenario, "image-free", from_h * kHour, (from_h + 1) * kHour)) /
           kHour;
  };
  // 600/s of subscribers and 150 x 6.74 = 1,011/s of free users, times the day's profile.
  CHECK(rate(24 + 5) == Approx(1'611 * 0.8495).epsilon(0.002));
  CHECK(rate(24 + 14) == Approx(1'611 * 1.3550).epsilon(0.002));
  // Half-way up the ramp, at 02:03: 150 x (1 + 5.74 / 2) times 0.9364, and what is left of the
  // sign-ups 8.05 h after their hour.
  const auto free = static_cast<std::uint32_t>(scenario.class_index("image-free"));
  CHECK(scenario.demand().rate(ClassId{free}).value((24 + 2.05) * kHour) ==
        Approx(150 * (1 + 5.74 / 2) * 0.9364 + 695 * std::exp(-8.05 / 2)).epsilon(0.002));
}

TEST_CASE("the pixel decoder's stand-in costs 1.25 A100-seconds", "[scenarios][spike]") {
  const ResolvedScenario scenario = resolve(load_shipped(kSpike));
  const PoolConfig& pool = scenario.pools[0].config;
  const auto image = static_cast<std::uint32_t>(scenario.class_index("image-free"));
  const MeanWork decoder = scenario.demand().mean_work(ClassId{image}, 1);
  const auto tokens = static_cast<std::int64_t>(decoder.prompt_tokens);
  // What it adds to a step that 500 decodes share, with its attention; eight GPUs run it.
  const double added_s = seconds(pool.steps->dense(500 + tokens) - pool.steps->dense(500) +
                                 pool.steps->prefill_attention(tokens, 0));
  CHECK(8 * added_s == Approx(1.0 / 0.8).epsilon(0.15));
}

TEST_CASE("an hour of the spike keeps Little's law, its counts and its tokens",
          "[scenarios][spike]") {
  // 1 April 05 UTC: rates stand still for the hour, the fleet has room.
  const ResolvedScenario scenario = resolve_slice(
      kSpike, {"2025-04-01T04:40:00Z", "80min", "20min", "20min", {{"time.timeline_step", "10s"}}});
  const Outcome outcome = run_one_cell(scenario);
  const GroupTally chat = whole_tally(scenario, outcome, "chat-free");
  const GroupTally image = whole_tally(scenario, outcome, "image-free");

  // One cell of 625: 83 % of a billion a day x 1.0080 (Tuesday, 05 UTC) x 1.15, for an hour.
  const double chat_expected = 0.83 * kMessagesPerS * 1.0080 * 1.15 * kHour / 625;
  const double image_expected = 150 * 6.74 * 0.8495 * kHour / 625;
  CHECK(std::abs(chat.arrived - chat_expected) < 4 * std::sqrt(chat_expected));
  CHECK(std::abs(image.arrived - image_expected) < 4 * std::sqrt(image_expected));

  // Nobody is lost in the night but to little patience; 211 tokens an answer, 1,056 a picture.
  const auto finished = static_cast<std::size_t>(EndState::kFinished);
  CHECK(chat.ended[finished] > 0.99 * chat.arrived);
  CHECK(chat.output_tokens / chat.ended[finished] == Approx(211).epsilon(0.02));
  CHECK(image.output_tokens / image.ended[finished] == Approx(1'056 + 1));

  // Little's law: requests in the pool = sum over classes of arrivals a second x mean time there.
  double expected = 0;
  for (const char* name : {"chat-paid", "chat-free", "image-paid", "image-free"}) {
    const GroupTally tally = whole_tally(scenario, outcome, name);
    expected += tally.arrived / kHour * tally.e2e.histogram.mean_s();
  }
  const PoolTimeline& pool = outcome.pools[0];
  const double from = 20 * 60, to = 80 * 60;
  const double in_pool = mean_of_bins(pool.running, scenario.collect.timeline_step, from, to) +
                         mean_of_bins(pool.queued, scenario.collect.timeline_step, from, to);
  CHECK(in_pool == Approx(expected).epsilon(0.02));
}

TEST_CASE("offered load is arrivals times the GPU-seconds a full replica spends on each",
          "[scenarios][spike]") {
  const ResolvedScenario scenario =
      resolve_slice(kSpike, {"2025-03-31T14:00:00Z", "1h", "0s", "0s", {}});
  const MeasureSpec spec = measure_spec(scenario);
  const std::vector<PoolConfig> pools = scenario.pool_configs();
  const PoolLoad load = offered_load(pools, scenario.classes, scenario.demand(), 1.0, spec.windows,
                                     scenario.scenario.time.duration)[0];
  // By hand, with all KV memory held. Chat: 577.5 tokens of prompt to compute, 211 of answer,
  // 1,260 held; image: 300 + the decoder's prompt, 1,056 to make, 828 held; 20,131 and 1,016 a
  // second, so that a replica holds answers and pictures as 20,131 x 211 to 1,016 x 1,056.
  const PoolConfig& pool = scenario.pools[0].config;
  const double chat_rate = kMessagesPerS * 1.6565 * 1.05;
  const double image_rate = 750 * 1.3550;
  const double decodes = chat_rate * 211 + image_rate * 1'057;
  const double held =
      (chat_rate * 211 * (1'155 + 105.5) + image_rate * 1'056 * (300 + 528)) / decodes;
  const auto n = static_cast<std::int64_t>(static_cast<double>(pool.kv_blocks * 16) / held);
  const double decoder = scenario.demand().mean_work(ClassId{2}, 1).prompt_tokens;
  const double prompts = chat_rate * 577.5 + image_rate * (300 + decoder);
  // A step makes n tokens and computes n / decodes x prompts of prompt, if the budget holds.
  double in_step = static_cast<double>(n);
  const double per_decode = 1 + prompts / decodes;
  if (in_step * per_decode > static_cast<double>(pool.token_budget)) {
    in_step = static_cast<double>(pool.token_budget) / per_decode;
  }
  const auto whole = static_cast<std::int64_t>(in_step);
  const double step_s =
      seconds(pool.steps->dense(static_cast<std::int64_t>(in_step * per_decode)) +
              pool.steps->per_sequence(whole) +
              pool.steps->decode_attention(whole, static_cast<std::int64_t>(in_step * held)));
  const double capacity_tokens_per_s = in_step / step_s;
  CHECK(load.mean_gpus == Approx(8 * decodes / capacity_tokens_per_s).epsilon(0.05));
}

/// Mean answers (chat) and images of the crest hour, 1 April 14 UTC, by a run of the hours about
/// it.
std::pair<double, double> crest_means(
    const std::vector<std::pair<std::string, std::string>>& changes) {
  ScenarioOverrides overrides;
  overrides.set = {
      {"replications", "3"}, {"time.start", "2025-04-01T11:00:00Z"}, {"time.duration", "5h"}};
  overrides.set.insert(overrides.set.end(), changes.begin(), changes.end());
  overrides.set_json = {
      {"windows",
       R"([{"name": "crest", "from": "2025-04-01T14:00:00Z", "to": "2025-04-01T15:00:00Z"}])"},
      {"targets", "[]"},
      {"provenance", "{}"},
      {"uncertain", "[]"},
      {"plan", "{}"}};
  const ResolvedScenario scenario = resolve(load_shipped(kSpike, overrides));
  const RunStatistics statistics = run(scenario).main_period().statistics;
  const auto mean = [&](const char* name) {
    return statistics.groups[scenario.class_index(name)][scenario.window_index("crest")]
        .latency[static_cast<std::size_t>(Metric::kE2e)]
        .mean.estimate(0.95)
        .value;
  };
  return {mean("chat-free"), mean("image-free")};
}

TEST_CASE(
    "the crest is within a quarter of the hourly estimate, and a few per cent of step time are "
    "worth as much",
    "[scenarios][spike][slow]") {
  // 49 s for a message and 240 s for an image, worked out before the scenario was written; a check,
  // not a target (docs/spike.md).
  const auto [chat, image] = crest_means({});
  CHECK(chat == Approx(49).epsilon(0.25));
  CHECK(image == Approx(240).epsilon(0.25));
  // Near saturation a per cent of step time is a tenth of the answer and more. The factor is that
  // of computing kernels, about 60 % of a step: 1.1 and 1.2 for 1.15 are 2.7 % of it.
  const auto [fast_chat, fast_image] = crest_means({{"fleet.pools.a100.server_factor", "1.1"}});
  const auto [slow_chat, slow_image] = crest_means({{"fleet.pools.a100.server_factor", "1.2"}});
  CHECK(fast_chat < chat * 0.85);
  CHECK(fast_image < image * 0.85);
  CHECK(slow_chat > chat * 1.15);
  CHECK(slow_image > image * 1.15);
}

TEST_CASE("the two days break on Monday noon, are worst on Tuesday and leave no backlog",
          "[scenarios][spike][slow]") {
  ScenarioOverrides overrides;
  overrides.set = {{"replications", "3"}};
  const ResolvedScenario scenario = resolve(load_shipped(kSpike, overrides));
  const RunResult result = run(scenario);
  const RunStatistics& statistics = result.main_period().statistics;
  const auto mean_e2e = [&](const char* name, const char* window) {
    return statistics.groups[scenario.class_index(name)][scenario.window_index(window)]
        .latency[static_cast<std::size_t>(Metric::kE2e)]
        .mean.estimate(0.95)
        .value;
  };
  // Little's law and the integral of the rate: in two days 1/86,400 of a billion a second times the
  // profile's 28.3385 (Monday) x 1.05 and 29.3245 (Tuesday) x 1.15 hours.
  double chat = 0;
  for (const char* name : {"chat-paid", "chat-free"}) {
    chat += statistics.groups[scenario.class_index(name)][0].arrived.estimate(0.95).value;
  }
  CHECK(chat == Approx(kMessagesPerS * kHour * (28.3385 * 1.05 + 29.3245 * 1.15)).epsilon(0.002));
  // The hourly estimate of the facts' collection, with its quarter of doubt.
  CHECK(mean_e2e("chat-free", "sign-ups") == Approx(10).epsilon(0.25));
  CHECK(mean_e2e("image-free", "sign-ups") == Approx(52).epsilon(0.25));
  // The crest, where the quarter is narrower than what kernels are known to, has a test of its own.
  CHECK(mean_e2e("chat-free", "crest") > 20);
  CHECK(mean_e2e("image-free", "crest") > 100);

  const auto verdict = [&](const std::string& id) {
    for (std::size_t t = 0; t < result.spec.targets.size(); ++t) {
      if (result.spec.targets[t].id == id) return result.main_period().verdicts[t];
    }
    FAIL("no target " << id);
    return TargetVerdict{};
  };
  CHECK_FALSE(verdict("chat-answer").pass);
  CHECK(verdict("chat-answer").first_breach_s > 11 * kHour);
  CHECK(verdict("chat-answer").first_breach_s < 15 * kHour);
  CHECK(verdict("chat-answer").worst_at_s > 38 * kHour);
  CHECK(verdict("chat-answer").worst_at_s < 39.1 * kHour);
  CHECK(verdict("drain").pass);
}
