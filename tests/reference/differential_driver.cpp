// Runs random scenarios through both engines until they differ.
//
//   headroom_differential_driver [--expect-mismatch | --list] [COUNT [FIRST_SEED]]
//
// Exit code 0 when all agree and 1 at the first difference; the other way round with
// --expect-mismatch, which is run against engines with a planted fault. There an engine that stops
// on its own check, breaks down where those checks are compiled out, or does not come to an end, is
// caught as well. --list goes on after a difference and prints a line for each.
// HEADROOM_DIFF_SEED=n runs scenario n alone, and makes it small when it differs.

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "comparison.hpp"
#include "shrink.hpp"

namespace {

using headroom::reference::Comparison;
using headroom::reference::Reach;

constexpr unsigned kLongestRunSeconds = 120;

extern "C" void caught(int signal_number) {
  static const char kCheck[] = "caught: the engine stopped on its own check\n";
  static const char kHang[] = "caught: the engine does not come to an end\n";
  static const char kCrash[] = "caught: the engine breaks down\n";
  const char* text = signal_number == SIGALRM ? kHang : signal_number == SIGSEGV ? kCrash : kCheck;
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, text, std::strlen(text));
  _exit(0);
}

enum class Mode { kStopAtFirst, kExpectMismatch, kList };

int run(std::uint64_t first, std::uint64_t count, Mode mode) {
  Reach reach;
  std::uint64_t differ = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Comparison comparison =
        headroom::reference::compare_engines(headroom::reference::random_scenario(seed), reach);
    if (comparison.difference.empty()) continue;
    ++differ;
    if (mode == Mode::kStopAtFirst) {
      fmt::print("{}", comparison.difference);
      return 1;
    }
    fmt::print("seed {}: {}\n", seed,
               comparison.difference.substr(0, comparison.difference.find('\n')));
    if (mode == Mode::kExpectMismatch) return 0;
  }
  fmt::print("{}{} scenarios differ\n", reach.text(), differ);
  return (mode == Mode::kExpectMismatch) == (differ > 0) ? 0 : 1;
}

int run_one(std::uint64_t seed) {
  namespace reference = headroom::reference;
  Reach reach;
  const reference::Scenario scenario = reference::random_scenario(seed);
  const Comparison comparison = reference::compare_engines(scenario, reach);
  if (comparison.difference.empty()) {
    fmt::print("{}no difference\n", reference::describe(scenario));
    return 0;
  }
  const reference::Scenario smallest = reference::shrink(scenario);
  fmt::print("{}\nas small as it gets:\n{}", comparison.difference,
             reference::compare_engines(smallest, reach).difference);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  int next = 1;
  Mode mode = Mode::kStopAtFirst;
  if (argc > next && std::strcmp(argv[next], "--list") == 0) mode = Mode::kList;
  if (argc > next && std::strcmp(argv[next], "--expect-mismatch") == 0) {
    mode = Mode::kExpectMismatch;
    std::signal(SIGABRT, caught);
    std::signal(SIGALRM, caught);
    std::signal(SIGSEGV, caught);
    alarm(kLongestRunSeconds);
  }
  if (mode != Mode::kStopAtFirst) ++next;
  if (const char* seed = std::getenv("HEADROOM_DIFF_SEED")) {
    return run_one(std::strtoull(seed, nullptr, 10));
  }
  const std::uint64_t count = argc > next ? std::strtoull(argv[next++], nullptr, 10) : 4000;
  const std::uint64_t first = argc > next ? std::strtoull(argv[next], nullptr, 10) : 1;
  return run(first, count, mode);
}
