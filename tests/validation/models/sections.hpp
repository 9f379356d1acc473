#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>

/// Studies that compare the latency models with real measurements and print what
/// docs/validation.md shows.
namespace headroom::validation {

struct StudyInput {
  std::filesystem::path shared;  ///< folder that holds data/ and facts/
  std::filesystem::path plots;   ///< where CSVs of plot data go; empty: none are written
};

/// One part of the page: Markdown, headings from level two on. Throws InputError where data is
/// missing or broken.
struct Section {
  const char* name;
  const char* about;
  void (*write)(const StudyInput& input, std::ostream& out);
};
/// In the order of the page.
std::span<const Section> sections();

void write_kernels(const StudyInput& input, std::ostream& out);
void write_h200(const StudyInput& input, std::ostream& out);
void write_layer(const StudyInput& input, std::ostream& out);
void write_serving(const StudyInput& input, std::ostream& out);
void write_splitwise(const StudyInput& input, std::ostream& out);
void write_published_throughput(const StudyInput& input, std::ostream& out);
void write_published_images(const StudyInput& input, std::ostream& out);
void write_mlperf_server(const StudyInput& input, std::ostream& out);

}  // namespace headroom::validation
