// A layer of Llama-2-70B composed of fitted kernels, against the layer operations that
// microsoft/vidur measured: a source that no fit has seen.
#include <fmt/format.h>

#include <array>
#include <map>
#include <ostream>

#include "csv.hpp"
#include "headroom/core/check.hpp"
#include "headroom/latency/deployment.hpp"
#include "headroom/latency/fit.hpp"
#include "sections.hpp"
#include "study.hpp"

namespace headroom::validation {
namespace {

/// A column of the measurements and the operator of a step that does the same work.
struct Pair {
  const char* column;
  const char* name;
};
constexpr std::array<Pair, 7> kPairs{{{"attn_pre_proj_ms", "qkv"},
                                      {"attn_post_proj_ms", "attention_out"},
                                      {"mlp_up_proj_ms", "gate_up"},
                                      {"mlp_down_proj_ms", "down"},
                                      {"attn_rope_ms", "rope"},
                                      {"mlp_act_ms", "activation"},
                                      {"post_attention_layernorm_ms", "norm"}}};
constexpr std::size_t kGemmPairs = 4;
/// Fewer tokens leave nothing to compute: no heat.
constexpr std::int64_t kHeatTokens = 128;
constexpr std::array<std::pair<int, int>, 3> kTokenBands{{{1, 127}, {128, 1023}, {1024, 1 << 30}}};

Deployment layer_deployment(const std::string& gpu, std::int64_t tp, double server_factor) {
  DeploymentConfig config;
  config.gpu = gpu;
  config.model = "Llama-2-70B";
  config.dtype = "fp16";
  config.tensor_parallel = tp;
  config.step_host_s = config.layer_host_s = config.launch_s = 0;
  config.server_factor = server_factor;
  std::vector<Issue> issues;
  std::optional<Deployment> deployment = resolve_deployment(config, {}, issues);
  HEADROOM_CHECK(deployment.has_value(), "the catalogue has the model and the GPU");
  return *std::move(deployment);
}

/// Seconds of one run of each operator, by name.
std::map<std::string, double> operator_seconds(const Deployment& deployment, std::int64_t tokens) {
  StepBatch batch;
  batch.prefills.push_back({tokens, 0});
  std::map<std::string, double> seconds;
  for (const OperatorTime& op : step_operators(deployment, batch)) {
    if (op.count > 0) seconds[op.name] = op.seconds / op.count;
  }
  return seconds;
}

struct Tally {
  std::map<std::string, ErrorSample> by_operator;
  std::map<std::size_t, ErrorSample> layer_by_band;  ///< all seven operators together
  std::map<std::int64_t, ErrorSample> layer_by_tp;
  std::vector<MeasuredRow> gemms;     ///< from kHeatTokens tokens up
  std::vector<double> gemms_alone_s;  ///< predicted for them
};

/// The matrix product behind the pair of that place.
GemmShape gemm_of(std::size_t pair, std::int64_t tokens, std::int64_t tp) {
  const Transformer& t = find_model("Llama-2-70B")->transformer;
  const std::int64_t d = t.d_model;
  const std::int64_t ff = t.d_ff / tp;
  const std::int64_t queries = t.heads * t.head_dim / tp;
  const std::int64_t cached = t.kv_heads * t.head_dim / tp;
  const std::array<std::pair<std::int64_t, std::int64_t>, kGemmPairs> widths{
      {{queries + 2 * cached, d}, {d, queries}, {2 * ff, d}, {d, ff}}};
  return {tokens, widths[pair].first, widths[pair].second, Dtype::kFp16};
}

std::string factor_text(const std::string& gpu, const Tally& alone) {
  const auto fit = server_factor_of(*find_gpu(gpu), alone.gemms, alone.gemms_alone_s);
  HEADROOM_CHECK(fit.has_value(), "long batches compute");
  return fmt::format("{:.2f} on {} ({} rows, rms {:.1f} %)", fit->factor, gpu, fit->rows,
                     100 * fit->rms);
}

Tally compare(const Csv& measured, const std::string& gpu, double server_factor,
              std::vector<std::string>* plot) {
  Tally tally;
  std::map<std::int64_t, Deployment> deployments;
  for (std::size_t row = 0; row < measured.rows(); ++row) {
    const auto tp = static_cast<std::int64_t>(measured.number(row, "tp"));
    const auto tokens = static_cast<std::int64_t>(measured.number(row, "num_tokens"));
    if (deployments.count(tp) == 0) {
      deployments.emplace(tp, layer_deployment(gpu, tp, server_factor));
    }
    const auto seconds = operator_seconds(deployments.at(tp), tokens);
    double layer = 0;
    double layer_measured = 0;
    for (std::size_t i = 0; i < kPairs.size(); ++i) {
      const double predicted = seconds.at(kPairs[i].name);
      const double truth = measured.number(row, kPairs[i].column) * 1e-3;
      // The norm of these measurements adds no residual; theirs is an operation of its own.
      const double extra =
          std::string_view(kPairs[i].name) == "norm" ? measured.number(row, "add_ms") * 1e-3 : 0;
      tally.by_operator[kPairs[i].name].add(predicted, truth + extra);
      if (i < kGemmPairs && tokens >= kHeatTokens) {
        tally.gemms.push_back({gemm_of(i, tokens, tp), truth, 0});
        tally.gemms_alone_s.push_back(predicted);
      }
      const double times = std::string_view(kPairs[i].name) == "norm" ? 2 : 1;
      layer += times * predicted;
      layer_measured += times * (truth + extra);
    }
    for (std::size_t band = 0; band < kTokenBands.size(); ++band) {
      if (tokens >= kTokenBands[band].first && tokens <= kTokenBands[band].second) {
        tally.layer_by_band[band].add(layer, layer_measured);
      }
    }
    tally.layer_by_tp[tp].add(layer, layer_measured);
    if (plot != nullptr) {
      plot->push_back(fmt::format("{},{},{},{:.6g},{:.6g}", gpu, tp, tokens, layer_measured * 1e3,
                                  layer * 1e3));
    }
  }
  return tally;
}

void print_row(std::ostream& out, const std::string& what,
               const std::array<ErrorSummary, 4>& cells) {
  std::string line = "| " + what + " |";
  for (const ErrorSummary& cell : cells) {
    line += fmt::format(" {} | {:+.1f} |", three_errors(cell), cell.bias);
  }
  out << line << "\n";
}

}  // namespace

void write_layer(const StudyInput& input, std::ostream& out) {
  const double server = find_engine_preset("vllm-v1")->server_factor;
  const Csv a100(data_file(input, "kernels_vidur/a100/llama2_70b_layer_ops.csv"));
  const Csv h100(data_file(input, "kernels_vidur/h100/llama2_70b_layer_ops.csv"));
  std::vector<std::string> plot;
  const std::array<Tally, 4> tallies{
      compare(a100, "A100-SXM-80GB", 1, nullptr), compare(a100, "A100-SXM-80GB", server, &plot),
      compare(h100, "H100-SXM-80GB", 1, nullptr), compare(h100, "H100-SXM-80GB", server, &plot)};
  write_plot(input, "layer", "gpu,tp,tokens,measured_ms,predicted_ms", plot);

  out << fmt::format(
      "## A layer against Vidur's operations\n"
      "Llama-2-70B in 16 bits at tensor parallelism 1 to 8, {} rows of A100 and {} of H100\n"
      "(microsoft/vidur @ 7d4751336). Nothing was tuned on them: kernels are the shipped fits\n"
      "(vLLM 0.14), composed by the code that composes steps, without launch and host cost; "
      "beside\n"
      "them the same with the server factor {:.2f} of the presets of 2025. MAPE / median / 90th\n"
      "percentile, then the signed mean, in %. A layer is two norms and every other operation\n"
      "once; attention and all-reduces are not in these measurements.\n\n",
      a100.rows(), h100.rows(), server);
  out << "| | A100, kernels alone | bias | A100, server factor | bias | H100, kernels alone | bias "
         "| H100, server factor | bias |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Pair& pair : kPairs) {
    std::array<ErrorSummary, 4> cells;
    for (std::size_t i = 0; i < 4; ++i) {
      cells[i] = tallies[i].by_operator.at(pair.name).summary();
    }
    print_row(out, pair.name, cells);
  }
  for (std::size_t band = 0; band < kTokenBands.size(); ++band) {
    std::array<ErrorSummary, 4> cells;
    for (std::size_t i = 0; i < 4; ++i) cells[i] = tallies[i].layer_by_band.at(band).summary();
    const auto [from, to] = kTokenBands[band];
    print_row(out,
              to < (1 << 30) ? fmt::format("layer, {} to {} tokens", from, to)
                             : fmt::format("layer, {} tokens and more", from),
              cells);
  }
  for (const auto& [tp, ignored] : tallies[0].layer_by_tp) {
    std::array<ErrorSummary, 4> cells;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto found = tallies[i].layer_by_tp.find(tp);
      if (found != tallies[i].layer_by_tp.end()) cells[i] = found->second.summary();
    }
    print_row(out, fmt::format("layer, tensor parallelism {}", tp), cells);
  }
  out << fmt::format(
      "\nThe server factor that the four matrix products ask for, by least squares on the share of "
      "computing\nfrom {} tokens up: {}, {}. H100's rows mix heat with kernels older than vLLM "
      "0.14's.\n\n",
      kHeatTokens, factor_text("A100-SXM-80GB", tallies[0]),
      factor_text("H100-SXM-80GB", tallies[2]));
}

}  // namespace headroom::validation
