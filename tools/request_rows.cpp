#include "request_rows.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "headroom/report/format.hpp"
#include "messages.hpp"

namespace headroom::tools {
namespace {

constexpr const char* kHeader =
    "replication,period,cell,request,class,arrival_s,first_scheduled_s,first_token_s,last_token_s,"
    "finish_s,time_in_queue_s,prompt_tokens,output_tokens,made_tokens,preemptions,end,reason,stage,"
    "pool,replica,attempts,in_service,wasted_s\n";

/// Exact decimal seconds; empty for what never happened.
void put_time(fmt::memory_buffer& row, Ticks time) {
  if (time != kNever) {
    const auto whole = time.count / kTicksPerSecond;
    auto rest = time.count % kTicksPerSecond;
    fmt::format_to(std::back_inserter(row), "{}", whole);
    if (rest != 0) {
      int digits = 12;
      while (rest % 10 == 0) {
        rest /= 10;
        --digits;
      }
      fmt::format_to(std::back_inserter(row), ".{:0{}}", rest, digits);
    }
  }
  row.push_back(',');
}

const char* end_name(EndState end) {
  constexpr const char* kNames[] = {"finished", "rejected", "abandoned", "failed", "unfinished"};
  return kNames[static_cast<std::size_t>(end)];
}

const char* reason_name(RejectReason reason) {
  constexpr const char* kNames[] = {"",      "never_fits", "context_limit", "token_bucket",
                                    "quota", "queue_cap"};
  return kNames[static_cast<std::size_t>(reason)];
}

struct Names {
  std::vector<std::string> classes, pools;
};

/// The end of a chain of filters. It takes what the file refuses, whose state tells, since a filter
/// would offer that again for ever.
struct PartFile {
  using char_type = char;
  using category = boost::iostreams::sink_tag;

  std::streamsize write(const char* text, std::streamsize size) {
    out->write(text, size);
    return size;
  }
  std::ofstream* out;
};

class RowSink final : public RecordSink {
 public:
  /// A part of `whole`. `failed` is set when it does not take a row.
  RowSink(const std::string& file, std::string whole, bool gzip, const JobIndex& job,
          const Names& names, std::atomic<bool>& failed)
      : whole_(std::move(whole)),
        prefix_(fmt::format("{},{},{},", job.replication, job.period, job.cell)),
        names_(names),
        failed_(failed),
        file_(file, std::ios::binary | std::ios::trunc) {
    if (gzip) out_.push(boost::iostreams::gzip_compressor());
    out_.push(PartFile{&file_});
  }
  ~RowSink() override {
    out_.reset();
    file_.close();
    if (!file_) failed_ = true;
  }

  void on_end(const RequestRecord& record) override {
    if (!file_) cannot_write(whole_);
    row_.clear();
    const auto put = [&](auto value) { fmt::format_to(std::back_inserter(row_), "{},", value); };
    fmt::format_to(std::back_inserter(row_), "{}{},{},", prefix_, index(record.id),
                   names_.classes[index(record.request_class)]);
    for (const Ticks t : {record.arrival, record.first_scheduled, record.first_token,
                          record.last_token, record.finish, record.time_in_queue}) {
      put_time(row_, t);
    }
    for (const std::int32_t n :
         {record.prompt_tokens, record.output_tokens, record.made_tokens, record.preemptions}) {
      put(n);
    }
    put(end_name(record.end));
    put(reason_name(record.reason));
    put(record.stage);
    put(names_.pools[index(record.pool)]);
    if (index_of(record.replica) != UINT32_MAX) {
      fmt::format_to(std::back_inserter(row_), "{}", index_of(record.replica));
    }
    row_.push_back(',');
    put(record.attempts);
    put(record.in_service ? 1 : 0);
    put_time(row_, record.wasted);
    row_.resize(row_.size() - 1);  // the last comma
    row_.push_back('\n');
    out_.write(row_.data(), static_cast<std::streamsize>(row_.size()));
  }

 private:
  static std::uint32_t index_of(ReplicaId id) { return static_cast<std::uint32_t>(id); }

  std::string whole_, prefix_;
  const Names& names_;
  std::atomic<bool>& failed_;
  fmt::memory_buffer row_;
  std::ofstream file_;
  boost::iostreams::filtering_ostream out_;  // into file_
};

}  // namespace

struct RequestRows::Impl {
  std::string file;
  bool gzip = false;
  std::size_t cells = 0;
  Names names;
  std::ofstream out;
  std::atomic<bool> failed{false};

  std::string part(std::size_t replication, std::size_t period, std::size_t cell) const {
    return fmt::format("{}.part-{}-{}-{}", file, replication, period, cell);
  }
};

RequestRows::RequestRows(std::string file, const ResolvedScenario& scenario)
    : impl_(std::make_unique<Impl>()) {
  impl_->file = std::move(file);
  impl_->gzip = boost::iends_with(impl_->file, ".gz");
  impl_->cells = scenario.cells.size();
  for (const ClassConfig& c : scenario.classes) impl_->names.classes.push_back(csv_text(c.name));
  for (const ResolvedPool& p : scenario.pools)
    impl_->names.pools.push_back(csv_text(p.config.name));
  impl_->out.open(impl_->file, std::ios::binary | std::ios::trunc);
  if (impl_->gzip) {
    boost::iostreams::filtering_ostream header;
    header.push(boost::iostreams::gzip_compressor());
    header.push(impl_->out);
    header << kHeader;
  } else {
    impl_->out << kHeader;
  }
  impl_->out.flush();
  if (!impl_->out) cannot_write(impl_->file);
}

RequestRows::~RequestRows() {
  // A run that was stopped leaves parts of replications that never ended.
  std::error_code ignored;
  const std::filesystem::path file(impl_->file);
  const std::string like = file.filename().string() + ".part-";
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().rfind(like, 0) == 0) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

std::unique_ptr<RecordSink> RequestRows::sink(const JobIndex& job) const {
  return std::make_unique<RowSink>(impl_->part(job.replication, job.period, job.cell), impl_->file,
                                   impl_->gzip, job, impl_->names, impl_->failed);
}

void RequestRows::append(std::size_t replication, std::size_t period) {
  for (std::size_t cell = 0; cell < impl_->cells; ++cell) {
    const std::string part = impl_->part(replication, period, cell);
    std::ifstream in(part, std::ios::binary);
    if (in.peek() != std::ifstream::traits_type::eof()) impl_->out << in.rdbuf();
    in.close();
    std::filesystem::remove(part);
  }
  impl_->out.flush();
  if (!impl_->out || impl_->failed) cannot_write(impl_->file);
}

}  // namespace headroom::tools
