#include <array>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "sections.hpp"

namespace headroom::validation {

std::span<const Section> sections() {
  static constexpr std::array<Section, 8> kSections{{
      {"kernels", "kernel models against measured kernels", write_kernels},
      {"h200", "an H200 measured by tools/profile_gpu.py, cold and hot", write_h200},
      {"layer", "a composed layer against Vidur's operations", write_layer},
      {"serving", "replays of real vLLM servers in overload", write_serving},
      {"splitwise", "step times of 2023 under eager launches", write_splitwise},
      {"published-throughput", "published LLM throughput as runs of the engine",
       write_published_throughput},
      {"published-images", "published picture latencies", write_published_images},
      {"mlperf-server", "MLPerf server rows as queueing checks", write_mlperf_server},
  }};
  return kSections;
}

namespace {

constexpr const char* kUsage =
    "usage: headroom_validate_models [SECTION...] --shared DIR [--plots DIR]\n"
    "       headroom_validate_models --names\n\n"
    "Compares the latency models with the measurements under DIR/data and DIR/facts and prints\n"
    "Markdown; every section without a name. --plots writes the points behind the tables as "
    "CSV.\n\n";

int usage() {
  std::cerr << kUsage;
  for (const Section& section : sections()) {
    std::cerr << "  " << section.name << std::string(24 - std::strlen(section.name), ' ')
              << section.about << "\n";
  }
  return 2;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--names"}) {
    for (const Section& section : sections()) std::cout << section.name << "\n";
    return 0;
  }
  StudyInput input;
  std::vector<const Section*> chosen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if ((arguments[i] == "--shared" || arguments[i] == "--plots") && i + 1 < arguments.size()) {
      (arguments[i] == "--shared" ? input.shared : input.plots) = arguments[i + 1];
      ++i;
      continue;
    }
    const std::size_t before = chosen.size();
    for (const Section& section : sections()) {
      if (arguments[i] == section.name) chosen.push_back(&section);
    }
    if (chosen.size() == before) return usage();
  }
  if (input.shared.empty()) return usage();
  if (!std::filesystem::is_directory(input.shared / "data")) {
    std::cerr << "no folder " << (input.shared / "data").string() << "\n";
    return 3;
  }
  if (chosen.empty()) {
    for (const Section& section : sections()) chosen.push_back(&section);
  }
  for (const Section* section : chosen) {
    section->write(input, std::cout);
    std::cout.flush();
  }
  return std::cout ? 0 : 1;
}

}  // namespace
}  // namespace headroom::validation

int main(int argc, char** argv) {
  try {
    return headroom::validation::run({argv + 1, argv + argc});
  } catch (const headroom::InputError& error) {
    for (const headroom::Issue& issue : error.issues()) {
      std::cerr << issue.file << ":" << issue.line << ": " << issue.code << ": " << issue.message
                << "\n";
    }
    return 3;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
