#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "headroom/core/error.hpp"
#include "headroom/hardware/gpu.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/model.hpp"
#include "headroom/report/format.hpp"
#include "messages.hpp"

namespace headroom::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kColumns = 80;  // of the terminal that answers are laid out for

std::string quantity(double value, json::Dimension dimension) {
  return value > 0 ? json::format_quantity(value, dimension) : "-";
}

/// "72.3 B", "6.05 B": weights.
std::string parameters(double count) { return format_short_count(count); }

Json provenance_json(const std::vector<Provenance>& provenance) {
  Json list = Json::array();
  for (const Provenance& entry : provenance) {
    list.push_back({{"of", entry.of},
                    {"source", entry.source},
                    {"certainty", entry.certainty},
                    {"note", entry.note}});
  }
  return list;
}

Json gpu_json(const Gpu& gpu) {
  Json prices = Json::array();
  for (const Price& price : gpu.prices) {
    prices.push_back({{"usd_per_gpu_h", price.usd_per_gpu_h},
                      {"market", price.market},
                      {"date", price.date},
                      {"source", price.source}});
  }
  return {{"name", gpu.name},
          {"aliases", gpu.aliases},
          {"architecture", gpu.architecture},
          {"bf16_flops", gpu.bf16_flops},
          {"fp16_flops", gpu.fp16_flops},
          {"fp8_flops", gpu.fp8_flops},
          {"int8_flops", gpu.int8_flops},
          {"fp4_flops", gpu.fp4_flops},
          {"hbm_bytes", gpu.hbm_bytes},
          {"hbm_bytes_per_s", gpu.hbm_bytes_per_s},
          {"sm_count", gpu.sm_count},
          {"l2_bytes", gpu.l2_bytes},
          {"link", gpu.link},
          {"link_bytes_per_s", gpu.link_bytes_per_s},
          {"link_gpus", gpu.link_gpus},
          {"host_link_bytes_per_s", gpu.host_link_bytes_per_s},
          {"inter_node_bytes_per_s", gpu.inter_node_bytes_per_s},
          {"gpus_per_node", gpu.gpus_per_node},
          {"power_w", gpu.power_w},
          {"prices", std::move(prices)},
          {"provenance", provenance_json(gpu.provenance)}};
}

const char* kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::kDiffusion:
      return "diffusion";
    case ModelKind::kAutoregressiveImage:
      return "autoregressive_image";
    case ModelKind::kTransformer:
      break;
  }
  return "transformer";
}

Json transformer_json(const Transformer& t) {
  return {{"layers", t.layers},
          {"d_model", t.d_model},
          {"heads", t.heads},
          {"kv_heads", t.kv_heads},
          {"head_dim", t.head_dim},
          {"d_ff", t.d_ff},
          {"vocab", t.vocab},
          {"max_context", t.max_context},
          {"experts", t.experts.experts},
          {"experts_per_token", t.experts.per_token},
          {"latent_attention", t.is_latent()},
          {"parameters", t.parameters()},
          {"active_parameters", t.active_parameters()},
          {"kv_numbers_per_token", t.kv_numbers_per_token()}};
}

Json image_json(const ImagePipeline& image) {
  return {{"network", image.network},
          {"parameters", image.parameters},
          {"reference_px", image.reference_px},
          {"linear_flop", image.linear_flop},
          {"attention_flop", image.attention_flop},
          {"default_steps", image.default_steps},
          {"forwards_per_step", image.forwards_per_step},
          {"text_encoder_parameters", image.text_encoder_parameters},
          {"decoder_parameters", image.decoder_parameters},
          {"decoder_flop", image.decoder_flop}};
}

Json model_json(const Model& model) {
  Json entry = {{"name", model.name}, {"aliases", model.aliases}, {"kind", kind_name(model.kind)}};
  if (model.kind != ModelKind::kDiffusion)
    entry["transformer"] = transformer_json(model.transformer);
  if (model.kind != ModelKind::kTransformer) entry["image"] = image_json(model.image);
  if (!model.image_token_counts.empty()) entry["image_token_counts"] = model.image_token_counts;
  entry["rumour"] = model.is_rumour();
  entry["provenance"] = provenance_json(model.provenance);
  return entry;
}

using Cells = std::vector<std::string>;

Cells gpu_cells(const Gpu& gpu) {
  using json::Dimension;
  return {gpu.name,
          quantity(gpu.hbm_bytes, Dimension::kBytes),
          quantity(gpu.hbm_bytes_per_s, Dimension::kBytesPerS),
          quantity(gpu.bf16_flops > 0 ? gpu.bf16_flops : gpu.fp16_flops, Dimension::kFlops),
          gpu.link,
          quantity(gpu.power_w, Dimension::kPower)};
}

