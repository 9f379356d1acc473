#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "headroom/exec/run_jobs.hpp"
#include "headroom/json/document.hpp"
#include "headroom/report/sweep.hpp"
#include "messages.hpp"
#include "run_outputs.hpp"
#include "run_report.hpp"

namespace headroom::tools {
namespace {

/// Simulated requests a second and thread that an estimate of the time counts on: what
/// headroom-bench measures lies between half of this and twice it.
constexpr double kRequestsPerSecond = 1e6;

std::vector<Axis> axes_of(const SweepOptions& options) {
  std::vector<Axis> axes;
  std::size_t points = 1;
  for (const std::string& text : options.axes) {
    std::string problem;
    auto axis = parse_axis(text, problem);
    if (!axis) throw UsageError("--axis: " + problem);
    points *= axis->values.size();
    if (points > kMostPoints) {
      throw UsageError(fmt::format("--axis: the grid has more than {} points", kMostPoints));
    }
    axes.push_back(std::move(*axis));
  }
  return axes;
}

/// The run's options with the point's values set after what --set says.
RunOptions options_at(const SweepOptions& options, const std::vector<Axis>& axes,
                      const std::vector<std::string>& values) {
  RunOptions run = options.run;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    run.overrides.push_back({axes[i].path, values[i], false});
  }
  return run;
}

/// What is wrong with a point, in one line.
std::string in_one_line(const InputError& error) {
  const Issue& first = error.issues().front();
  std::string text = first.code + " " + first.message;
  if (error.issues().size() > 1) text += fmt::format(" (and {} more)", error.issues().size() - 1);
  return text;
}

/// Whether a change of the one also changes the other: the same place, or one inside the other.
bool overlap(const std::string& a, const std::string& b) {
  const std::string &outer = a.size() <= b.size() ? a : b, &inner = a.size() <= b.size() ? b : a;
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

/// A place in the scenario's text, and what sets it.
struct SetPlace {
  std::string pointer, by;
};

/// The axes, each after all that --set says, then what is set after them.
std::vector<SetPlace> places_set(const SweepOptions& options, const std::vector<Axis>& axes) {
  auto document = json::Document::read(options.scenario, json::Document::Comments::kAllowed);
  const auto place = [&document](const std::string& path, const std::string& value) {
    document.set(path, value);
    return document.overrides().back().pointer;
  };
  for (const Override& given : options.run.overrides) {
    if (!given.is_json) place(given.path, given.value);
  }
  std::vector<SetPlace> places;
  for (const Axis& axis : axes) {
    places.push_back({place(axis.path, axis.values.front()), "another --axis"});
  }
  const RunOptions& run = options.run;
  if (run.replications) places.push_back({"/replications", "-n (or HEADROOM_REPLICATIONS)"});
  if (run.seed) places.push_back({"/seed", "--seed (or HEADROOM_SEED)"});
  if (!run.timeline.empty()) places.push_back({"/time/timeline_step", "--timeline"});
  for (const Override& given : options.run.overrides) {
    if (!given.is_json) continue;
    document.set_json(given.path, given.value);
    places.push_back({document.overrides().back().pointer, "--set-json"});
  }
  return places;
}

/// An axis that something else sets after it would name values in its column that were not run.
void refuse_set_twice(const SweepOptions& options, const std::vector<Axis>& axes) {
  std::vector<SetPlace> places;
  try {
    places = places_set(options, axes);
  } catch (const InputError&) {
    return;  // every point's row will say why
  }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t later = i + 1; later < places.size(); ++later) {
      if (!overlap(places[i].pointer, places[later].pointer)) continue;
      throw UsageError(
          fmt::format("--axis: {} is set by {} as well", axes[i].path, places[later].by));
    }
  }
}

std::string point_name(const std::vector<Axis>& axes, const std::vector<std::string>& values) {
  std::string name;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    name += (i > 0 ? " " : "") + axes[i].path + "=" + values[i];
  }
  return name;
}

