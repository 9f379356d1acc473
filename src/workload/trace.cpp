#include "trace.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "trace_file.hpp"

namespace headroom {
namespace {

constexpr double kNsPerS = 1e9;
constexpr double kLongestS = 4e9;  // as of parse_time
constexpr double kMostTraceTokens = 1e8;
constexpr double kLongestService = 7'776'000;
constexpr std::int64_t kMostExactNs = 4'000'000'000'000'000;  // two such fit in ticks: 46 days
constexpr double kMostCopies = (1 << TraceCursor::kCopyBits) - 1;

enum WantedColumn : std::size_t { kArrival, kPrompt, kOutput, kService, kClass, kFirstFilter };

std::string base_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

bool is_jsonl(const TraceConfig& trace) {
  if (trace.format != "auto") return trace.format == "jsonl";
  std::filesystem::path path(trace.path);
  if (path.extension() == ".gz") path = path.stem();
  const std::string extension = path.extension().string();
  return extension == ".jsonl" || extension == ".ndjson" || extension == ".json";
}

bool passes(const TraceFilter& filter, const Cell& cell) {
  if (!filter.any_of.empty() &&
      std::find(filter.any_of.begin(), filter.any_of.end(), cell.text) == filter.any_of.end()) {
    return false;
  }
  if (!filter.min && !filter.max) return true;
  double value = 0;  // text that is no number lies in no range
  return parse_number(cell.text, value) && (!filter.min || value >= *filter.min) &&
         (!filter.max || value <= *filter.max);
}

void warn(std::vector<Issue>& warnings, std::string code, const TraceConfig& trace,
          std::string message) {
  Issue issue;
  issue.code = std::move(code);
  issue.pointer = trace.pointer;
  issue.message = std::move(message);
  warnings.push_back(std::move(issue));
}

/// Reads the rows in the order of the file; times since 1970 or since the file's own zero.
class RowReader {
 public:
  RowReader(const TraceConfig& trace, const std::string& class_name, bool needs_arrivals)
      : trace_(trace), needs_arrivals_(needs_arrivals), issues_(trace.path) {
    const TraceColumns& c = trace.columns;
    wanted_ = {needs_arrivals ? c.arrival : "", c.prompt_tokens, c.output_tokens, c.service,
               c.request_class};
    class_value_ = trace.class_value.empty() ? class_name : trace.class_value;
    for (const TraceFilter& filter : trace.filters) wanted_.push_back(filter.column);
  }

  void read(const FileText& file) {
    for_each_row(file, is_jsonl(trace_), wanted_, trace_.pointer, issues_,
                 [this](int line, std::span<const Cell> cells) { take(line, cells); });
    issues_.finish();
  }

  TraceRows rows;
  std::int64_t rows_read = 0, earliest_ns = INT64_MAX, empty_lengths = 0;

 private:
  void take(int line, std::span<const Cell> cells) {
    ++rows_read;
    std::int64_t at = 0;
    if (needs_arrivals_) {
      if (!parse_time(cells[kArrival].text, trace_.arrival_unit, at)) {
        bad(line, cells[kArrival], wanted_[kArrival],
            trace_.arrival_unit == "utc" ? "a date and time, from 1900 to 2095"
                                         : "a number, at most 126 years");
        return;
      }
      earliest_ns = std::min(earliest_ns, at);
    }
    if (!wanted_[kClass].empty() && cells[kClass].text != class_value_) return;
    for (std::size_t i = 0; i < trace_.filters.size(); ++i) {
      if (!passes(trace_.filters[i], cells[kFirstFilter + i])) return;
    }
    rows.at_ns.push_back(at);
    take_tokens(line, cells[kPrompt], wanted_[kPrompt], rows.prompt_tokens);
    take_tokens(line, cells[kOutput], wanted_[kOutput], rows.output_tokens);
    take_service(line, cells[kService]);
  }

  void take_tokens(int line, const Cell& cell, const std::string& name,
                   std::vector<std::int32_t>& into) {
    if (name.empty()) return;
    double value = 0;
    if (!parse_number(cell.text, value) || value < 0 || value > kMostTraceTokens) {
      bad(line, cell, name, "a number of tokens from 0 to 100,000,000");
    } else if (value < 0.5) {
      ++empty_lengths;
    }
    into.push_back(std::max(1, static_cast<std::int32_t>(value + 0.5)));
  }

  void take_service(int line, const Cell& cell) {
    if (wanted_[kService].empty()) return;
    std::int64_t ns = 0;
    if (!parse_time(cell.text, trace_.service_unit, ns) || ns < 0 ||
        static_cast<double>(ns) > kLongestService * kNsPerS) {
      bad(line, cell, wanted_[kService], "a service time from 0 to 90 days");
      ns = 0;
    }
    rows.service_ps.push_back(std::max<std::int64_t>(1, ns * 1000));
  }

