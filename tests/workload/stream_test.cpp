#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

bool same_draws(const Request& a, const Request& b) {
  return a.patience == b.patience && a.work.prompt_tokens == b.work.prompt_tokens &&
         a.work.output_tokens == b.work.output_tokens &&
         a.work.cached_tokens == b.work.cached_tokens && a.work.service == b.work.service;
}

WorkloadConfig rich_demand() {
  WorkloadConfig config = plain_demand(50, 200);
  ClassDemand& chat = config.classes[0];
  chat.prompt_tokens = Distribution::lognormal(600, 1);
  chat.output_tokens = Distribution::gamma(250, 0.8);
  chat.prefix_hit_share = Distribution::uniform(0, 1);
  chat.patience_s = Distribution::exponential(30);
  chat.stages.resize(2);
  chat.stages[1].makes_tokens = false;
  chat.stages[1].service_s = Distribution::exponential(1);
  ClassDemand image = chat;
  image.name = "image";
  image.rate.base_per_s = 20;
  config.classes.push_back(image);
  prepare(config);
  return config;
}

}  // namespace

TEST_CASE("a stream is sorted by arrival and class, numbered from 0", "[workload][stream]") {
  const WorkloadConfig config = rich_demand();
  const auto requests = all_requests(config);
  REQUIRE(requests.size() > 10'000);
  std::vector<std::uint64_t> next_entity(2, 0);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Request& r = requests[i];
    REQUIRE(index(r.id) == i);
    REQUIRE(r.entity == next_entity[index(r.request_class)]++);
    REQUIRE((r.arrival >= Ticks{0} && r.arrival < config.demand_end));
    REQUIRE((r.work.cached_tokens >= 0 && r.work.cached_tokens < r.work.prompt_tokens));
    REQUIRE(r.work.output_tokens >= 1);
    REQUIRE(r.patience >= Ticks{1});
    if (i > 0) {
      const Request& before = requests[i - 1];
      REQUIRE((before.arrival < r.arrival ||
               (before.arrival == r.arrival && before.request_class <= r.request_class)));
    }
  }
}

TEST_CASE("a stream of a part has the requests that arrive in it", "[workload][stream][crn]") {
  const WorkloadConfig config = rich_demand();
  const RunKey key{1, 0, 0};
  const Ticks from = ticks_from_seconds(63.5), to = ticks_from_seconds(120);
  std::vector<Request> wanted;
  for (const Request& r : all_requests(config, key)) {
    if (r.arrival >= from && r.arrival < to) wanted.push_back(r);
  }
  REQUIRE(wanted.size() > 3'000);
  RequestStream stream(config, key, 1);
  stream.only(from, to);
  Request r;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    REQUIRE(stream.next(r));
    REQUIRE(index(r.id) == i);
    REQUIRE(r.arrival == wanted[i].arrival);
    REQUIRE(r.request_class == wanted[i].request_class);
    REQUIRE(r.entity == wanted[i].entity);
    REQUIRE(same_draws(r, wanted[i]));
  }
  CHECK_FALSE(stream.next(r));
  RequestStream nobody(config, key, 1);
  nobody.only(ticks_from_seconds(1e6), kNever);
  CHECK_FALSE(nobody.next(r));
}

TEST_CASE("request i has the same draws whatever the share, the rate or the arrivals",
          "[workload][stream][crn]") {
  const WorkloadConfig config = rich_demand();
  const auto base = all_requests(config);
  WorkloadConfig bursty = rich_demand();
  bursty.classes[0].arrivals = {"weibull", 3};
  bursty.classes[0].rate.base_per_s = 10;
  prepare(bursty);
  const auto of_class = [](const std::vector<Request>& all, std::uint32_t c) {
    std::vector<Request> some;
    for (const Request& r : all) {
      if (index(r.request_class) == c) some.push_back(r);
    }
    return some;
  };
  for (const auto& other : {all_requests(config, {1, 0, 0}, 0.3), all_requests(bursty)}) {
    for (std::uint32_t c = 0; c < 2; ++c) {
      const auto a = of_class(base, c), b = of_class(other, c);
      const std::size_t common = std::min(a.size(), b.size());
      REQUIRE(common > 500);
      for (std::size_t i = 0; i < common; ++i) REQUIRE(same_draws(a[i], b[i]));
    }
  }
}

TEST_CASE("the same key gives the same stream, another key another", "[workload][stream][crn]") {
  const WorkloadConfig config = rich_demand();
  const auto a = all_requests(config), b = all_requests(config);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].arrival == b[i].arrival);
    REQUIRE(same_draws(a[i], b[i]));
  }
  for (const RunKey& key : {RunKey{2, 0, 0}, RunKey{1, 1, 0}, RunKey{1, 0, 1}}) {
    const auto other = all_requests(config, key);
    CHECK(other[0].arrival != a[0].arrival);
    CHECK_FALSE(same_draws(other[0], a[0]));
  }
}

