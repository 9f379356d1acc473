#include "replication_rule.hpp"

#include <fmt/chrono.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "commands.hpp"

namespace headroom::tools {

void check_replication_rule(const RunOptions& options) {
  if (options.precision && !options.auto_replications) {
    throw UsageError("--precision is for -n auto");
  }
}

Precision precision_of(const RunOptions& options) {
  Precision precision;
  if (options.precision) precision.share = *options.precision;
  return precision;
}

std::vector<Look> auto_looks(double confidence) {
  return spending_looks(kAutoReplications, confidence);
}

RunBlock run_block() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return {fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now)), host.data()};
}

}  // namespace headroom::tools
