#include "headroom/report/report.hpp"

#include <fmt/format.h>

#include "headroom/json/document.hpp"
#include "report_parts.hpp"

namespace headroom {

std::string class_name(const MeasureSpec& spec, std::size_t request_class) {
  return request_class < spec.classes.size() ? spec.classes[request_class] : "all";
}

Json interval(double low, double high, double most) {
  // Student's t knows no bounds; what is reported is never negative. NaN stays NaN.
  const Json from = number_or_null(low < 0 ? 0 : low);
  const Json to = number_or_null(high > most ? most : high);
  if (from.is_null() || to.is_null()) return nullptr;
  return Json::array({from, to});
}

nlohmann::ordered_json make_report(const ReportInput& input) {
  const PeriodResult& period = input.result.main_period();
  const MeasureSpec& spec = input.result.spec;
  const double confidence = input.result.confidence;
  Json report = Json::object();
  report["$schema"] = "report-1.schema.json";
  report["schema_version"] = "1.0";
  report["kind"] = "run";
  report["complete"] = input.result.complete;
  report["tool"] = {{"name", "headroom"},
                    {"version", input.tool.version},
                    {"commit", input.tool.commit},
                    {"compiler", input.tool.compiler}};
  report["scenario"] = scenario_block(input);
  report["method"] = method_block(input);
  report["answer"] = answer_block(input, period);
  report["targets"] = targets_block(input, period);
  report["requests"] = requests_block(spec, period.statistics, confidence);
  report["metrics"] = metrics_block(spec, period.statistics, confidence);
  report["samples"] = samples_block(input);
  report["timeline"] = timeline_block(input, period);
  report["backlog"] = backlog_block(input, period.statistics);
  report["pools"] = pools_block(input, period);
  report["busy_periods"] = busy_periods_block(input);
  report["why"] = why_block(input, period);
  report["assumptions"] = assumptions_block(input);
  report["warnings"] = warnings_block(input, period);
  double events = 0;
  for (const PeriodResult& p : input.result.periods) events += p.statistics.events;
  report["run"] = {{"started", input.run.started},
                   {"wall_s", number(input.result.exec.wall_s)},
                   {"events", number(events)},
                   {"requests", number(input.result.exec.requests)},
                   {"threads", input.result.exec.threads},
                   {"host", input.run.host}};
  return report;
}

std::string report_text(const nlohmann::ordered_json& report) { return write_checked(report); }

}  // namespace headroom