TEST_CASE("changing the prompts leaves outputs, patience and luck alone",
          "[workload][stream][crn]") {
  WorkloadConfig other = rich_demand();
  other.classes[0].prompt_tokens = Distribution::constant(5);
  prepare(other);
  const auto a = all_requests(rich_demand()), b = all_requests(other);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].work.output_tokens == b[i].work.output_tokens);
    REQUIRE(a[i].patience == b[i].patience);
    REQUIRE(a[i].arrival == b[i].arrival);
  }
}

TEST_CASE("a stage's work can be asked for in any order", "[workload][stream]") {
  const WorkloadConfig config = rich_demand();
  const auto requests = all_requests(config);
  const RequestStream stream(config, {1, 0, 0}, 1.0);
  double sum = 0;
  for (auto r = requests.rbegin(); r != requests.rend(); ++r) {
    const StageWork first = stream.stage_work(r->request_class, r->entity, 0);
    REQUIRE(first.prompt_tokens == r->work.prompt_tokens);
    const StageWork second = stream.stage_work(r->request_class, r->entity, 1);
    REQUIRE(second.prompt_tokens == 0);  // its pool makes no tokens
    REQUIRE(second.service >= Ticks{1});
    sum += seconds(second.service);
  }
  const double n = static_cast<double>(requests.size());
  CHECK(std::abs(sum / n - 1) <= 4 / std::sqrt(n));  // exponential of mean 1
}

TEST_CASE("a later stage sees the class's lengths unless it has its own", "[workload][stream]") {
  WorkloadConfig config = rich_demand();
  config.classes[0].stages[1].makes_tokens = true;
  config.classes[0].stages.resize(3);
  config.classes[0].stages[2].output_tokens = Distribution::uniform(1, 1000);
  prepare(config);
  const RequestStream stream(config, {1, 0, 0}, 1.0);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const StageWork first = stream.stage_work(ClassId{0}, i, 0);
    const StageWork second = stream.stage_work(ClassId{0}, i, 1);
    const StageWork third = stream.stage_work(ClassId{0}, i, 2);
    REQUIRE(first.prompt_tokens == second.prompt_tokens);
    REQUIRE(first.output_tokens == second.output_tokens);
    REQUIRE(first.prompt_tokens == third.prompt_tokens);
  }
  CHECK(config.compiled->mean_work(ClassId{0}, 2).output_tokens == Approx(500.5));
}

TEST_CASE("cached tokens are the whole part of share times prompt, below the prompt",
          "[workload][stream]") {
  WorkloadConfig config = plain_demand(10, 10);
  config.classes[0].prompt_tokens = Distribution::constant(101);
  config.classes[0].prefix_hit_share = Distribution::constant(0.5);
  CHECK(all_requests(config)[0].work.cached_tokens == 50);
  config.classes[0].prefix_hit_share = Distribution::constant(1);
  CHECK(all_requests(config)[0].work.cached_tokens == 100);
}

TEST_CASE("expected work is the mean of what is drawn", "[workload][stream]") {
  WorkloadConfig config = rich_demand();
  const auto requests = all_requests(config);
  const MeanWork mean = config.compiled->mean_work(ClassId{0}, 0);
  CHECK(mean.prompt_tokens == Approx(600));
  CHECK(mean.output_tokens == Approx(250));
  CHECK(mean.cached_tokens == Approx(300));
  CHECK(config.compiled->mean_work(ClassId{0}, 1).service_s == Approx(1));
  double prompt = 0, cached = 0;
  for (const Request& r : requests) {
    prompt += r.work.prompt_tokens;
    cached += r.work.cached_tokens;
  }
  const double n = static_cast<double>(requests.size());
  // Standard errors: 600 / sqrt n; of share x prompt, cv^2 = (1 + 1)(1 + 1/3) - 1 = 1.67.
  CHECK(std::abs(prompt / n - 600) <= 4 * 600 / std::sqrt(n) + 0.5);
  CHECK(std::abs(cached / n - 300) <= 4 * 300 * std::sqrt(1.67 / n) + 0.5);
}

TEST_CASE("a request with two lognormal lengths costs a fraction of a microsecond",
          "[.][bench][workload]") {
  WorkloadConfig config = plain_demand(1000, 5000);
  config.classes[0].prompt_tokens = Distribution::lognormal(600, 1);
  config.classes[0].output_tokens = Distribution::lognormal(250, 1);
  prepare(config);
  RequestStream stream(config, {1, 0, 0}, 1.0);
  Request request;
  std::size_t count = 0;
  const auto start = std::chrono::steady_clock::now();
  while (stream.next(request)) ++count;
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
  const double each_ns = taken.count() / static_cast<double>(count);
  std::printf("%.0f ns a request (seed 1, %zu requests)\n", each_ns, count);
  CHECK(each_ns < 2000);  // wide: debug builds and busy machines; Release makes about 75
}
