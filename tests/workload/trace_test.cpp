#include <unistd.h>

#include <algorithm>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/file.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/catch.hpp"
#include "trace_file.hpp"
#include "workload_support.hpp"

using namespace headroom;
using namespace headroom::testing;

namespace {

/// A directory of its own that goes with the test.
class Scratch {
 public:
  Scratch() {
    static int made = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("headroom-trace-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string directory() const { return path_.string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  void write_gz(const std::string& name, const std::string& text) const {
    namespace io = boost::iostreams;
    std::istringstream in(text);
    io::filtering_ostream out;
    out.push(io::gzip_compressor());
    out.push(io::file_sink((path_ / name).string(), std::ios::binary));
    io::copy(in, out);
  }

 private:
  std::filesystem::path path_;
};

const char* const kFourRows =
    "arrival_s,in,out\n"
    "100,10,1\n"
    "101.5,20,2\n"
    "102,30,3\n"
    "106,40,4\n";

WorkloadConfig replay(const Scratch& scratch, const std::string& file, double end_s) {
  WorkloadConfig config = plain_demand(0, end_s);
  config.base_directory = scratch.directory();
  ClassDemand& demand = config.classes[0];
  demand.prompt_tokens.reset();
  demand.output_tokens.reset();
  TraceConfig trace;
  trace.path = file;
  trace.pointer = "/classes/0/trace";
  trace.columns.prompt_tokens = "in";
  trace.columns.output_tokens = "out";
  demand.trace = trace;
  return config;
}

/// Demand by the rates of r.csv, columns t and per_`unit`.
WorkloadConfig rates_of_file(const Scratch& scratch, const std::string& unit, double end_s) {
  WorkloadConfig config = plain_demand(0, end_s);
  config.base_directory = scratch.directory();
  RateFileConfig file;
  file.path = "r.csv";
  file.time_column = "t";
  file.rate_column = "per_" + unit;
  file.rate_unit = unit;
  config.classes[0].rate.file = file;
  return config;
}

std::vector<double> arrivals_s(const std::vector<Request>& requests) {
  std::vector<double> result;
  for (const Request& r : requests) result.push_back(seconds(r.arrival));
  return result;
}

Issue only_issue(const WorkloadConfig& config) {
  try {
    compile(config);
  } catch (const InputError& error) {
    return error.issues().front();
  }
  return {};
}

}  // namespace

TEST_CASE("a trace is replayed from its first row, with its own lengths", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", kFourRows);
  const auto requests = all_requests(replay(scratch, "t.csv", 100));
  CHECK(arrivals_s(requests) == std::vector<double>{0, 1.5, 2, 6});
  CHECK(requests[1].work.prompt_tokens == 20);
  CHECK(requests[3].work.output_tokens == 4);
  // The demand's end cuts it, exclusively.
  CHECK(all_requests(replay(scratch, "t.csv", 6)).size() == 3);
}

TEST_CASE("the same rows load from JSON lines, gzip, quotes and other units", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.jsonl",
                "{\"at\":100000,\"use\":{\"in\":10,\"out\":1},\"x\":[1,2]}\n\n"
                "{\"at\":101500,\"use\":{\"in\":20,\"out\":2}}\n"
                "{\"at\":\"102000\",\"use\":{\"in\":30,\"out\":3}}\n"
                "{\"at\":106000,\"use\":{\"in\":40,\"out\":4}}");
  WorkloadConfig config = replay(scratch, "t.jsonl", 100);
  TraceConfig& trace = *config.classes[0].trace;
  trace.columns = {"at", "use.in", "use.out", "", ""};
  trace.arrival_unit = "ms";
  const std::vector<double> expected{0, 1.5, 2, 6};
  CHECK(arrivals_s(all_requests(config)) == expected);
  CHECK(all_requests(config)[2].work.prompt_tokens == 30);

  scratch.write_gz("t.csv.gz", kFourRows);
  CHECK(arrivals_s(all_requests(replay(scratch, "t.csv.gz", 100))) == expected);