  void bad(int line, const Cell& cell, const std::string& name, const std::string& expected) {
    issues_.add(line, cell,
                cell.text.empty() ? "no value for \"" + name + "\"; expected " + expected
                                  : "\"" + std::string(cell.text) + "\" in column \"" + name +
                                        "\"; expected " + expected);
  }

  const TraceConfig& trace_;
  bool needs_arrivals_;
  RowIssues issues_;
  std::vector<std::string> wanted_;
  std::string class_value_;
};

template <class T>
void permute(const std::vector<std::uint32_t>& order, std::vector<T>& values) {
  if (values.empty()) return;
  std::vector<T> sorted;
  sorted.reserve(order.size());
  for (const std::uint32_t i : order) sorted.push_back(values[i]);
  values = std::move(sorted);
}

/// Sorts by time; returns how many rows came after a later one.
std::int64_t sort_rows(TraceRows& rows) {
  std::int64_t out_of_order = 0, latest = INT64_MIN;
  for (const std::int64_t at : rows.at_ns) {
    if (at < latest) ++out_of_order;
    latest = std::max(latest, at);
  }
  if (out_of_order == 0) return 0;
  std::vector<std::uint32_t> order(rows.at_ns.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&rows](std::uint32_t a, std::uint32_t b) {
    return rows.at_ns[a] < rows.at_ns[b];
  });
  permute(order, rows.at_ns);
  permute(order, rows.prompt_tokens);
  permute(order, rows.output_tokens);
  permute(order, rows.service_ps);
  return out_of_order;
}

template <class T>
void drop_front(std::vector<T>& values, std::size_t count) {
  if (!values.empty()) {
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

/// Moves the origin to 0 and drops the rows before it.
void shift_rows(TraceRows& rows, std::int64_t origin_ns) {
  for (std::int64_t& at : rows.at_ns) at -= origin_ns;
  const auto first = std::lower_bound(rows.at_ns.begin(), rows.at_ns.end(), 0);
  const auto count = static_cast<std::size_t>(first - rows.at_ns.begin());
  drop_front(rows.at_ns, count);
  drop_front(rows.prompt_tokens, count);
  drop_front(rows.output_tokens, count);
  drop_front(rows.service_ps, count);
}

/// Rows before the zero of the trace's own clock; skip, which leaves out more, was asked for.
void warn_of_negative_times(const TraceRows& rows, std::int64_t origin_ns, const TraceConfig& trace,
                            std::vector<Issue>& warnings) {
  const auto first = std::lower_bound(rows.at_ns.begin(), rows.at_ns.end(), origin_ns);
  if (first == rows.at_ns.begin()) return;
  warn(warnings, "W132", trace,
       std::to_string(first - rows.at_ns.begin()) + " rows of \"" + base_name(trace.path) +
           "\" are before its zero and are left out");
}

/// Rows that fall before the run or after its arrivals end are left out.
void warn_of_rows_outside(const TraceRows& rows, const TraceConfig& trace,
                          const WorkloadConfig& config, std::vector<Issue>& warnings) {
  const double start_s = since_start(trace.start, config.start_utc_s);
  const double end_s = seconds(config.demand_end);
  const auto outside = std::count_if(rows.at_ns.begin(), rows.at_ns.end(), [&](std::int64_t at) {
    const double t = start_s + static_cast<double>(at) / kNsPerS * trace.time_scale;
    return t < 0 || t >= end_s;
  });
  if (outside == 0) return;
  const std::string none = static_cast<std::size_t>(outside) == rows.size() ? "; none is left" : "";
  warn(warnings, "W132", trace,
       std::to_string(outside) + " of " + std::to_string(rows.size()) + " rows of \"" +
           base_name(trace.path) + "\" fall outside the run's arrivals and are left out" + none);
}

/// One loop lasts the time of the last row and one mean gap, so that the rate is kept.
std::int64_t loop_length(const TraceRows& rows, const TraceConfig& trace) {
  if (trace.loop_every_s > 0) {
    return std::llround(std::min(trace.loop_every_s, kLongestS) * kNsPerS);
  }
  const std::int64_t last = rows.at_ns.back();
  const std::int64_t span = last - rows.at_ns.front();
  const auto gaps = static_cast<std::int64_t>(rows.at_ns.size()) - 1;
  const double loop =
      static_cast<double>(last) +
      (gaps > 0 ? std::floor(static_cast<double>(span) / static_cast<double>(gaps)) : 1e9);
  if (loop > kLongestS * kNsPerS)
    return std::max<std::int64_t>(last, std::llround(kLongestS * kNsPerS));
  return std::max<std::int64_t>(1, last + (gaps > 0 ? span / gaps : 1'000'000'000));
}

}  // namespace

std::shared_ptr<const TraceRows> load_trace(const TraceConfig& trace, const WorkloadConfig& config,
                                            const std::string& class_name, bool needs_arrivals,
                                            WorkloadInput& input, std::vector<Issue>& warnings) {
  const FileText file = read_text(config.base_directory, trace.path, trace.pointer);
  RowReader reader(trace, class_name, needs_arrivals);
  reader.read(file);
  if (reader.rows_read == 0)
    fail("E130", trace.pointer, "the trace \"" + trace.path + "\" has no rows");
  if (reader.rows.size() == 0) {
    fail("E130", trace.pointer,
         "none of the trace's " + std::to_string(reader.rows_read) + " rows pass its filters");
  }
  auto rows = std::make_shared<TraceRows>(std::move(reader.rows));
  if (needs_arrivals) {
    const std::int64_t out_of_order = sort_rows(*rows);
    if (out_of_order > 0) {
      warn(warnings, "W130", trace,
           std::to_string(out_of_order) + " rows of \"" + base_name(trace.path) +
               "\" were out of order and were sorted");
    }
    const std::int64_t origin = trace.origin == "zero" ? 0 : reader.earliest_ns;
    warn_of_negative_times(*rows, origin, trace, warnings);
    shift_rows(*rows, origin + std::llround(std::min(trace.skip_s, kLongestS) * kNsPerS));
    if (rows->size() == 0) {
      fail("E130", trace.pointer,
           trace.skip_s > 0 ? "no row of the trace is left after skip"
                            : "every row of the trace is before its zero");
    }
    if (!trace.loop) warn_of_rows_outside(*rows, trace, config, warnings);
    rows->loop_ns = loop_length(*rows, trace);
    if (trace.loop && rows->loop_ns <= rows->at_ns.back() && trace.loop_every_s > 0) {
      fail("E133", trace.pointer,
           "loop_every is shorter than the trace, which lasts " +
               std::to_string(static_cast<double>(rows->at_ns.back()) / kNsPerS) + " s");
    }
  }
  if (reader.empty_lengths > 0) {
    warn(warnings, "W131", trace,
         std::to_string(reader.empty_lengths) + " lengths of 0 tokens in \"" +
             base_name(trace.path) + "\" were taken as 1");
  }
  input = {needs_arrivals ? "trace" : "lengths", base_name(trace.path), file.sha256,
           static_cast<std::int64_t>(rows->size())};
  return rows;
}

std::vector<RateRow> load_rates(const RateFileConfig& file, const WorkloadConfig& config,
                                WorkloadInput& input) {
  const FileText text = read_text(config.base_directory, file.path, file.pointer);
  const std::vector<std::string> wanted{file.time_column, file.rate_column};
  const double per_s = file.rate_unit == "min"   ? 60
                       : file.rate_unit == "h"   ? 3600
                       : file.rate_unit == "day" ? 86'400
                                                 : 1;
  std::vector<RateRow> rows;
  RowIssues issues(file.path);
  const auto take = [&](int line, std::span<const Cell> cells) {
    std::int64_t ns = 0;
    double rate = 0;
    if (!parse_time(cells[0].text, file.time_unit, ns)) {
      issues.add(line, cells[0], "\"" + std::string(cells[0].text) + "\" is not a time");
    } else if (!parse_number(cells[1].text, rate) || rate < 0) {
      issues.add(line, cells[1],
                 "\"" + std::string(cells[1].text) + "\" is not a rate of at least 0");
    } else {
      rows.push_back({static_cast<double>(ns) / kNsPerS, rate / per_s});
    }
  };
  for_each_row(text, false, wanted, file.pointer, issues, take);
  issues.finish();
  if (rows.empty()) fail("E130", file.pointer, "the file \"" + file.path + "\" has no rows");
  std::stable_sort(rows.begin(), rows.end(),
                   [](const RateRow& a, const RateRow& b) { return a.at_s < b.at_s; });
  input = {"rate", base_name(file.path), text.sha256, static_cast<std::int64_t>(rows.size())};
  return rows;
}

RateFunction trace_rate(const TraceRows& rows, const TraceConfig& trace, double start_utc_s,
                        Ticks end) {
  constexpr double kMostBins = 10'000, kMostRows = 2e7;
  const double end_s = seconds(end), start_s = since_start(trace.start, start_utc_s);
  const double loop_s = static_cast<double>(rows.loop_ns) / kNsPerS * trace.time_scale;
  const double loops = trace.loop ? (end_s - start_s) / loop_s : 1;
  const double n = static_cast<double>(rows.size());
  if (loops * n > kMostRows) return RateFunction::constant(n / loop_s * trace.rate_scale, end);

  const double width = std::max(60.0, std::ceil(end_s / kMostBins / 60) * 60);
  const auto bins = static_cast<std::size_t>(std::ceil(end_s / width));
  std::vector<double> counts(bins, 0.0);
  for (double loop = 0; loop < std::max(1.0, loops); ++loop) {
    for (const std::int64_t at : rows.at_ns) {
      const double t =
          start_s + loop * loop_s + static_cast<double>(at) / kNsPerS * trace.time_scale;
      if (t >= 0 && t < end_s) counts[static_cast<std::size_t>(t / width)] += trace.rate_scale;
    }
  }
  RateFunction rate;
  for (std::size_t i = 0; i < bins; ++i) {
    const Ticks to = std::min(end, ticks_from_seconds(static_cast<double>(i + 1) * width));
    const double per_s = counts[i] / seconds(to - rate.end());
    rate.append(to - rate.end(), per_s, per_s);
  }
  return rate;
}

TraceCursor::TraceCursor(const TraceRows& rows, const TraceConfig& trace, double start_utc_s,
                         Ticks end, const RunKey& key, std::uint32_t class_index, double share,
                         double offset, double rate_multiplier)
    : rows_(rows),
      trace_(trace),
      start_s_(since_start(trace.start, start_utc_s)),
      end_(end),
      key_(key.shared()),
      class_index_(class_index),
      share_(share),
      offset_(offset),
      copies_(std::min(trace.rate_scale * rate_multiplier, kMostCopies)) {
  // Whole loops that lie before time 0 are passed over at once.
  const double loop_s = static_cast<double>(rows_.loop_ns) / kNsPerS * trace_.time_scale;
  if (trace_.loop && start_s_ < -loop_s) {
    row_ = static_cast<std::uint64_t>(-start_s_ / loop_s - 1) * rows_.size();
  }
}

double TraceCursor::row_start_s(std::uint64_t row) const {
  const double loop = static_cast<double>(row / rows_.size());
  const double at = static_cast<double>(rows_.at_ns[row % rows_.size()]);
  return start_s_ + (at + loop * static_cast<double>(rows_.loop_ns)) / kNsPerS * trace_.time_scale;
}

Ticks TraceCursor::tick(std::uint64_t row, double start_s, double jitter_s) const {
  const std::int64_t at_ns = rows_.at_ns[row % rows_.size()];
  const bool fits =
      at_ns < kMostExactNs && std::abs(start_s_) * kNsPerS < static_cast<double>(kMostExactNs);
  if (trace_.time_scale == 1 && row < rows_.size() && fits) {  // whole nanoseconds, as recorded
    return ticks_from_seconds(start_s_) + Ticks{at_ns * 1000} + ticks_from_seconds(jitter_s);
  }
  return ticks_from_seconds(start_s + jitter_s);
}

void TraceCursor::emit_copies(std::uint64_t row, double start_s) {
  RandomStream random(key_, Purpose::kTrace, class_index_, row);
  const double whole = std::floor(copies_);
  const double part = random.uniform();
  const auto copies = static_cast<std::uint64_t>(whole) + (part < copies_ - whole ? 1 : 0);
  for (std::uint64_t copy = 0; copy < copies; ++copy) {
    const double cell = random.uniform();
    const double within =
        copy == 0 ? trace_.spread_s : std::max(trace_.spread_s, trace_.duplicate_jitter_s);
    const double jitter_s = random.uniform() * within * trace_.time_scale;
    if (cell < offset_ || cell >= offset_ + share_) continue;
    if (start_s + jitter_s < -1 || start_s + jitter_s > seconds(end_)) continue;
    const Ticks at = tick(row, start_s, jitter_s);
    if (at >= Ticks{0} && at < end_) pending_.push({at, (row << kCopyBits) | copy});
  }
}

bool TraceCursor::next(Ticks& at, std::uint64_t& entity) {
  while (!exhausted_) {
    if (row_ >= rows_.size() && !trace_.loop) {
      exhausted_ = true;
      break;
    }
    // A row's copies come at its time or later: those pending from before it are settled.
    const double start_s = row_start_s(row_);
    if (start_s >= seconds(end_)) {
      exhausted_ = true;
      break;
    }
    // The slack is for rounding: doubles of 90 days in seconds are 2 ns apart.
    if (!pending_.empty() && seconds(pending_.top().at) < start_s - 1e-8) break;
    emit_copies(row_, start_s);
    ++row_;
  }
  if (pending_.empty()) return false;
  at = pending_.top().at;
  entity = pending_.top().entity;
  pending_.pop();
  return true;
}

}  // namespace headroom
