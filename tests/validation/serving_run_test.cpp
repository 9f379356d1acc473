#include "models/serving_run.hpp"

#include <cstdio>

#include "support/catch.hpp"

namespace headroom::validation {
namespace {

const std::filesystem::path kData = std::string(HEADROOM_SOURCE_DIR) + "/../shared/data";

TEST_CASE("errors of a replay are of the mean and of order statistics", "[validation][serving]") {
  std::vector<double> measured, simulated;
  for (int i = 1; i <= 100; ++i) {
    measured.push_back(i);
    simulated.push_back(i == 99 ? 110 : i);  // sorted: the rank of p99 now holds 100
  }
  const MetricErrors errors = errors_of(simulated, measured);
  CHECK(errors.mean == Approx(100 * (11.0 / 5050)));
  CHECK(errors.p50 == Approx(0.0).margin(1e-9));
  CHECK(errors.p99 == Approx(100 * (100.0 / 99 - 1)));
  const ServingRun& strict = serving_runs()[0];
  CHECK(errors.within(strict));
  CHECK_FALSE(MetricErrors{3.1, 0, 0}.within(strict));
  CHECK_FALSE(MetricErrors{0, -3.1, 0}.within(strict));
  CHECK_FALSE(MetricErrors{0, 0, 5.1}.within(strict));
}

TEST_CASE("real vLLM servers in overload are replayed within their bounds",
          "[validation][serving][shared]") {
  for (const ServingRun& run : serving_runs()) {
    if (!std::filesystem::exists(requests_file(kData, run))) {
      std::printf("skipped: %s is not there\n", run.name);
      continue;
    }
    const std::filesystem::path kernels = write_kernel_model(kData, run);
    const std::vector<RequestRecord> records = replay(kData, run, kernels);
    std::filesystem::remove(kernels);
    const Csv measured(requests_file(kData, run).string());
    REQUIRE(records.size() == measured.rows());
    // The first requests of the first run set the preset's host time.
    const std::size_t from = &run == &serving_runs()[0] ? kCalibrated : 0;
    const ComparedRun compared = compare(measured, records, from, records.size());
    CHECK(compared.lost == 0);
    for (const auto& [name, member] : kMetrics) {
      const MetricErrors errors = errors_of(compared.simulated.*member, compared.measured.*member);
      INFO(run.name << " " << name << ": mean " << errors.mean << " p50 " << errors.p50 << " p99 "
                    << errors.p99);
      CHECK(errors.within(run));
    }
  }
}

}  // namespace
}  // namespace headroom::validation