  scratch.write("utc.csv",
                "\"when, really\", in ,out\r\n"
                "\"2023-11-16 18:15:46.500\", 10 ,1\r\n"
                "2023-11-16T19:15:48+01:00,20,2\r\n"
                "2023-11-16T18:15:48.500Z,30,3\r\n"
                "2023-11-16T18:15:52.5000000,40,4\r\n");
  config = replay(scratch, "utc.csv", 100);
  config.classes[0].trace->columns.arrival = "when, really";
  config.classes[0].trace->arrival_unit = "utc";
  CHECK(arrivals_s(all_requests(config)) == expected);
}

TEST_CASE("timestamps count days as the calendar does", "[workload][trace]") {
  std::int64_t ns = 0;
  REQUIRE(parse_timestamp("2025-03-31T17:00:00Z", ns));
  CHECK(ns == 1'743'440'400LL * 1'000'000'000);
  REQUIRE(parse_timestamp("2000-02-29", ns));
  CHECK(ns == 951'782'400LL * 1'000'000'000);
  REQUIRE(parse_timestamp("1970-01-01 00:00:00.000000001", ns));
  CHECK(ns == 1);
  for (const char* bad :
       {"2025-13-01", "2025-03-31T25:00", "yesterday", "2025-03-31T17:00:00x", "2025-3-1", ""}) {
    CHECK_FALSE(parse_timestamp(bad, ns));
  }
}

TEST_CASE("a trace is shifted, skipped into, stretched and looped", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", kFourRows);
  WorkloadConfig config = replay(scratch, "t.csv", 20);
  TraceConfig& trace = *config.classes[0].trace;
  trace.start.seconds = 10;
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{10, 11.5, 12, 16});
  trace.start = {config.start_utc_s - 1.5, true};  // begun before the run: what was then is gone
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{0, 0.5, 4.5});
  trace.start = {};
  trace.skip_s = 1.5;
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{0, 0.5, 4.5});
  trace.skip_s = 0;
  trace.time_scale = 2;
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{0, 3, 4, 12});
  trace.time_scale = 1;
  trace.loop = true;  // span 6 and a mean gap of 6 / 3: again every 8 s
  CHECK(arrivals_s(all_requests(config)) ==
        std::vector<double>{0, 1.5, 2, 6, 8, 9.5, 10, 14, 16, 17.5, 18});
  trace.loop_every_s = 10;
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{0, 1.5, 2, 6, 10, 11.5, 12, 16});
  trace.start.seconds = -1000;  // a hundred loops ago
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{0, 1.5, 2, 6, 10, 11.5, 12, 16});
  trace.start.seconds = 0;
  trace.origin = "zero";
  trace.loop = false;
  config.demand_end = ticks_of(200);
  CHECK(arrivals_s(all_requests(config)) == std::vector<double>{100, 101.5, 102, 106});
}

TEST_CASE("rows out of order are sorted, with their number in a warning", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", "arrival_s,in,out\n5,50,1\n3,30,1\n9,90,1\n4,40,1\n");
  WorkloadConfig config = replay(scratch, "t.csv", 100);
  prepare(config);
  const auto requests = all_requests(config);
  CHECK(arrivals_s(requests) == std::vector<double>{0, 1, 2, 6});
  CHECK(requests[0].work.prompt_tokens == 30);
  REQUIRE(config.compiled->warnings().size() == 1);
  CHECK(config.compiled->warnings()[0].code == "W130");
  CHECK(config.compiled->warnings()[0].message.find("2 rows of \"t.csv\"") == 0);
}

TEST_CASE("rows of one time step are spread within it, the same for every fleet",
          "[workload][trace]") {
  Scratch scratch;
  std::string text = "arrival_s,in,out\n";
  for (int step = 0; step < 100; ++step) {
    for (int i = 0; i < 100; ++i) text += std::to_string(3 * step) + ",10,1\n";
  }
  scratch.write("t.csv", text);
  WorkloadConfig config = replay(scratch, "t.csv", 400);
  config.classes[0].trace->spread_s = 3;
  const auto requests = all_requests(config);
  REQUIRE(requests.size() == 10'000);
  double offsets = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i > 0) REQUIRE(requests[i - 1].arrival <= requests[i].arrival);
    const auto row = static_cast<double>(requests[i].entity >> 20U);
    const double offset = seconds(requests[i].arrival) - 3 * std::floor(row / 100);
    REQUIRE((offset >= 0 && offset < 3));
    offsets += offset;
  }
  // Uniform on 3 s: mean 1.5, standard deviation 3 / sqrt 12, of the mean a hundredth of that.
  CHECK(std::abs(offsets / 1e4 - 1.5) <= 4 * 3 / std::sqrt(12.0) / 100);
  const auto again = all_requests(config);
  CHECK(arrivals_s(again) == arrivals_s(requests));
}

