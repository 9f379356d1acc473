#include "engine_kernels.hpp"

#include <algorithm>
#include <array>

namespace headroom::validation {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, const char*>, 4> kFolders{{
    {"A100-SXM-80GB", "a100_sxm"},
    {"H100-SXM-80GB", "h100_sxm"},
    {"H200-SXM-141GB", "h200_sxm"},
    {"B200-SXM-180GB", "b200_sxm"},
}};

/// Tokens never choose experts evenly; the mildest skew that was measured on every GPU.
constexpr double kSkew = 1.01;

bool near(std::int64_t a, std::int64_t b) { return a <= 2 * b && b <= 2 * a; }

/// Rows that a look-up for this deployment can reach; the rest would only make it slow.
struct Reach {
  explicit Reach(const Deployment& d)
      : t(d.model.transformer),
        heads(std::max<std::int64_t>(1, t.heads / d.tensor_parallel)),
        kv_heads(std::max<std::int64_t>(1, t.kv_heads / d.tensor_parallel)) {}
  const Transformer& t;
  std::int64_t heads, kv_heads;

  bool operator()(const GemmShape&) const { return true; }
  bool operator()(const PrefillAttentionShape& s) const {
    return s.causal && s.head_dim == t.head_dim && near(s.heads, heads) &&
           near(s.kv_heads, kv_heads) && s.heads * kv_heads == s.kv_heads * heads;
  }
  bool operator()(const DecodeAttentionShape& s) const {
    return s.head_dim == t.head_dim && near(s.heads, heads) && near(s.kv_heads, kv_heads) &&
           s.heads * kv_heads == s.kv_heads * heads;
  }
  bool operator()(const MoeShape& s) const {
    return s.skew == kSkew && s.d_model == t.d_model && s.experts == t.experts.experts &&
           s.per_token == t.experts.per_token && s.d_ff == t.experts.d_ff;
  }
  bool operator()(const MemoryShape&) const { return false; }
  bool operator()(const CollectiveShape&) const { return false; }
  bool operator()(const NetworkShape&) const { return false; }
};

}  // namespace

const std::vector<MeasuredRow>& EngineKernels::rows_of(const std::string& gpu) {
  const auto known = rows_.find(gpu);
  if (known != rows_.end()) return known->second;
  std::vector<MeasuredRow>& rows = rows_[gpu];
  const auto* const folder = std::find_if(kFolders.begin(), kFolders.end(),
                                          [&](const auto& entry) { return gpu == entry.first; });
  if (folder == kFolders.end()) return rows;
  std::vector<fs::path> files;
  for (const auto& engine : fs::directory_iterator(shared_ / "data" / "kernels" / folder->second)) {
    if (!engine.path().filename().string().starts_with("trtllm-")) continue;
    for (const auto& file : fs::directory_iterator(engine)) {
      const std::string name = file.path().filename().string();
      if (!name.starts_with("custom_allreduce")) files.push_back(file.path());
    }
  }
  std::sort(files.begin(), files.end());
  const Gpu& data_sheet = *find_gpu(gpu);
  for (const fs::path& file : files) {
    for (const MeasuredRow& row : read_kernel_csv(file.string()).rows) {
      if (row.seconds >= bound_seconds(data_sheet, row.shape)) rows.push_back(row);
    }
  }
  return rows;
}

bool EngineKernels::give(Deployment& d) {
  std::vector<MeasuredRow> near_rows;
  const Reach reach(d);
  for (const MeasuredRow& row : rows_of(d.gpu.name)) {
    if (std::visit(reach, row.shape)) near_rows.push_back(row);
  }
  if (near_rows.empty()) return false;
  auto file = std::make_shared<KernelFile>();
  file->gpu = d.gpu.name;
  for (const KernelKind kind : {KernelKind::kGemm, KernelKind::kPrefillAttention,
                                KernelKind::kDecodeAttention, KernelKind::kMoe}) {
    for (const Dtype dtype : {Dtype::kBf16, Dtype::kFp8, Dtype::kFp4}) {
      const bool there = std::any_of(near_rows.begin(), near_rows.end(), [&](const auto& row) {
        return kind_of(row.shape) == kind && dtype_of(row.shape) == dtype;
      });
      if (!there) continue;
      KernelTable table = make_table(d.gpu, kind, dtype, near_rows, "TensorRT-LLM");
      if (table.points.empty()) continue;  // all routed unevenly, or without a gate
      file->tables.push_back(std::move(table));
      if (dtype != Dtype::kBf16) continue;
      file->tables.push_back(file->tables.back());  // the same units, the same bytes
      file->tables.back().dtype = Dtype::kFp16;
    }
  }
  d.kernels = file;
  d.family = KernelFamily::kTable;
  return true;
}

}  // namespace headroom::validation
