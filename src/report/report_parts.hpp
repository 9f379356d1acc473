#pragma once

#include "checked_json.hpp"
#include "headroom/report/report.hpp"

/// Parts of make_report, one a block of the report.
namespace headroom {

/// Name of a class by index; "all" for all together.
std::string class_name(const MeasureSpec& spec, std::size_t request_class);
/// [low, high], or null without an interval. Cut to what is possible: from 0 to `most`.
Json interval(double low, double high, double most = 1e300);

Json scenario_block(const ReportInput& input);
Json method_block(const ReportInput& input);
Json targets_block(const ReportInput& input, const PeriodResult& period);
Json requests_block(const MeasureSpec& spec, const RunStatistics& statistics, double confidence);
Json metrics_block(const MeasureSpec& spec, const RunStatistics& statistics, double confidence);
/// Values one a replication, for comparisons (headroom compare).
Json samples_block(const ReportInput& input);
Json timeline_block(const ReportInput& input, const PeriodResult& period);
Json backlog_block(const ReportInput& input, const RunStatistics& statistics);
Json pools_block(const ReportInput& input, const PeriodResult& period);
Json busy_periods_block(const ReportInput& input);
Json answer_block(const ReportInput& input, const PeriodResult& period);
Json why_block(const ReportInput& input, const PeriodResult& period);
Json assumptions_block(const ReportInput& input);
Json warnings_block(const ReportInput& input, const PeriodResult& period);

}  // namespace headroom
