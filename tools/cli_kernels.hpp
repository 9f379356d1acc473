#pragma once

// Part of cli.cpp, the one file that includes CLI11: the verbs of measured kernels (fit, kernels).
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "options.hpp"

namespace headroom::tools {

inline constexpr const char* kFitFooter =
    R"(Layouts, told by their columns: gemm, attention_prefill, attention_decode,
attention_encoder, moe, custom_allreduce, collectives, elementwise; and of
one layer of a model (with --model and --tp) dense, attention, per_sequence.
Times are latency_ms or time_us. docs/model-latency.md lists them.

Examples:
  headroom fit measured/ --gpu H100-SXM-80GB -o h100.json
  headroom fit measured/ --gpu my-gpu.json --family table -o my-gpu-kernels.json
  headroom fit layer/ --gpu RTX-4090 --model Llama-3.1-8B --tp 1)";

inline constexpr const char* kKernelsFooter =
    R"(predict adds predicted_ms, error and outside to every row; evaluate prints
MAPE, median, 90th percentile and bias (predicted / measured - 1, signed) by
kernel and number format, and the server_factor that the rows ask for: of
times taken in a server or with profile_gpu.py --hot. outside is the factor
beyond the fitted range, 1 inside.

Examples:
  headroom kernels evaluate gemm.csv --gpu A100-SXM-80GB
  headroom kernels predict shapes.csv --gpu my-gpu.json -o rows.csv
  headroom kernels evaluate gemm.csv --gpu H100-SXM-80GB --kernel-model h100.json --family table)";

inline void add_layer(CLI::App& verb, std::string& model, std::int64_t& tensor_parallel) {
  verb.add_option("--model", model,
                  "Model whose layer was measured: dense, attention, per_sequence")
      ->type_name("NAME");
  verb.add_option(
          "--tp", tensor_parallel,
          "Tensor parallelism it was measured under (default: as its folder says, tp2; else 1)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1024}))
      ->type_name("N");
}

inline void add_kernel_verbs(CLI::App& app, CommandLine& line) {
  CLI::App* fit = app.add_subcommand("fit", "Fit a kernel model to measured kernel times");
  fit->add_option("files", line.fit.files, "CSV files (also .gz), or folders of them")
      ->required()
      ->type_name("FILE|DIR...");
  fit->add_option("--gpu", line.fit.gpu, "GPU by name, or the JSON file of its data sheet")
      ->required()
      ->type_name("GPU");
  add_layer(*fit, line.fit.model, line.fit.tensor_parallel);
  fit->add_option("--family", line.fit.family, "fitted, or table: the measured grid as well")
      ->check(CLI::IsMember({"fitted", "table"}))
      ->type_name("FAMILY");
  fit->add_option("--source", line.fit.source, "Where the times come from, for the file")
      ->type_name("TEXT");
  fit->add_option("-o,--out", line.fit.out, "Write the kernel model")
      ->check(kFileName)
      ->type_name("FILE.json");
  fit->add_flag("--json", line.fit.json, "The answer as JSON");
  fit->footer(kFitFooter);

  CLI::App* kernels =
      app.add_subcommand("kernels", "Predict kernel times, or compare them with measured ones");
  kernels->add_option("action", line.kernels.action, "predict or evaluate")
      ->check(CLI::IsMember({"predict", "evaluate"}))
      ->required()
      ->type_name("ACTION");
  kernels->add_option("data", line.kernels.data, "CSV file of shapes, measured or not")
      ->required()
      ->type_name("DATA.csv");
  kernels->add_option("--gpu", line.kernels.gpu, "GPU by name, or the JSON file of its data sheet")
      ->required()
      ->type_name("GPU");
  kernels->add_option("--kernel-model", line.kernels.kernel_model, "File of 'headroom fit'")
      ->type_name("FILE.json");
  kernels
      ->add_option("--family", line.kernels.family,
                   "bound, fitted or table (default: table where the kernel model has one)")
      ->check(CLI::IsMember({"bound", "fitted", "table"}))
      ->type_name("FAMILY");
  add_layer(*kernels, line.kernels.model, line.kernels.tensor_parallel);
  kernels->add_option("-o,--out", line.kernels.out, "Write every row with its prediction")
      ->check(kFileName)
      ->type_name("ROWS.csv");
  kernels->add_flag("--json", line.kernels.json, "The answer as JSON");
  kernels->footer(kKernelsFooter);
}

}  // namespace headroom::tools
