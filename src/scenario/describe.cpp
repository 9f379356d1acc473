#include <array>

#include "headroom/json/document.hpp"
#include "headroom/scenario/scenario.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Choice;
using json::Range;

constexpr std::array<Choice, 4> kKinds{
    {{"fact", "published; source says where"},
     {"derived", "arithmetic on facts or measurements"},
     {"assumption", "chosen; range says what else is plausible"},
     {"calibrated", "set so that a result agrees with an observation"}}};

constexpr std::array<Choice, 5> kUncertainKinds{
    {{"uniform", "alike everywhere between low and high"},
     {"log_uniform", "its logarithm is: as likely half as double"},
     {"triangular", "between low and high, most likely as stated"},
     {"normal", "nine of ten between low and high"},
     {"lognormal", "its logarithm is normal; nine of ten between low and high"}}};

constexpr std::array<Choice, 1> kVersions{{{"1.0", "this version"}}};

constexpr std::array<Choice, 4> kPeriods{
    {{"day", "86,400 s"}, {"week", "7 days"}, {"month", "30.4375 days"}, {"year", "365.25 days"}}};

void describe_provenance(Archive& a, std::vector<ScenarioProvenance>& provenance) {
  std::vector<std::string> names;
  for (const ScenarioProvenance& entry : provenance) names.push_back(entry.path);
  a.map_field(
      {"provenance", "where values come from, by the dotted path of a field"},
      [&provenance](Archive& b, const std::string& path) {
        for (ScenarioProvenance& entry : provenance) {
          if (entry.path == path) return describe(b, entry);
        }
        provenance.emplace_back().path = path;
        describe(b, provenance.back());
      },
      names);
}

/// Times are sums of two spans, one of them a whole run, and 64 bits hold 106 days.
constexpr Range kTimelineStep{0, 15 * 86'400};

void too_long(Archive& a, std::string_view key, double span_s) {
  a.problem(key, "E142",
            "one run spans at most 90 days, found " +
                json::format_quantity(span_s, json::Dimension::kDuration),
            {"longer growth is simulated as sampled busy_periods"});
}

/// The `catalogue` object: entries here, and files that hold more.
struct CatalogueFields {
  std::vector<std::string>& files;
  CatalogueExtras& extras;
};
void describe(Archive& a, CatalogueFields& fields) {
  a.texts({"files", "JSON files with gpus, models, engines; relative to the scenario"},
          fields.files);
  describe(a, fields.extras);
}

}  // namespace

void describe(Archive& a, ScenarioTime& time) {
  a.time_point({"start", "UTC date and time of the run's beginning"}, time.start);
  const double longest_s = seconds(kMaxRunSpan);
  double duration_s = seconds(time.duration);
  a.quantity({"duration", "how long requests arrive, at most 90 days", json::Need::kRequired},
             duration_s, json::Dimension::kDuration, json::kPositive);
  if (duration_s <= longest_s) {
    time.duration = ticks_from_seconds(duration_s);
  } else {
    too_long(a, "duration", duration_s);
  }
  a.duration({"warmup", "arrivals of this first part do not count in results"}, time.warmup);
  a.duration({"drain", "the run goes on so long after the last arrivals"}, time.drain);
  a.duration({"timeline_step", "width of a timeline bin; 0 = by the run's length"},
             time.timeline_step, kTimelineStep);
  if (!a.decoding()) return;
  if (time.duration + time.drain > kMaxRunSpan) {
    too_long(a, "drain", seconds(time.duration) + seconds(time.drain));
  }
  if (a.has("start") && !time.start.absolute) {
    a.problem("start", "E113", "the start must be a UTC date, such as \"2025-03-31T00:00:00Z\"");
    time.start = ScenarioTime{}.start;
  }
  if (time.duration.count > 0 && time.warmup >= time.duration) {
    a.problem("warmup", "E113", "the warm-up leaves nothing of the duration to report on");
  }
}

