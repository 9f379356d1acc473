#pragma once

#include <string>
#include <vector>

#include "checked_json.hpp"
#include "headroom/plan/difference.hpp"
#include "headroom/report/compare.hpp"

/// Parts of compare_reports.
namespace headroom {

/// A statistic that both reports may have, with how it is judged.
struct Gate {
  Json key;  ///< an entry of "samples" without its values
  bool higher_is_better = false;
  double threshold = 0;  ///< relative
};

/// What is judged: the options' gates, else the usual ones of both reports. Gates that name nothing
/// that is there are put in `not_found`.
std::vector<Gate> gates_for(const Json& base, const Json& now, const CompareOptions& options,
                            Json& not_found);

/// Whether a sample is judged when no metric was asked for (CompareOptions::gates).
bool is_usual(const Json& key);

/// "queue_delay.p95 [spike] chat"; a target by its id.
std::string gate_name(const Json& key);

/// The sample of a report that has this key, or nullptr.
const Json* find_sample(const Json& report, const Json& key);

/// An entry of "samples" without its values: what it is told by.
Json key_of(const Json& sample);

/// "211 s", "lost" for null.
std::string shown_value(const Json& value, const std::string& unit);
/// "+20.8 % [+17.9, +23.7]" of a row of a comparison.
std::string shown_delta(const Json& row);
/// "1 regressed, 0 improved, 11 within noise (24 paired replications)"
std::string shown_counts(const Json& comparison);
/// The metrics called, or with `all` every one, as Markdown.
std::string markdown_rows(const Json& comparison, bool all);

}  // namespace headroom
