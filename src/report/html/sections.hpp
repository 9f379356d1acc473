#pragma once

#include <string>

#include "html/view.hpp"

/// The parts of the page, each drawn for one report. A part whose data the report has not is empty.
namespace headroom::html {

/// Upper edges of the time charts: common to reports that stand side by side.
struct Tops {
  double demand = 0;
  double delay = 0;
  double backlog = 0;
};

Markup answer_part(const View& view);
Markup targets_part(const View& view);
Markup time_part(const View& view, const Tops& tops);
Markup utilisation_part(const View& view);
/// The fleet that a plan found, by pool, with its cost.
Markup plan_part(const View& view);
/// What others said is needed, and what can be done instead of adding GPUs.
Markup ways_part(const View& view);
Markup curve_part(const View& view);
Markup do_nothing_part(const View& view);
/// The fleet that holds in a share of all worlds (plan --worlds).
Markup worlds_part(const View& view);
/// Which uncertain input moves the answer most (plan --tornado).
Markup tornado_part(const View& view);
Markup periods_part(const View& view);
Markup end_states_part(const View& view);
Markup latency_part(const View& view);
Markup assumptions_part(const View& view);
Markup warnings_part(const View& view);
Markup provenance_part(const View& view);

/// "PASS" or "FAIL" (or what else the verdict says) as a mark with a colour of its own.
Markup verdict_mark(const std::string& verdict);
/// What stands for a target's value that is null: "lost", "no samples", "> horizon".
std::string missing_value(const Json& target);
/// "at most 2 s" of a target.
Markup limit_of(const View& view, const std::string& target_pointer);
/// "p95 queue delay, image, spike"
std::string target_name(const Json& target);

}  // namespace headroom::html