/// The grid with what is wrong with each point, and how long it would take.
int dry_run(const SweepOptions& options, const std::vector<Axis>& axes,
            const std::vector<std::vector<std::string>>& points) {
  std::string text;
  double requests = 0;
  std::size_t wrong = 0;
  for (const auto& values : points) {
    text += point_name(axes, values);
    try {
      const RunOptions run = options_at(options, axes, values);
      const ScenarioInput input = read_scenario(options.scenario, run.overrides, &run);
      const ResolvedScenario resolved = resolve(input.loaded);
      requests += resolved.expected_requests * static_cast<double>(resolved.scenario.replications);
    } catch (const InputError& error) {
      text += "  error: " + in_one_line(error);
      ++wrong;
    }
    text += "\n";
  }
  const unsigned threads = thread_count(static_cast<unsigned>(options.run.jobs), 1u << 20u);
  const double seconds = requests / kRequestsPerSecond / threads;
  text += fmt::format("{} points, {:.3g} M requests: about {:.2g} s on {} threads\n", points.size(),
                      requests / 1e6, seconds, threads);
  print_answer(text);
  return wrong == 0 ? kOk : kPartial;
}

std::string render(const nlohmann::ordered_json& sweep, const std::string& format,
                   const TextStyle& style) {
  if (format == "csv") return render_sweep_csv(sweep);
  return format == "json" ? report_text(sweep) : render_sweep(sweep, style);
}

/// The files that -o asks for. Throws UsageError for what cannot be meant.
std::vector<Output> table_outputs(const SweepOptions& options) {
  if (options.out.empty() || options.out == "-") return {};
  std::vector<Output> outputs;
  if (path_for(options.out, "csv") != options.out) {
    for (const char* format : {"csv", "json"}) {
      outputs.push_back({format, options.out + "/sweep." + format});
    }
    return outputs;
  }
  const std::string format = options.format.empty() ? format_of_file(options.out) : options.format;
  if (format != "csv" && format != "json" && format != "text") {
    throw UsageError("'" + options.out + "' should end in .csv, .json or .txt");
  }
  return {{format, options.out}};
}

SweepPoint run_point(const CommandLine& line, const std::vector<Axis>& axes,
                     std::vector<std::string> values, const std::vector<Output>& outputs,
                     const Terminal& terminal) {
  SweepPoint point{std::move(values), nullptr, ""};
  try {
    CommonOptions common = line.common;
    common.verbosity = -1;  // warnings of every point would bury the table
    const RunOptions run = options_at(line.sweep, axes, point.values);
    ScenarioRun done = run_for_report(line.sweep.scenario, run, common, terminal);
    refuse_overlaps(files_of(done.input.loaded), files_of(outputs));
    point.report = std::move(done.report);
  } catch (const InputError& error) {
    point.error = in_one_line(error);
  }
  return point;
}

}  // namespace

int sweep_command(const CommandLine& line, const Terminal& terminal) {
  const SweepOptions& options = line.sweep;
  if (options.scenario == "-")
    throw UsageError("sweep reads the scenario once a point: name a file");
  const std::vector<Axis> axes = axes_of(options);
  const std::vector<std::vector<std::string>> grid = grid_points(axes);
  refuse_set_twice(options, axes);
  if (options.dry_run) return dry_run(options, axes, grid);
  const std::vector<Output> outputs = table_outputs(options);
  refuse_overlaps({{options.scenario, "the scenario"}}, files_of(outputs));
  std::vector<SweepPoint> points;
  std::size_t failed = 0;
  for (const auto& values : grid) {
    if (line.common.verbosity >= 0) {
      fmt::print(stderr, "{} of {}: {}\n", points.size() + 1, grid.size(),
                 point_name(axes, values));
    }
    points.push_back(run_point(line, axes, values, outputs, terminal));
    failed += points.back().report.is_null();
  }
  if (failed == points.size()) {
    // Nothing ran: the first point's errors, whole, say more than a table of them.
    const RunOptions run = options_at(options, axes, grid.front());
    resolve(read_scenario(options.scenario, run.overrides, &run).loaded);
  }
  const auto sweep = make_sweep(points.front().report.is_null()
                                    ? options.scenario
                                    : points.front().report["scenario"]["name"].get<std::string>(),
                                axes, points, tool_info());
  for (const Output& output : outputs) {
    write_file(output.path, render(sweep, output.format, {}));
  }
  const std::string shown = outputs.empty() ? options.format : "";
  print_answer(render(sweep, shown, terminal.text_style()));
  return failed == 0 ? kOk : kPartial;
}

}  // namespace headroom::tools