void describe(Archive& a, BusyPeriods& periods) {
  a.integer({"count", "how many; the first is the scenario's own time", json::Need::kRequired},
            periods.count, Range{1, 10'000});
  a.choice({"every", "time from one to the next"}, periods.every, kPeriods);
  a.object({"growth", "of all demand from period to period", json::Need::kRequired},
           periods.growth);
}

void describe(Archive& a, ScenarioProvenance& provenance) {
  a.choice({"kind", "how firm the value is", json::Need::kRequired}, provenance.kind, kKinds);
  a.text({"source", "who says so"}, provenance.source);
  a.text({"why", "why this value"}, provenance.why);
  a.texts({"range", "plausible low and high, written as the field is"}, provenance.range);
  if (!a.decoding()) return;
  if (provenance.kind == "fact" && provenance.source.empty()) {
    a.problem("", "E106", "a fact needs its source");
  }
  if (!provenance.range.empty() && provenance.range.size() != 2) {
    a.problem("range", "E111", "expected two values, low and high");
  }
}

void describe(Archive& a, ScenarioUncertain& uncertain) {
  a.text({"name", "what reports call it; without: its first path"}, uncertain.name);
  a.texts({"paths", "dotted, of numbers that the scenario gives; they vary together",
           json::Need::kRequired},
          uncertain.paths);
  a.choice({"kind", "how likely which value is"}, uncertain.kind, kUncertainKinds);
  a.texts({"range", "low and high, written as the field is; without: the range of provenance"},
          uncertain.range);
  a.numbers({"factor", "low and high in stated values, instead of range"}, uncertain.factor,
            json::kPositive);
  a.text({"why", "why so far"}, uncertain.why);
  if (!a.decoding()) return;
  if (a.has("paths") && uncertain.paths.empty()) {
    a.problem("paths", "E111", "the list is empty; expected at least one path");
  }
  // An empty list says nothing, or its items are reported already.
  if (!uncertain.range.empty() && uncertain.range.size() != 2) {
    a.problem("range", "E111", "expected two values, low and high");
  }
  if (!uncertain.factor.empty() && uncertain.factor.size() != 2) {
    a.problem("factor", "E111", "expected two factors, low and high");
  }
  if (a.has("range") && a.has("factor")) {
    a.problem("factor", "E113", "range and factor both say how far; keep one");
  }
}

void describe(Archive& a, Scenario& scenario) {
  const auto required = json::Need::kRequired;
  a.text({"$schema", "JSON Schema of this file, for editors"}, scenario.schema);
  a.choice({"schema_version", "version of this format", required}, scenario.schema_version,
           kVersions);
  a.text({"name", "short name, shown in reports", required}, scenario.name);
  a.text({"description", "what the scenario asks"}, scenario.description);
  a.object({"time", "when the run begins and how long it is", required}, scenario.time);
  a.optional_object({"busy_periods", "repeat the run over months of growth"},
                    scenario.busy_periods);
  CatalogueFields catalogue{scenario.catalogue_files, scenario.catalogue};
  a.object({"catalogue", "GPUs, models and engines beside the built-in ones"}, catalogue);
  a.object_field({"fleet", "what serves the requests", required}, [&scenario](Archive& b) {
    b.object({"cells", "parts of the fleet that share no queue"}, scenario.cells);
    b.list({"pools", "groups of like replicas", json::Need::kRequired}, scenario.pools, 1);
    b.list({"faults", "nodes that fail at a stated time"}, scenario.faults);
  });
  a.list({"classes", "kinds of requests and their demand", required}, scenario.classes, 1);
  a.list({"windows", "named parts of the run"}, scenario.windows);
  a.list({"targets", "what should hold"}, scenario.targets);
  a.integer({"seed", "of all random numbers"}, scenario.seed, Range{0, 9e15});
  a.integer({"replications", "independent runs, each with its own random numbers"},
            scenario.replications, Range{1, 100'000});
  a.number({"confidence", "level of intervals and verdicts"}, scenario.confidence,
           Range{0.5, 0.9999});
  a.object({"plan", "what a plan weighs beside more GPUs"}, scenario.plan);
  describe_provenance(a, scenario.provenance);
  a.list({"uncertain", "inputs whose value is not known, for plan --worlds and --tornado"},
         scenario.uncertain);
}

double seconds_since_start(const ScenarioTime& time, const json::TimePoint& point) {
  return point.absolute ? point.seconds - time.start.seconds : point.seconds;
}

std::string scenario_schema() {
  return json::write_schema("headroom scenario", "scenario-1.schema.json", [](Archive& a) {
    Scenario scenario;
    describe(a, scenario);
  });
}

}  // namespace headroom
