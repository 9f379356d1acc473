#include <algorithm>
#include <string>
#include <vector>

#include "scenario_support.hpp"

using namespace headroom;

namespace {

/// Four replicas in two cells; two classes, of which the second is shed first.
std::string gated(const std::string& pool_extra, const std::string& first_extra,
                  const std::string& second_extra = "") {
  return R"({"schema_version": "1.0", "name": "gated", "time": {"duration": "1h"},
    "fleet": {"cells": {"count": 2}, "pools": [{"name": "servers", "gpus": 4,
      "service_time": {"kind": "exponential", "mean": "1s"})" +
         pool_extra + R"(}]},
    "classes": [
      {"name": "one", "stages": [{"pool": "servers"}], "rate": "2/s")" +
         first_extra + R"(},
      {"name": "two", "tier": 1, "stages": [{"pool": "servers"}], "rate": "1/s")" +
         second_extra + "}]}";
}

ClassConfig class_of(const std::string& text, std::size_t index = 0) {
  return resolve_text(text).job(0, 0, 0).config.classes.at(index);
}

struct GatewayFault {
  std::string pool, one;
  std::string code, pointer, says;
};

}  // namespace

TEST_CASE("a cell has its share of a rate limit, and at least one token", "[scenario][gateway]") {
  // Of 8 a second and 10 at once each of the two cells has 4 a second and 5 at once.
  const TokenBucket bucket =
      class_of(gated("", R"(, "rate_limit": {"rate": "8/s", "burst": 10})")).bucket;
  CHECK(bucket.interval == ticks_from_seconds(0.25));
  CHECK(bucket.depth == ticks_from_seconds(0.25 * 4));
  const TokenBucket second = class_of(gated("", R"(, "rate_limit": {"rate": "8/s"})")).bucket;
  CHECK(second.depth == ticks_from_seconds(0.25 * 3));  // a second's requests: 8, 4 in a cell
  const TokenBucket slow = class_of(gated("", R"(, "rate_limit": {"rate": "1/min"})")).bucket;
  CHECK(slow.interval == ticks_from_seconds(120));
  CHECK(slow.depth == Ticks{0});
  CHECK(class_of(gated("", "")).bucket.interval == Ticks{0});
}

TEST_CASE("a queue cap is a replica's, or under central that of the cell's replicas",
          "[scenario][gateway]") {
  const std::string shed = R"(, "queue_share": 0.35)";
  const auto caps = [&](const std::string& pool, std::size_t index) {
    return class_of(gated(pool, "", shed), index).queue_caps;
  };
  const std::string central = R"(, "queue_cap": 10)";
  CHECK(caps(central, 0) == std::vector<std::int64_t>{20});
  CHECK(caps(central, 1) == std::vector<std::int64_t>{7});
  const std::string routed = R"(, "queue_cap": 10, "queueing": "random")";
  CHECK(caps(routed, 0) == std::vector<std::int64_t>{10});
  CHECK(caps(routed, 1) == std::vector<std::int64_t>{3});
  CHECK(class_of(gated("", "")).queue_caps.empty());
  CHECK(class_of(gated(R"(, "queue_cap": 0)", "")).queue_caps == std::vector<std::int64_t>{0});
}

TEST_CASE("quota, timeout, patience and retries reach the engine", "[scenario][gateway]") {
  const ClassConfig of = class_of(gated("", R"(, "patience": "30s", "patience_in_service": true,
    "timeout": {"after": "60s", "from": "first_scheduled"},
    "quota": {"per_day": 3, "requests_per_user": {"kind": "lognormal", "mean": 4, "cv": 1.5}},
    "retry": {"max_attempts": 4, "on": ["rejected"], "backoff": "5s", "factor": 3,
              "max_backoff": "2min", "jitter": 0.25, "probability": 0.8})"));
  CHECK(of.patience_in_service);
  CHECK(of.timeout == TimeoutFrom::kScheduled);
  CHECK(of.daily_quota == 3);
  CHECK(of.retry.max_attempts == 4);
  CHECK(of.retry.rejected);
  CHECK_FALSE(of.retry.abandoned);
  CHECK_FALSE(of.retry.failed);
  CHECK(of.retry.backoff == ticks_from_seconds(5));
  CHECK(of.retry.max_backoff == ticks_from_seconds(120));
  CHECK(of.retry.factor == 3);
  CHECK(of.retry.jitter == 0.25);
  CHECK(of.retry.probability == 0.8);
  CHECK(class_of(gated("", R"(, "timeout": {"after": "1s"})")).timeout == TimeoutFrom::kArrival);
  const ClassConfig plain = class_of(gated("", ""));
  CHECK(plain.retry.max_attempts == 1);
  CHECK_FALSE(plain.leaves_in_service());
}

TEST_CASE("explain says what share of the requests a quota lets through", "[scenario][gateway]") {
  const LoadedScenario loaded = load_text(gated("", R"(,
    "quota": {"per_day": 3, "requests_per_user": {"kind": "empirical", "values": [1, 9]}})"));
  const auto rows = explain_scenario(loaded, resolve(loaded));
  const auto row = std::find_if(rows.begin(), rows.end(), [](const json::ExplainRow& r) {
    return r.path == "classes.one.quota.let_through";
  });
  REQUIRE(row != rows.end());
  CHECK(row->value == "0.4");  // (1 + 3) of (1 + 9)
  for (const char* path : {"classes.one.quota.per_day", "classes.two.queue_share",
                           "classes.one.patience_in_service", "fleet.pools.servers.queue_cap"}) {
    INFO(path);
    CHECK(std::any_of(rows.begin(), rows.end(),
                      [path](const json::ExplainRow& r) { return r.path == path; }));
  }
}

TEST_CASE("gateways that contradict themselves are refused at their place",
          "[scenario][gateway][errors]") {
  const GatewayFault faults[] = {
      {"", R"(, "retry": {"on": ["abandonned"]})", "E112", "/classes/0/retry/on", "abandonned"},
      {"", R"(, "retry": {"max_attempts": 1})", "E111", "/classes/0/retry/max_attempts", ""},
      {"", R"(, "retry": {"backoff": "10s", "max_backoff": "5s"})", "E113",
       "/classes/0/retry/max_backoff", "shorter"},
      {"", R"(, "retry": {"backoff": "10min"})", "E113", "/classes/0/retry/backoff", "shorter"},
      {"", R"(, "rate_limit": {"burst": 4})", "E106", "/classes/0/rate_limit/rate", ""},
      {"", R"(, "rate_limit": {"rate": "1/day", "burst": 91})", "E113",
       "/classes/0/rate_limit/burst", "90 days"},
      {"", R"(, "rate_limit": {"rate": "0/s"})", "E111", "/classes/0/rate_limit/rate", ""},
      {"", R"(, "quota": {"per_day": 3})", "E106", "/classes/0/quota/requests_per_user", ""},
      {"", R"(, "quota": {"per_day": 0, "requests_per_user": 4})", "E111",
       "/classes/0/quota/per_day", ""},
      {"", R"(, "timeout": {"after": "1s", "from": "arival"})", "E112", "/classes/0/timeout/from",
       "arival"},
      {"", R"(, "patience_in_service": true)", "E113", "/classes/0/patience_in_service",
       "patience"},
      {"", R"(, "queue_share": 0.5)", "E113", "/classes/0/queue_share", "queue_cap"},
      {R"(, "queue_cap": 5)", R"(, "queue_share": 0)", "E111", "/classes/0/queue_share", ""},
      {R"(, "queue_cap": 3, "batching": {"mode": "static", "max_batch": 2, "max_wait": "1s"})",
       R"(, "queue_share": 0.01)", "E113", "/classes/0/queue_share", "less than one place"},
      {R"(, "queue_cap": 0, "batching": {"mode": "static", "max_batch": 2, "max_wait": "1s"})", "",
       "E113", "/fleet/pools/0/queue_cap", "would refuse everybody"},
      {R"(, "queue_cap": -1)", "", "E111", "/fleet/pools/0/queue_cap", ""},
  };
  for (const GatewayFault& fault : faults) {
    INFO(fault.pool << fault.one);
    const std::vector<Issue> issues = issues_of(gated(fault.pool, fault.one));
    REQUIRE(issues.size() == 1);
    CHECK(issues[0].code == fault.code);
    CHECK_THAT(issues[0].pointer,
               Catch::StartsWith(fault.pointer) ||
                   Catch::Equals(fault.pointer.substr(0, fault.pointer.rfind('/'))));
    CHECK_THAT(issues[0].message, Catch::Contains(fault.says));
  }
}
