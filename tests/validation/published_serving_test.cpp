#include "models/published_serving.hpp"

#include "support/catch.hpp"

namespace headroom::validation {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

/// An offline row that names all it needs; the GPU is one whose kernels no folder holds.
Fields offline_row() {
  return {{"id", "T1"},
          {"metric_kind", "offline_output_tok_s"},
          {"gpu", "L40S"},
          {"gpus", "1"},
          {"tp", "1"},
          {"model", "Llama-3.1-8B"},
          {"precision", "FP8"},
          {"isl_mean", "128"},
          {"osl_mean", "128"},
          {"output_tok_s", "1000"},
          {"software", "engine"},
          {"date", "2025-02"}};
}
Fields with(Fields fields, const std::string& column, const std::string& value) {
  fields[column] = value;
  return fields;
}

std::string refusal_of(const Fields& fields) {
  EngineKernels kernels("nowhere");
  const auto expressed = express(FactRow(fields), kernels);
  const std::string* why = std::get_if<std::string>(&expressed);
  return why == nullptr ? "" : *why;
}
ServingCase case_of(const Fields& fields) {
  EngineKernels kernels("nowhere");
  return std::get<ServingCase>(express(FactRow(fields), kernels));
}

TEST_CASE("a row that the models cannot express says why", "[validation][published]") {
  CHECK(refusal_of(offline_row()).empty());
  CHECK(refusal_of(with(offline_row(), "gpu", "TPU-v5e")) == "no GPU \"TPU-v5e\" in the catalogue");
  CHECK(refusal_of(with(offline_row(), "model", "Nobody-7B")) ==
        "no model \"Nobody-7B\" in the catalogue");
  CHECK(refusal_of(with(offline_row(), "precision", "FP32")) == "no data type \"FP32\"");
  CHECK(refusal_of(with(offline_row(), "isl_mean", "")) == "the input length is not stated");
  CHECK(refusal_of(with(offline_row(), "metric_kind", "power_w")) == "no run for \"power_w\"");
  CHECK(refusal_of(with(offline_row(), "metric_kind", "static_batch_output_tok_s")) ==
        "the batch is not stated");
}

TEST_CASE("MLPerf rows get assumed lengths and the fewest GPUs a replica",
          "[validation][published]") {
  Fields row = with(offline_row(), "metric_kind", "mlperf_offline_output_tok_s");
  row["isl_mean"] = row["tp"] = "";
  row["model"] = "Llama-2-70B";
  row["gpus"] = "8";
  const ServingCase c = case_of(row);
  CHECK_FALSE(c.inputs_stated);
  CHECK(c.input.mean == 300);
  // 69 GB of 8-bit weights: 60 % of two cards of 48 GB hold 58 GB, of four 116 GB.
  CHECK(c.deployment.tensor_parallel == 4);
  CHECK(c.replicas == 2);
  CHECK(case_of(with(row, "model", "GPT-J-6B")).beams == 4);
  CHECK(case_of(with(row, "model", "GPT-J-6B")).replicas == 8);
}

TEST_CASE("a run at twice the speed makes twice the tokens in half the time",
          "[validation][published]") {
  ServingCase c = case_of(offline_row());
  c.requests = 400;
  c.deployment.engine.step_host_s = 0.001;
  const PublishedRun run(c);
  const ServingResult once = run.run(1);
  const ServingResult twice = run.run(2);
  CHECK(twice.output_tok_s == Approx(2 * once.output_tok_s));
  CHECK(twice.latency_s == Approx(once.latency_s / 2));
  // Open arrivals: slow ones are served alike, whatever the speed; each takes less time.
  c.kind = ServingKind::kOnline;
  c.offered_per_s = 2;
  c.requests = 100;
  const PublishedRun open(c);
  CHECK(open.run(2).output_tok_s == Approx(open.run(1).output_tok_s).epsilon(0.02));
  CHECK(open.run(2).tpot_s == Approx(open.run(1).tpot_s / 2).epsilon(0.05));
}

TEST_CASE("a static batch takes its prompts and then every step", "[validation][published]") {
  Fields row = with(offline_row(), "metric_kind", "static_batch_output_tok_s");
  row["batch_or_concurrency"] = "4";
  row["osl_mean"] = "3";
  const ServingCase c = case_of(row);
  const ServingResult r = PublishedRun(c).run(1);
  // One step of 4 x 128 tokens, then two of 4 sequences that hold 129 and 130 tokens.
  double seconds =
      step_seconds_direct(c.deployment, {{{128, 0}, {128, 0}, {128, 0}, {128, 0}}, 0, 0, 4});
  seconds += step_seconds_direct(c.deployment, {{}, 4, 4 * 129, 4});
  seconds += step_seconds_direct(c.deployment, {{}, 4, 4 * 130, 4});
  CHECK(r.output_tok_s == Approx(4 * 3 / seconds).epsilon(0.02));
}

}  // namespace
}  // namespace headroom::validation
