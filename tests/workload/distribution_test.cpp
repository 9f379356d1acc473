#include <cmath>

#include "sampler.hpp"
#include "support/catch.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

constexpr int kDraws = 400'000;

Moments drawn(const Distribution& distribution) {
  const Sampler sampler(distribution);
  RandomStream random({7, 0, 0}, Purpose::kTest, 0, 0);
  std::vector<double> values;
  for (int i = 0; i < kDraws; ++i) values.push_back(sampler(random));
  return moments(values);
}

/// Mean within 4 standard errors of `mean`.
void check_mean(const Distribution& distribution, double mean) {
  const Moments m = drawn(distribution);
  const double standard_error = m.cv * m.mean / std::sqrt(kDraws);
  INFO(distribution.kind);
  CHECK(std::abs(m.mean - mean) <= 4 * standard_error + 1e-9);
}

}  // namespace

TEST_CASE("draws have the mean and cv that were asked for", "[workload][distribution]") {
  for (const Distribution& d : {Distribution::lognormal(600, 1.5), Distribution::gamma(600, 0.5),
                                Distribution::gamma(600, 3), Distribution::weibull(600, 0.5),
                                Distribution::weibull(600, 2)}) {
    const Moments m = drawn(d);
    INFO(d.kind << " cv " << *d.cv);
    check_mean(d, 600);
    CHECK(mean_of(d) == Approx(600));
    // A cv's own error grows with the fourth moment: 5 % covers lognormal 1.5 and Weibull 2.
    CHECK(m.cv == Approx(*d.cv).epsilon(0.05));
  }
  check_mean(Distribution::exponential(3), 3);
  check_mean(Distribution::uniform(2, 6), 4);
  CHECK(drawn(Distribution::uniform(2, 6)).cv == Approx(4 / std::sqrt(12.0) / 4).epsilon(0.01));
  check_mean(Distribution::constant(12), 12);
  Distribution beta;
  beta.kind = "beta";
  beta.alpha = 2;
  beta.beta = 6;
  check_mean(beta, 0.25);  // alpha / (alpha + beta)
}

TEST_CASE("lognormal means the same by cv, by median and by logarithms",
          "[workload][distribution]") {
  // sigma^2 = ln(1 + cv^2) = ln 2 for cv 1; median = mean / sqrt 2.
  const Distribution by_cv = Distribution::lognormal(100, 1);
  Distribution by_median = by_cv;
  by_median.cv.reset();
  by_median.p50 = 100 / std::sqrt(2.0);
  Distribution by_logs;
  by_logs.kind = "lognormal";
  by_logs.sigma = std::sqrt(std::log(2.0));
  by_logs.mu = std::log(100) - std::log(2.0) / 2;
  for (const Distribution& d : {by_cv, by_median, by_logs}) {
    CHECK(Sampler(d).quantile(0.5) == Approx(100 / std::sqrt(2.0)));
    CHECK(mean_of(d) == Approx(100));
  }
}

TEST_CASE("empirical quantiles are joined by lines, values drawn by weight",
          "[workload][distribution]") {
  Distribution quantiles;
  quantiles.kind = "empirical";
  quantiles.probabilities = {0, 0.5, 0.9, 1};
  quantiles.quantiles = {10, 20, 100, 300};
  // 0.5 x 15 + 0.4 x 60 + 0.1 x 200
  CHECK(mean_of(quantiles) == Approx(51.5));
  check_mean(quantiles, 51.5);
  CHECK(Sampler(quantiles).quantile(0.7) == Approx(60));
  CHECK(Sampler(quantiles).probability_below(60) == Approx(0.7));

  Distribution values;
  values.kind = "empirical";
  values.values = {4160, 272, 1056};
  values.weights = {1, 2, 1};
  CHECK(mean_of(values) == Approx((4160 + 2 * 272 + 1056) / 4.0));
  check_mean(values, (4160 + 2 * 272 + 1056) / 4.0);
  values.weights.clear();
  CHECK(mean_of(values) == Approx((4160 + 272 + 1056) / 3.0));
}

TEST_CASE("bounds condition the distribution, and its mean with it", "[workload][distribution]") {
  Distribution d = Distribution::exponential(10);
  d.min = 5;  // memoryless: mean 5 + 10
  CHECK(mean_of(d) == Approx(15).epsilon(1e-3));
  check_mean(d, 15);

  d.min.reset();
  d.max = 10;  // 10 (1 - 2 / e) / (1 - 1 / e)
  CHECK(mean_of(d) == Approx(10 * (1 - 2 / std::exp(1.0)) / (1 - 1 / std::exp(1.0))).epsilon(1e-3));
  check_mean(d, mean_of(d));

  for (Distribution truncated : {Distribution::lognormal(100, 1), Distribution::gamma(100, 0.7),
                                 Distribution::weibull(100, 1.3), Distribution::uniform(0, 200)}) {
    truncated.min = 30;
    truncated.max = 180;
    const Sampler sampler(truncated);
    RandomStream random({3, 0, 0}, Purpose::kTest, 0, 1);
    for (int i = 0; i < 1000; ++i) {
      const double x = sampler(random);
      REQUIRE((x >= 30 && x <= 180));
    }
    check_mean(truncated, mean_of(truncated));
  }
}