Cells model_cells(const Model& model) {
  const bool diffusion = model.kind == ModelKind::kDiffusion;
  const double weights = diffusion ? model.image.parameters : model.transformer.parameters();
  const double active = diffusion ? weights : model.transformer.active_parameters();
  const std::string context =
      diffusion ? "-" : format_count(static_cast<double>(model.transformer.max_context));
  return {model.name, kind_name(model.kind), parameters(weights), parameters(active),
          context + (model.is_rumour() ? "  (rumour)" : "")};
}

/// Columns as wide as the widest of their cells, two blanks apart.
std::string table(const std::vector<Cells>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string text;
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) text += pad_right(row[i], widths[i] + 2);
    text += row.back() + "\n";
  }
  return text;
}

/// Words of a list, with a blank after each comma so that they wrap.
std::string joined(const Json& list) {
  std::string text;
  for (const Json& item : list) {
    text += (text.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : item.dump());
  }
  return text;
}

/// Every field of an entry, then where the numbers come from, within kColumns.
std::string details(const Json& entry) {
  std::string text;
  const auto put_lines = [&text](const std::string& first, const std::string& rest) {
    for (const std::string& line : wrap_text(rest, first, kColumns)) text += line + "\n";
  };
  const auto put = [&put_lines](const std::string& key, const Json& value) {
    if (value.is_array() && value.empty()) return;
    std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_array()) shown = joined(value);
    if (value.is_number()) shown = fmt::format("{:.12g}", value.get<double>());
    put_lines(pad_right(key, 33), shown);
  };
  for (const auto& [key, value] : entry.items()) {
    if (key == "provenance" || key == "prices") continue;
    if (value.is_object()) {
      for (const auto& [inner, item] : value.items()) put(key + "." + inner, item);
    } else {
      put(key, value);
    }
  }
  if (entry.contains("prices")) {
    for (const Json& price : entry["prices"]) {
      put_lines("price  ",
                fmt::format("{} USD per GPU hour, {}, {}: {}", price["usd_per_gpu_h"].dump(),
                            price["market"].get<std::string>(), price["date"].get<std::string>(),
                            price["source"].get<std::string>()));
    }
  }
  for (const Json& source : entry["provenance"]) {
    const std::string note = source["note"];
    put_lines(
        "source of ",
        fmt::format("{}: {} ({}){}", joined(source["of"]), source["source"].get<std::string>(),
                    source["certainty"].get<std::string>(), note.empty() ? "" : "; " + note));
  }
  return text;
}

template <class Entry>
[[noreturn]] void unknown(const char* kind, const std::string& name, std::span<const Entry> all) {
  std::vector<std::string> known;
  for (const Entry& entry : all) {
    known.push_back(entry.name);
    known.insert(known.end(), entry.aliases.begin(), entry.aliases.end());
  }
  const std::string near = nearest_word(name, known);
  throw UsageError(fmt::format(
      "unknown {} '{}'{}", kind, name,
      near.empty() ? "; without a name all are listed" : "; did you mean '" + near + "'?"));
}

template <class Entry>
int show(const CatalogueOptions& options, std::span<const Entry> all, const Entry* one, Cells head,
         Cells (*cells)(const Entry&), Json (*json)(const Entry&)) {
  if (one != nullptr) {
    print_answer(options.json ? json(*one).dump(2) + "\n" : details(json(*one)));
    return kOk;
  }
  Json list = Json::array();
  std::vector<Cells> rows = {std::move(head)};
  for (const Entry& entry : all) {
    if (options.json) {
      list.push_back(json(entry));
    } else {
      rows.push_back(cells(entry));
    }
  }
  print_answer(options.json ? list.dump(2) + "\n" : table(rows));
  return kOk;
}

}  // namespace

int gpus_command(const CommandLine& line, const Terminal&) {
  const CatalogueOptions& options = line.catalogue;
  const Gpu* one = options.name.empty() ? nullptr : find_gpu(options.name);
  if (one == nullptr && !options.name.empty()) unknown("GPU", options.name, gpus());
  return show(options, gpus(), one,
              {"name", "memory", "bandwidth", "dense 16-bit", "link", "power"}, &gpu_cells,
              &gpu_json);
}

int models_command(const CommandLine& line, const Terminal&) {
  const CatalogueOptions& options = line.catalogue;
  const Model* one = options.name.empty() ? nullptr : find_model(options.name);
  if (one == nullptr && !options.name.empty()) unknown("model", options.name, models());
  return show(options, models(), one, {"name", "kind", "weights", "active", "context"},
              &model_cells, &model_json);
}

}  // namespace headroom::tools
