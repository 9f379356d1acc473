#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <charconv>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

#include "headroom/latency/fit.hpp"

namespace headroom {
namespace {

[[noreturn]] void fail(std::string code, const std::string& file, int line, std::string message) {
  Issue issue;
  issue.code = std::move(code);
  issue.file = file;
  issue.line = line;
  issue.message = std::move(message);
  throw InputError({issue});
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// One row with its columns by name.
class Row {
 public:
  Row(const std::map<std::string, std::size_t, std::less<>>& columns,
      std::vector<std::string_view> fields, const std::string& file, int line)
      : columns_(columns), fields_(std::move(fields)), file_(file), line_(line) {
    if (fields_.size() != columns_.size()) {
      fail("E105", file_, line_,
           "the header has " + std::to_string(columns_.size()) + " columns, this row has " +
               std::to_string(fields_.size()));
    }
  }

  std::string_view text(std::string_view column) const {
    return fields_[columns_.find(column)->second];
  }
  double positive(std::string_view column) const {
    const double value = number(column);
    if (!(value > 0)) {
      fail("E105", file_, line_,
           "column " + std::string(column) + ": " + std::string(text(column)) +
               " must be greater than 0");
    }
    return value;
  }
  std::int64_t count(std::string_view column) const {
    const double value = positive(column);
    if (value != static_cast<double>(static_cast<std::int64_t>(value))) {
      fail("E105", file_, line_,
           "column " + std::string(column) + ": " + std::string(text(column)) +
               " must be a whole number");
    }
    return static_cast<std::int64_t>(value);
  }
  /// A whole number that may be 0.
  std::int64_t tally(std::string_view column) const {
    return number(column) == 0 ? 0 : count(column);
  }
  double number(std::string_view column) const {
    const std::string_view word = text(column);
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !(value < 1e300) ||
        !(value > -1e300)) {
      fail("E105", file_, line_,
           "column " + std::string(column) + ": \"" + std::string(word) + "\" is no number");
    }
    return value;
  }
  bool has(std::string_view column) const { return columns_.find(column) != columns_.end(); }
  /// The row's time in seconds, from latency_ms or time_us. Ten seconds of one kernel can only be
  /// another unit.
  double latency() const {
    if (has("time_us")) return positive("time_us") * 1e-6;
    const double ms = positive("latency_ms");
    if (ms > 1e4) {
      fail("E105", file_, line_,
           "latency_ms = " + std::string(text("latency_ms")) +
               " is over 10 s for one kernel; is it in microseconds?");
    }
    return ms * 1e-3;
  }

 private:
  const std::map<std::string, std::size_t, std::less<>>& columns_;
  std::vector<std::string_view> fields_;
  const std::string& file_;
  int line_;
};

std::optional<Dtype> dtype_word(std::string_view word) {
  if (word == "bfloat16" || word == "bf16") return Dtype::kBf16;
  if (word == "float16" || word == "fp16" || word == "half") return Dtype::kFp16;
  if (word == "fp8") return Dtype::kFp8;
  if (word == "int8" || word == "sq") return Dtype::kInt8;
  if (word == "nvfp4" || word == "fp4") return Dtype::kFp4;
  return std::nullopt;
}

std::optional<KernelShape> gemm_row(const Row& row, const LayerContext&) {
  const auto dtype = dtype_word(row.text("dtype"));
  if (!dtype) return std::nullopt;
  return GemmShape{row.count("m"), row.count("n"), row.count("k"), *dtype};
}

std::optional<KernelShape> prefill_row(const Row& row, const LayerContext&) {
  const auto dtype = dtype_word(row.text("dtype"));
  const auto kv = dtype_word(row.text("kv_dtype"));
  if (!dtype || !kv || row.number("window_size") != 0) return std::nullopt;
  const std::int64_t dim = row.count("head_dim");
  return PrefillAttentionShape{row.count("batch"),
                               row.count("seq_len"),
                               0,
                               row.count("num_heads"),
                               row.count("num_kv_heads"),
                               dim,
                               dim,
                               *dtype,
                               *kv,
                               true};
}

std::optional<KernelShape> decode_row(const Row& row, const LayerContext&) {
  const auto kv = dtype_word(row.text("kv_dtype"));
  if (!kv || row.number("window_size") != 0) return std::nullopt;
  const std::int64_t batch = row.count("batch");
  return DecodeAttentionShape{batch,
                              static_cast<double>(batch) * row.positive("kv_len"),
                              row.count("num_heads"),
                              row.count("num_kv_heads"),
                              row.count("head_dim"),
                              0,
                              *kv};
}

std::optional<KernelShape> encoder_row(const Row& row, const LayerContext&) {
  const auto dtype = dtype_word(row.text("dtype"));
  if (!dtype) return std::nullopt;
  const std::int64_t heads = row.count("num_heads");
  const std::int64_t dim = row.count("head_dim");
  return PrefillAttentionShape{
      row.count("batch"), row.count("seq_len"), 0, heads, heads, dim, dim, *dtype, *dtype, false};
}

std::optional<KernelShape> moe_row(const Row& row, const LayerContext&) {
  const auto dtype = dtype_word(row.text("dtype"));
  if (!dtype) return std::nullopt;
  const std::string_view spread = row.text("distribution");
  const double skew = spread == "power_law_1.01" ? 1.01 : spread == "power_law_1.2" ? 1.2 : 0.0;
  // The layout has no column for the gate; where a column names the kernel, it may say so.
  const bool gated =
      !row.has("kernel") || row.text("kernel").find("nongated") == std::string_view::npos;
  return MoeShape{row.count("num_tokens"),
                  row.count("hidden_size"),
                  row.count("inter_size"),
                  row.count("topk"),
                  row.count("num_experts"),
                  row.count("tp"),
                  row.count("ep"),
                  gated,
                  skew,
                  *dtype};
}

std::optional<KernelShape> engine_reduce_row(const Row& row, const LayerContext&) {
  if (row.text("backend").find("eager") != std::string_view::npos) return std::nullopt;
  return CollectiveShape{Collective::kAllReduce, row.positive("bytes"), row.count("num_gpus"),
                         true};
}

std::optional<KernelShape> collective_row(const Row& row, const LayerContext&) {
  if (row.text("dtype") == "int8") return std::nullopt;
  for (const Collective op : {Collective::kAllReduce, Collective::kAllGather,
                              Collective::kReduceScatter, Collective::kAllToAll}) {
    if (row.text("op") == name(op)) {
      return CollectiveShape{op, row.positive("bytes"), row.count("num_gpus"), false};
    }
  }
  return std::nullopt;
}

std::optional<KernelShape> elementwise_row(const Row& row, const LayerContext&) {
  return MemoryShape{row.positive("bytes")};
}

/// One GPU's part of the model a layer grid was measured on.
struct LayerSlice {
  explicit LayerSlice(const LayerContext& context)
      : t(context.model->transformer),
        tp(context.tensor_parallel),
        heads(std::max<std::int64_t>(1, t.heads / tp)),
        kv_heads(std::max<std::int64_t>(1, t.kv_heads / tp)),
        d_ff(t.d_ff / tp) {}
  const Transformer& t;
  std::int64_t tp, heads, kv_heads, d_ff;
};

/// 16-bit activations read and written.
KernelShape moves(std::int64_t tokens, std::int64_t numbers) {
  return MemoryShape{2.0 * static_cast<double>(tokens) * static_cast<double>(numbers)};
}

/// The layer's kernels by the names vLLM gives them, with the traffic that steps charge for them.
std::optional<KernelShape> dense_row(const Row& row, const LayerContext& context) {
  const LayerSlice s(context);
  const Transformer& t = s.t;
  const std::int64_t tokens = row.count("tokens");
  const std::string_view layer = row.text("layer");
  const auto gemm = [tokens](std::int64_t n, std::int64_t k) -> KernelShape {
    return GemmShape{tokens, n, k, Dtype::kBf16};
  };
  if (layer == "qkv_proj") return gemm((s.heads + 2 * s.kv_heads) * t.head_dim, t.d_model);
  if (layer == "o_proj") return gemm(t.d_model, s.heads * t.head_dim);
  if (layer == "gate_up_proj") return gemm(2 * s.d_ff, t.d_model);
  if (layer == "down_proj") return gemm(t.d_model, s.d_ff);
  if (layer == "layernorm" || layer == "final_layernorm") return moves(tokens, 4 * t.d_model);
  if (layer == "act_fn") return moves(tokens, 3 * s.d_ff);
  if (layer == "rotary_emb") return moves(tokens, 2 * (s.heads + s.kv_heads) * t.head_dim);
  if (layer == "qk_norm") return moves(tokens, 2 * (s.heads + s.kv_heads) * t.head_dim);
  if (layer == "embedding") return moves(tokens, 2 * t.d_model);
  return std::nullopt;
}

std::optional<KernelShape> per_sequence_row(const Row& row, const LayerContext& context) {
  const LayerSlice s(context);
  if (row.text("layer") != "lm_head") return std::nullopt;
  return GemmShape{row.count("sequences"), (s.t.vocab + s.tp - 1) / s.tp, s.t.d_model,
                   Dtype::kBf16};
}

std::optional<KernelShape> layer_attention_row(const Row& row, const LayerContext& context) {
  const LayerSlice s(context);
  const std::int64_t chunk = row.tally("prefill_chunk");
  const std::int64_t sequences = row.tally("n_decode");
  if ((chunk > 0) == (sequences > 0)) return std::nullopt;  // mixed batches are checked elsewhere
  const std::int64_t dim = s.t.head_dim;
  if (chunk > 0) {
    return PrefillAttentionShape{1,       chunk,        row.tally("kv_prefill"),
                                 s.heads, s.kv_heads,   dim,
                                 dim,     Dtype::kBf16, Dtype::kBf16,
                                 true};
  }
  return DecodeAttentionShape{
      sequences,   static_cast<double>(sequences) * row.positive("kv_decode"),
      s.heads,     s.kv_heads,
      dim,         0,
      Dtype::kBf16};
}

struct Layout {
  std::string_view kind;
  std::vector<std::string_view> columns;
  std::optional<KernelShape> (*read)(const Row&, const LayerContext&);
  bool of_a_layer = false;  // shapes follow from the model
};

/// Told apart by their columns; the first whose every column is there.
const std::vector<Layout>& layouts() {
  static const std::vector<Layout> all{
      {"gemm", {"dtype", "m", "n", "k", "latency_ms"}, gemm_row},
      {"attention_prefill",
       {"dtype", "kv_dtype", "batch", "seq_len", "num_heads", "num_kv_heads", "head_dim",
        "window_size", "latency_ms"},
       prefill_row},
      {"attention_decode",
       {"dtype", "kv_dtype", "batch", "kv_len", "num_heads", "num_kv_heads", "head_dim",
        "window_size", "latency_ms"},
       decode_row},
      {"attention_encoder",
       {"dtype", "batch", "seq_len", "num_heads", "head_dim", "latency_ms"},
       encoder_row},
      {"moe",
       {"dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "tp", "ep",
        "distribution", "latency_ms"},
       moe_row},
      {"custom_allreduce",
       {"backend", "dtype", "num_gpus", "bytes", "latency_ms"},
       engine_reduce_row},
      {"collectives", {"op", "dtype", "num_gpus", "bytes", "latency_ms"}, collective_row},
      {"elementwise", {"kernel", "dtype", "bytes", "latency_ms"}, elementwise_row},
      {"dense", {"layer", "tokens", "time_us"}, dense_row, true},
      {"per_sequence", {"layer", "sequences", "time_us"}, per_sequence_row, true},
      {"attention",
       {"prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "time_us"},
       layer_attention_row,
       true},
  };
  return all;
}

using Columns = std::map<std::string, std::size_t, std::less<>>;

bool is_time(std::string_view column) { return column == "latency_ms" || column == "time_us"; }

/// A column that holds times in another unit than the layouts', or empty.
std::string other_unit(const Columns& columns) {
  for (const auto& [column, at] : columns) {
    for (const std::string_view start : {"latency", "time", "duration"}) {
      if (column.starts_with(start) && !is_time(column)) return column;
    }
  }
  return "";
}

const Layout& layout_of(const Columns& columns, const std::string& file, int line,
                        const ReadOptions& options) {
  const Layout* nearest = nullptr;
  std::vector<std::string> nearest_missing;
  for (const Layout& layout : layouts()) {
    std::vector<std::string> missing;
    for (const std::string_view column : layout.columns) {
      if (!options.needs_time && is_time(column)) continue;
      if (columns.find(column) == columns.end()) missing.emplace_back(column);
    }
    if (missing.empty()) return layout;
    if (nearest == nullptr || missing.size() < nearest_missing.size()) {
      nearest = &layout;
      nearest_missing = std::move(missing);
    }
  }
  std::string list;
  for (const std::string& column : nearest_missing) list += (list.empty() ? "" : ", ") + column;
  std::string message = "the header is no known layout; nearest is " + std::string(nearest->kind) +
                        ", which misses column " + list;
  const std::string unit = other_unit(columns);
  if (!unit.empty() && is_time(nearest_missing.back())) {
    message +=
        "; " + unit + " does not stand for it: times are read in the unit that the name says";
  }
  fail("E104", file, line, std::move(message));
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("E102", path, 0, "cannot be read");
  std::ostringstream text;
  try {
    boost::iostreams::filtering_istream stream;
    const bool packed = file.peek() == 0x1f;  // whatever it is called: no text begins so
    if (packed || boost::iends_with(path, ".gz"))
      stream.push(boost::iostreams::gzip_decompressor());
    stream.push(file);
    boost::iostreams::copy(stream, text);
  } catch (const std::exception&) {
    fail("E102", path, 0, "cannot be unpacked: not gzip data, or damaged or cut short");
  }
  return text.str();
}

/// Reads a file line by line and keeps the complaints of broken rows.
class Reader {
 public:
  Reader(const std::string& file, const LayerContext& context, const ReadOptions& options)
      : file_(file), context_(context), options_(options) {}

  void line(std::string_view line, int number) {
    if (layout_ == nullptr) {
      header(line, number);
      return;
    }
    try {
      data(line, number);
    } catch (const InputError& error) {
      issues_.insert(issues_.end(), error.issues().begin(), error.issues().end());
    }
  }

  MeasuredFile finish() {
    if (layout_ == nullptr) fail("E104", file_, 1, "the file is empty");
    if (!issues_.empty()) throw InputError(std::move(issues_));
    return std::move(out_);
  }

 private:
  void header(std::string_view line, int number) {
    for (const std::string_view column : split(line)) {
      if (!columns_.emplace(std::string(column), columns_.size()).second) {
        fail("E104", file_, number, "column " + std::string(column) + " stands twice");
      }
    }
    layout_ = &layout_of(columns_, file_, number, options_);
    out_.kind = layout_->kind;
    out_.header = line;
    if (options_.needs_time && columns_.contains("latency_ms") && columns_.contains("time_us")) {
      fail("E104", file_, number, "latency_ms and time_us are both there; which is the time?");
    }
    if (layout_->of_a_layer && context_.model == nullptr) {
      fail("E106", file_, number,
           "a layer's kernel grid needs the model and the tensor parallelism it was measured on");
    }
  }

  void data(std::string_view line, int number) {
    const Row row(columns_, split(line), file_, number);
    if (options_.keep_lines) {
      out_.lines.emplace_back(line);
      out_.line_numbers.push_back(number);
    }
    if (const auto shape = layout_->read(row, context_)) {
      const bool timed = row.has("latency_ms") || row.has("time_us");
      out_.rows.push_back({*shape, timed ? row.latency() : 0, number});
    } else {
      ++out_.other_rows;
    }
  }

  const std::string& file_;
  const LayerContext& context_;
  const ReadOptions& options_;
  Columns columns_;
  const Layout* layout_ = nullptr;
  std::vector<Issue> issues_;
  MeasuredFile out_;
};

}  // namespace

MeasuredFile parse_kernel_csv(std::string_view text, const std::string& file,
                              const LayerContext& context, const ReadOptions& options) {
  Reader reader(file, context, options);
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    reader.line(line, number);
  }
  return reader.finish();
}

MeasuredFile read_kernel_csv(const std::string& path, const LayerContext& context,
                             const ReadOptions& options) {
  return parse_kernel_csv(read_all(path), path, context, options);
}

}  // namespace headroom