TEST_CASE("a trace is thinned and repeated by its rate scale", "[workload][trace]") {
  Scratch scratch;
  std::string text = "arrival_s,in,out\n";
  for (int i = 0; i < 10'000; ++i)
    text += std::to_string(i * 0.01) + "," + std::to_string(i + 1) + ",1\n";
  scratch.write("t.csv", text);
  WorkloadConfig config = replay(scratch, "t.csv", 200);
  TraceConfig& trace = *config.classes[0].trace;
  trace.rate_scale = 0.3;
  const auto thinned = all_requests(config);
  // Binomial(10,000, 0.3): standard deviation sqrt(10,000 x 0.3 x 0.7) = 45.8.
  CHECK(std::abs(static_cast<double>(thinned.size()) - 3000) <= 4 * 45.8);

  trace.rate_scale = 2.5;
  trace.duplicate_jitter_s = 0.5;
  const auto repeated = all_requests(config);
  // Two copies each, and a third of every second row: Binomial(10,000, 0.5) has deviation 50.
  CHECK(std::abs(static_cast<double>(repeated.size()) - 25'000) <= 4 * 50);
  std::set<std::uint64_t> entities;
  double own_time = 0;
  for (std::size_t i = 0; i < repeated.size(); ++i) {
    const Request& r = repeated[i];
    entities.insert(r.entity);
    if (i > 0) REQUIRE(repeated[i - 1].arrival <= r.arrival);
    const double late = seconds(r.arrival) - (r.work.prompt_tokens - 1) * 0.01;
    REQUIRE((late > -1e-9 && late < 0.5));
    own_time += std::abs(late) < 1e-9 ? 1 : 0;
  }
  CHECK(entities.size() == repeated.size());
  CHECK(own_time == 10'000);  // the first copy of each row stays
  prepare(config);
  CHECK(config.compiled->rate(ClassId{0}).total() == Approx(25'000));
}

TEST_CASE("cells whose shares tile the whole share the rows out, each once", "[workload][trace]") {
  Scratch scratch;
  std::string text = "arrival_s,in,out\n";
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + "," + std::to_string(i + 1) + ",1\n";
  scratch.write("t.csv", text);
  WorkloadConfig config = replay(scratch, "t.csv", 4000);
  config.classes[0].trace->spread_s = 1;
  const auto whole = all_requests(config);
  std::vector<std::pair<std::int64_t, std::int32_t>> all, dealt;
  for (const Request& r : whole) all.emplace_back(r.arrival.count, r.work.prompt_tokens);
  double offset = 0;
  std::uint32_t cell = 0;
  for (const double share : {0.5, 0.3, 0.2}) {
    const auto part = all_requests(config, {1, 0, cell++}, share, 1.0, offset);
    CHECK(std::abs(static_cast<double>(part.size()) - 3000 * share) <=
          4 * std::sqrt(3000 * share * (1 - share)));
    for (const Request& r : part) dealt.emplace_back(r.arrival.count, r.work.prompt_tokens);
    offset += share;
  }
  std::sort(dealt.begin(), dealt.end());
  std::sort(all.begin(), all.end());
  CHECK(dealt == all);
}

TEST_CASE("classes take their rows of one trace and keep its clock", "[workload][trace]") {
  Scratch scratch;
  scratch.write(
      "t.csv",
      "arrival_s,in,out,kind,ok,took_ms\n"
      "10,1,1,chat,yes,500\n11,2,1,image,yes,1500\n12,3,1,chat,no,2\n13,4,1,image,yes,3\n");
  WorkloadConfig config = replay(scratch, "t.csv", 100);
  TraceConfig& trace = *config.classes[0].trace;
  trace.columns.request_class = "kind";
  trace.columns.service = "took_ms";
  trace.service_unit = "ms";
  trace.filters = {{"ok", {"yes", "true"}, {}, {}}};
  config.classes.push_back(config.classes[0]);
  config.classes[1].name = "image";
  prepare(config);
  const auto requests = all_requests(config);
  REQUIRE(requests.size() == 3);
  CHECK(arrivals_s(requests) == std::vector<double>{0, 1, 3});
  CHECK(requests[0].work.service == ticks_of(0.5));
  CHECK(index(requests[1].request_class) == 1);
  CHECK(requests[1].work.service == ticks_of(1.5));
  CHECK(config.compiled->mean_work(ClassId{1}, 0).service_s == Approx((1.5 + 0.003) / 2));

  config.classes.resize(1);
  config.classes[0].trace->filters.push_back({"in", {}, 2.0, {}});
  CHECK(only_issue(config).code == "E130");  // chat row 1 is below 2, row 3 is not ok
}

TEST_CASE("a trace's pairs can be drawn under other arrivals, and other lengths for its arrivals",
          "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", kFourRows);
  WorkloadConfig config = replay(scratch, "t.csv", 1000);
  ClassDemand& demand = config.classes[0];
  LengthsConfig lengths;
  lengths.kind = "trace";
  lengths.trace = *demand.trace;
  lengths.trace.columns.arrival = "no such column";  // not looked at
  demand.trace.reset();
  demand.lengths = lengths;
  demand.rate.base_per_s = 40;
  prepare(config);
  std::vector<double> seen(5, 0.0);
  const auto requests = all_requests(config);
  for (const Request& r : requests) {
    REQUIRE(r.work.prompt_tokens == 10 * r.work.output_tokens);  // pairs stay together
    seen[static_cast<std::size_t>(r.work.output_tokens)] += 1;
  }
  const double n = static_cast<double>(requests.size());
  for (int i = 1; i <= 4; ++i) {
    CHECK(std::abs(seen[static_cast<std::size_t>(i)] - n / 4) <= 4 * std::sqrt(n * 3 / 16));
  }
  CHECK(config.compiled->mean_work(ClassId{0}, 0).prompt_tokens == Approx(25));
  CHECK(config.compiled->inputs()[0].role == "lengths");

  WorkloadConfig other = replay(scratch, "t.csv", 1000);
  other.classes[0].output_tokens = Distribution::constant(77);
  const auto mixed = all_requests(other);
  CHECK(arrivals_s(mixed) == std::vector<double>{0, 1.5, 2, 6});
  CHECK(mixed[2].work.prompt_tokens == 30);
  CHECK(mixed[2].work.output_tokens == 77);
}

TEST_CASE("a file used is named by its base name and sha256", "[workload][trace]") {
  Scratch scratch;
  scratch.write("abc.csv", "abc");
  // The hash of "abc" is the example of FIPS 180-4.
  CHECK(read_text(scratch.directory(), "abc.csv", "").sha256 ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  scratch.write("t.csv", kFourRows);
  WorkloadConfig config = replay(scratch, scratch.directory() + "/t.csv", 100);
  prepare(config);
  REQUIRE(config.compiled->inputs().size() == 1);
  CHECK(config.compiled->inputs()[0].file == "t.csv");
  CHECK(config.compiled->inputs()[0].sha256.size() == 64);
  CHECK(config.compiled->inputs()[0].rows == 4);
}

TEST_CASE("what is wrong with a trace is told with file, line and column",
          "[workload][trace][errors]") {
  Scratch scratch;
  CHECK(only_issue(replay(scratch, "gone.csv", 100)).code == "E131");
  CHECK(only_issue(replay(scratch, "gone.csv", 100)).pointer == "/classes/0/trace/path");
  CHECK(only_issue(replay(scratch, ".", 100)).code == "E131");

  scratch.write("broken.csv.gz", "this is not gzip");
  CHECK(only_issue(replay(scratch, "broken.csv.gz", 100)).code == "E131");

  scratch.write("empty.csv", "");
  CHECK(only_issue(replay(scratch, "empty.csv", 100)).code == "E130");
  scratch.write("header.csv", "arrival_s,in,out\n");
  CHECK(only_issue(replay(scratch, "header.csv", 100)).code == "E130");

  scratch.write("column.csv", "arrival,in,out\n1,2,3\n");
  const Issue column = only_issue(replay(scratch, "column.csv", 100));
  CHECK(column.code == "E132");
  CHECK(column.file == "column.csv");
  CHECK(column.line == 1);
  REQUIRE(column.notes.size() == 2);
  CHECK(column.notes[1] == "did you mean \"arrival\"?");

  scratch.write("number.csv", "arrival_s,in,out\n1,2,3\n2,2x,3\n3,-1,3\nnan,1,1\n4,5\n");
  try {
    compile(replay(scratch, "number.csv", 100));
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    REQUIRE(error.issues().size() == 4);
    for (const Issue& issue : error.issues()) CHECK(issue.code == "E133");
    CHECK(error.issues()[0].file == "number.csv");
    CHECK(error.issues()[0].line == 3);
    CHECK(error.issues()[0].column == 3);
    CHECK(error.issues()[0].length == 2);
    CHECK(error.issues()[1].line == 4);
    CHECK(error.issues()[2].line == 5);
    CHECK(error.issues()[3].line == 6);
    CHECK(error.issues()[3].message.find("no value for \"out\"") == 0);
  }

  scratch.write("line.jsonl", "{\"arrival_s\":1,\"in\":1,\"out\":1}\n{\"arrival_s\":\n");
  const Issue line = only_issue(replay(scratch, "line.jsonl", 100));
  CHECK(line.code == "E133");
  CHECK(line.line == 2);
  scratch.write("member.jsonl", "{\"arrival_s\":1,\"in\":1}\n");
  CHECK(only_issue(replay(scratch, "member.jsonl", 100)).code == "E133");

  WorkloadConfig late = replay(scratch, "t.csv", 100);
  scratch.write("t.csv", kFourRows);
  late.classes[0].trace->skip_s = 7;
  CHECK(only_issue(late).code == "E130");
}

TEST_CASE("at most 20 bad rows are told", "[workload][trace][errors]") {
  Scratch scratch;
  std::string text = "arrival_s,in,out\n";
  for (int i = 0; i < 1000; ++i) text += "x,1,1\n";
  scratch.write("bad.csv", text);
  try {
    compile(replay(scratch, "bad.csv", 100));
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    CHECK(error.issues().size() == 20);
  }
}

TEST_CASE("every class's trace problems come together", "[workload][trace][errors]") {
  Scratch scratch;
  WorkloadConfig config = replay(scratch, "one.csv", 100);
  config.classes.push_back(config.classes[0]);
  config.classes[1].trace->path = "two.csv";
  try {
    compile(config);
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    CHECK(error.issues().size() == 2);
  }
}

TEST_CASE("lengths of 0 tokens are taken as 1, with a warning", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", "arrival_s,in,out\n0,10,0\n1,0,5\n");
  WorkloadConfig config = replay(scratch, "t.csv", 100);
  prepare(config);
  CHECK(all_requests(config)[0].work.output_tokens == 1);
  REQUIRE(config.compiled->warnings().size() == 1);
  CHECK(config.compiled->warnings()[0].code == "W131");
}

TEST_CASE("a rate file holds each rate to the next row and can loop", "[workload][rate]") {
  Scratch scratch;
  scratch.write("r.csv", "t,per_min\n0,60\n10,120\n20,0\n");
  WorkloadConfig config = rates_of_file(scratch, "min", 100);
  const RateFunction once = rate_of(config);
  CHECK(once.value(5) == Approx(1));
  CHECK(once.value(15) == Approx(2));
  CHECK(once.total() == Approx(30));
  config.classes[0].rate.file->loop = true;  // every 30 s
  const RateFunction looped = rate_of(config);
  CHECK(looped.value(65) == Approx(1));
  CHECK(looped.total() == Approx(3 * 30 + 10));
  scratch.write("r.csv", "t,per_min\n0,60\n10,-1\n");
  CHECK(only_issue(config).code == "E133");
  CHECK(only_issue(config).line == 3);
}

TEST_CASE("the last rate of a file lasts, along a line too and when two rows share their moment",
          "[workload][rate]") {
  Scratch scratch;
  WorkloadConfig config = rates_of_file(scratch, "s", 3600);
  config.classes[0].rate.file->interpolation = "linear";
  scratch.write("r.csv", "t,per_s\n0,10\n");
  CHECK(rate_of(config).total() == Approx(36'000));
  config.classes[0].rate.file->loop = true;  // one row is as long as the run
  CHECK(rate_of(config).total() == Approx(36'000));
  config.classes[0].rate.file->loop = false;
  scratch.write("r.csv", "t,per_s\n0,10\n1800,20\n");
  CHECK(rate_of(config).total() == Approx(1800 * 15 + 1800 * 20));
  config.classes[0].rate.file->interpolation = "step";
  scratch.write("r.csv", "t,per_s\n0,10\n0,20\n");
  CHECK(rate_of(config).total() == Approx(72'000));
}

TEST_CASE("rows that do not fit the header, and broken quotes, are told and never shifted",
          "[workload][trace][errors]") {
  Scratch scratch;
  scratch.write("t.csv",
                "arrival_s,in,out\n"
                "0,1,000,10\n"
                "1,10,\"10\n"
                "2,\"1\"0,20\n"
                "3,30,3,\n"
                "4,\"1,000\",3\n");
  try {
    compile(replay(scratch, "t.csv", 100));
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    const auto& issues = error.issues();
    REQUIRE(issues.size() == 4);  // a comma at the end is no field; 1,000 is no number
    CHECK(issues[0].message.find("more fields than the header") != std::string::npos);
    CHECK(issues[0].column == 9);
    CHECK(issues[1].message.find("not closed") != std::string::npos);
    CHECK(issues[2].message.find("follows the closing quote") != std::string::npos);
    CHECK(issues[3].line == 6);
  }
  scratch.write("t.jsonl", "{\n1\n{\"arrival_s\":1,\"in\":1,\"out\":1}\n[]\n");
  try {
    compile(replay(scratch, "t.jsonl", 100));
    FAIL("expected an InputError");
  } catch (const InputError& error) {
    CHECK(error.issues().size() == 3);
  }
}

TEST_CASE("dates that no calendar has are refused", "[workload][trace][errors]") {
  std::int64_t ns = 0;
  for (const char* text :
       {"2024-02-29T00:00:00Z", "2024-12-31T24:00:00Z", "2024-01-01T00:00:00+14:00"}) {
    CHECK(parse_timestamp(text, ns));
  }
  for (const char* text : {"2024-02-30T00:00:00Z", "2023-02-29", "2024-12-31T24:00:01Z",
                           "2024-04-31", "2024-01-01T00:00:00+99:99", "1899-12-31", "2096-01-01"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text, ns));
  }
  double value = 0;
  CHECK_FALSE(parse_number("+-5", value));
}

TEST_CASE("rows before the zero of a trace's clock are warned of", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", "arrival_s,in,out\n-5,1,1\n-4,1,1\n1,2,2\n");
  WorkloadConfig config = replay(scratch, "t.csv", 100);
  config.classes[0].trace->origin = "zero";
  prepare(config);
  CHECK(all_requests(config).size() == 1);
  REQUIRE(config.compiled->warnings().size() == 1);
  CHECK(config.compiled->warnings()[0].code == "W132");
  CHECK(config.compiled->warnings()[0].message.find("2 rows") == 0);
}

TEST_CASE("a file that loops along a line comes back to its first rate at the run's end too",
          "[workload][rate]") {
  Scratch scratch;
  WorkloadConfig config = rates_of_file(scratch, "s", 20);
  config.classes[0].rate.file->interpolation = "linear";
  config.classes[0].rate.file->loop = true;
  scratch.write("r.csv", "t,per_s\n0,0\n10,1000\n");
  CHECK(rate_of(config).total() == Approx(10'000));  // up for 10 s, down for 10 s
}

TEST_CASE("a trace may last as long as times reach", "[workload][trace]") {
  Scratch scratch;
  scratch.write("t.csv", "arrival_s,in,out\n-3e9,1,1\n3e9,2,2\n");
  WorkloadConfig config = replay(scratch, "t.csv", 100);
  prepare(config);
  CHECK(all_requests(config).size() == 1);  // the other row comes 190 years later
  config.classes[0].trace->loop = true;
  CHECK(rate_of(config).total() >= 1);
}
