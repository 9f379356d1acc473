// headroom-bench: speed of the engine, on one core, all metrics on. docs/performance.md has
// results.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "engine_bench.hpp"
#include "parts_bench.hpp"

namespace {

using headroom::BatchMode;
using headroom::bench::Case;
using headroom::bench::Result;

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

void print(const char* name, const Case& bench_case, const Result& result) {
  fmt::print(
      "{:<34} {:>7} replicas  {:>5.2f} M requests/s\n"
      "    {:.0f} arrived, {:.0f} finished, {:.0f} preempted, {:.0f} abandoned in {:.2f} s of "
      "processor time, {:.2f} s of wall time\n"
      "    queue delay p99 {:.3f} s, E2E p99 {:.1f} s, KV held {:.0f} %, batch {:.1f}; {:.1f} "
      "steps, "
      "{:.2f} plans ({:.2f} cut) a request\n",
      name, bench_case.replicas, result.requests / result.cpu_s / 1e6, result.requests,
      result.finished, result.preempted, result.abandoned, result.cpu_s, result.wall_s,
      result.queue_delay_p99_s, result.e2e_p99_s, 100 * result.kv_share, result.batch_mean,
      result.steps / result.requests, result.plans / result.requests,
      result.cut_plans / result.requests);
}

int usage() {
  fmt::print(
      "usage: headroom-bench [engine [ROUNDS]|stepwise|memory N|event-queue|histogram|\n"
      "                       case continuous|chunked REPLICAS REQUESTS]\n"
      "  engine    the four speeds of docs/performance.md (default), each the fastest of ROUNDS\n"
      "            runs (default 1), by turns\n"
      "  stepwise  run-ahead against planning every step, same scenario, ratio of times\n"
      "  memory N  peak memory of a run of N requests on 1,000 replicas\n"
      "  event-queue, histogram  the engine's own against Boost.Heap and Boost.Histogram; the\n"
      "            whole program on Boost.Heap is headroom-bench-boost-heap\n");
  return 2;
}

/// What is beside a program on its machine only slows it down: the fastest run says most of the
/// program, the slowest how much the machine has to do besides. Rounds go through all cases, so
/// that a busy moment does not fall on one of them.
int engine(int rounds) {
  std::vector<Case> cases;
  for (const BatchMode mode : {BatchMode::kContinuous, BatchMode::kChunked}) {
    for (const std::int64_t replicas : {1000, 12500}) {
      Case& bench_case = cases.emplace_back();
      bench_case.mode = mode;
      bench_case.replicas = replicas;
      bench_case.requests = replicas == 1000 ? 8'000'000 : 20'000'000;
    }
  }
  std::vector<std::vector<Result>> results(cases.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      results[i].push_back(headroom::bench::run(cases[i]));
    }
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto [best, worst] =
        std::minmax_element(results[i].begin(), results[i].end(),
                            [](const Result& a, const Result& b) { return a.cpu_s < b.cpu_s; });
    print(cases[i].mode == BatchMode::kContinuous ? "continuous batching" : "chunked prefill",
          cases[i], *best);
    if (rounds > 1) {
      fmt::print("    the fastest of {} runs; the slowest {:.2f} M requests/s\n", rounds,
                 worst->requests / worst->cpu_s / 1e6);
    }
  }
  return 0;
}

int stepwise() {
  for (const BatchMode mode : {BatchMode::kContinuous, BatchMode::kChunked}) {
    Case bench_case;
    bench_case.mode = mode;
    bench_case.requests = 400'000;
    bench_case.load = 0.6;
    const Result ahead = headroom::bench::run(bench_case);
    bench_case.stepwise = true;
    const Result steps = headroom::bench::run(bench_case);
    const char* name = mode == BatchMode::kContinuous ? "continuous" : "chunked";
    fmt::print(
        "{}: {:.1f} steps a request; every step {:.2f} s, run-ahead {:.2f} s: {:.1f} times\n", name,
        ahead.steps / ahead.requests, steps.cpu_s, ahead.cpu_s, steps.cpu_s / ahead.cpu_s);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  utsname system{};
  uname(&system);
  fmt::print(
      "headroom-bench  {}  {}  seed 42, one thread, Llama-3.1-8B on A100-SXM-80GB, mean 600 "
      "in, 250 out, load 0.85\n",
      processor_name(), system.machine);
  const std::string what = argc > 1 ? argv[1] : "engine";
  if (what == "engine") {
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 1;
    return rounds >= 1 ? engine(rounds) : usage();
  }
  if (what == "stepwise") return stepwise();
  if (what == "event-queue" || what == "histogram") {
    what == "histogram" ? headroom::bench::histograms() : headroom::bench::event_queues();
    return 0;
  }
  if (what == "memory" && argc > 2) {
    Case bench_case;
    bench_case.requests = std::atoll(argv[2]);
    print("memory", bench_case, headroom::bench::run(bench_case));
    fmt::print("    peak memory {:.1f} MB\n", headroom::bench::peak_memory_bytes() / 1e6);
    return 0;
  }
  if (what == "case" && argc > 4) {
    Case bench_case;
    bench_case.mode =
        std::strcmp(argv[2], "chunked") == 0 ? BatchMode::kChunked : BatchMode::kContinuous;
    bench_case.replicas = std::atoll(argv[3]);
    bench_case.requests = std::atoll(argv[4]);
    print(argv[2], bench_case, headroom::bench::run(bench_case));
    return 0;
  }
  return usage();
}