TEST_CASE("the Weibull shape of cv 1 is the exponential's", "[workload][distribution]") {
  CHECK(weibull_shape(1) == Approx(1));
  // k = 2 (Rayleigh): cv = sqrt(4 / pi - 1).
  CHECK(weibull_shape(std::sqrt(4 / 3.14159265358979 - 1)) == Approx(2));
  CHECK(weibull_shape(20) < 0.3);
}

TEST_CASE("the built-in length tables have the traces' means and keep their correlation",
          "[workload][lengths]") {
  // Azure 2023: facts/README.md gives 1,155 and 211 for conversation (19,366 requests).
  WorkloadConfig config = plain_demand(100, 2000);
  config.classes[0].prompt_tokens.reset();
  config.classes[0].output_tokens.reset();
  config.classes[0].lengths = LengthsConfig{};
  std::vector<double> prompts, outputs;
  for (const Request& r : all_requests(config)) {
    prompts.push_back(r.work.prompt_tokens);
    outputs.push_back(r.work.output_tokens);
  }
  const MeanWork mean = compile(config)->mean_work(ClassId{0}, 0);
  CHECK(mean.prompt_tokens == Approx(1155).epsilon(0.01));
  CHECK(mean.output_tokens == Approx(211).epsilon(0.01));
  // 200,000 draws of cv 0.96 and 0.77: standard errors 0.21 % and 0.17 %.
  const Moments p = moments(prompts), o = moments(outputs);
  CHECK(p.mean == Approx(1155).epsilon(0.01));
  CHECK(o.mean == Approx(211).epsilon(0.01));
  double covariance = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    covariance += (prompts[i] - p.mean) * (outputs[i] - o.mean) / static_cast<double>(p.count);
  }
  const double correlation = covariance / (p.cv * p.mean * o.cv * o.mean);
  CHECK(correlation == Approx(-0.112).margin(0.02));  // the trace's own, tools/derive_lengths.py

  config.classes[0].lengths->table = "azure-2023-code";
  const MeanWork code = compile(config)->mean_work(ClassId{0}, 0);
  CHECK(code.prompt_tokens == Approx(2041).epsilon(0.01));  // of the trace's first half
  CHECK(code.output_tokens == Approx(27.5).epsilon(0.01));
}

TEST_CASE("lengths of a built-in table are made longer and shorter by factors",
          "[workload][lengths]") {
  WorkloadConfig config = plain_demand(100, 200);
  config.classes[0].prompt_tokens.reset();
  config.classes[0].output_tokens.reset();
  config.classes[0].lengths = LengthsConfig{};
  const std::vector<Request> plain = all_requests(config);
  const MeanWork mean = compile(config)->mean_work(ClassId{0}, 0);
  config.classes[0].lengths->prompt_scale = 2;
  config.classes[0].lengths->output_scale = 0.5;
  const std::vector<Request> scaled = all_requests(config);
  const MeanWork scaled_mean = compile(config)->mean_work(ClassId{0}, 0);
  CHECK(scaled_mean.prompt_tokens == Approx(2 * mean.prompt_tokens));
  CHECK(scaled_mean.output_tokens == Approx(mean.output_tokens / 2));
  // The same draws: each length is the other's, but for rounding to whole tokens, at least one.
  REQUIRE(scaled.size() == plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(std::abs(scaled[i].work.prompt_tokens - 2 * plain[i].work.prompt_tokens) <= 1);
    CHECK(std::abs(2 * scaled[i].work.output_tokens - plain[i].work.output_tokens) <= 1);
    CHECK(scaled[i].work.output_tokens >= 1);
  }
}

TEST_CASE("bounds of a distribution that is wrong itself are not judged",
          "[workload][distribution]") {
  // Each needs something else; with bounds it used to be drawn from all the same.
  for (const char* wrong :
       {R"({"kind": "lognormal", "mean": 3, "cv": 0.1, "p50": 260, "max": 2})",
        R"({"kind": "lognormal", "mean": 3, "p50": 260, "max": 2})",
        R"({"kind": "empirical", "quantiles": [17], "values": [8, 79], "min": 46})",
        R"({"kind": "empirical", "quantiles": [1, 2], "probabilities": [0, 0.5], "min": 1})",
        R"({"kind": "empirical", "quantiles": [2, 1], "probabilities": [0, 1], "min": 1})",
        R"({"kind": "empirical", "values": [8, 79], "weights": [0, 0], "max": 60})"}) {
    INFO(wrong);
    const auto document =
        json::Document::parse(R"({"length": )" + std::string(wrong) + "}", "lengths.json",
                              json::Document::Comments::kForbidden);
    std::vector<Issue> issues;
    Distribution read;
    document.decode(
        [&read](json::Archive& archive) {
          describe_distribution(archive, {"length", "a length"}, read, std::nullopt,
                                json::kNonNegative);
        },
        issues);
    CHECK(issues.size() == 1);
  }
}
