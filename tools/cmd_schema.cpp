#include "commands.hpp"
#include "headroom/json/document.hpp"
#include "headroom/latency/kernel_file.hpp"
#include "headroom/report/check.hpp"
#include "headroom/report/plan_report.hpp"
#include "headroom/report/report.hpp"
#include "headroom/scenario/scenario.hpp"
#include "messages.hpp"

namespace headroom::tools {

int schema_command(const CommandLine& line, const Terminal&) {
  std::string text;
  if (line.topic == "report") {
    text = report_schema();
  } else if (line.topic == "plan") {
    text = plan_schema();
  } else if (line.topic == "baseline") {
    text = baseline_schema();
  } else if (line.topic == "kernel-model") {
    text = json::write_schema("headroom kernel model, version 1", "kernel-model-1.schema.json",
                              [](json::Archive& archive) {
                                KernelFile file;
                                describe(archive, file);
                              });
  } else {
    text = scenario_schema();
  }
  if (text.empty() || text.back() != '\n') text += '\n';
  print_answer(text);
  return kOk;
}

}  // namespace headroom::tools
