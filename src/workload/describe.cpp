#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "headroom/core/error.hpp"
#include "headroom/workload/compiled.hpp"
#include "headroom/workload/config.hpp"
#include "sampler.hpp"

namespace headroom {
namespace {

using json::Archive;
using json::Choice;
using json::Dimension;
using json::Range;

constexpr Range kTokens{0, 1e8};
constexpr Range kPatience{0, 1e9, true, false};
constexpr Range kLengthScale{0.01, 100};
constexpr Range kUpToRun{0, 7'776'000};  // 90 days, the longest run

constexpr std::array<Choice, 2> kInterpolations{
    {{"step", "a value holds until the next"}, {"linear", "straight lines between the values"}}};
constexpr std::array<Choice, 5> kTimeUnits{{{"s", "seconds"},
                                            {"ms", "milliseconds"},
                                            {"us", "microseconds"},
                                            {"ns", "nanoseconds"},
                                            {"utc", "dates and times, UTC unless they say"}}};
constexpr std::array<Choice, 4> kServiceUnits{
    {{"s", "seconds"}, {"ms", "milliseconds"}, {"us", "microseconds"}, {"ns", "nanoseconds"}}};

/// A word out of a table of built-in things.
void named(Archive& a, const json::Field& field, std::string& value,
           const std::vector<NamedSource>& table) {
  std::vector<Choice> choices;
  for (const NamedSource& row : table) choices.push_back({row.name, row.summary});
  a.choice(field, value, choices);
}

void check_times_rise(Archive& a, const std::vector<SurgePoint>& points) {
  const auto fall = std::adjacent_find(
      points.begin(), points.end(),
      [](const SurgePoint& x, const SurgePoint& y) { return x.after_s > y.after_s; });
  if (fall != points.end()) a.problem("points", "E111", "the points' times must not fall");
}

void check_surge(Archive& a, const SurgeConfig& surge) {
  if (!a.decoding()) return;
  const bool by_points = surge.kind == "points", multiplies = a.has("multiply"),
             adds = a.has("add");
  if (by_points) {
    if (surge.points.size() < 2) a.problem("points", "E106", "expected at least two points");
    check_times_rise(a, surge.points);
    const bool both = surge.adds && std::any_of(surge.points.begin(), surge.points.end(),
                                                [](const auto& p) { return p.multiply != 1; });
    if (both) a.problem("points", "E111", "all points multiply, or all add");
    if (multiplies || adds) {
      a.problem("", "E111", "a surge of kind points has multiply or add in its points, not here");
    }
  } else if (multiplies == adds) {
    a.problem("", "E106", "a surge needs one of multiply (a factor) or add (a rate)");
  }
  const bool rises = surge.kind == "exponential" || surge.kind == "logistic";
  if (rises && surge.rise_s <= 0) {
    a.problem("", "E106", "a surge of this kind needs a rise above 0");
  }
  if (surge.repeat_every_s > 0 && surge.repeat_every_s < (by_points && !surge.points.empty()
                                                              ? surge.points.back().after_s
                                                              : surge.rise_s + surge.duration_s)) {
    a.problem("repeat_every", "E111",
              "the next occurrence would begin before this one is at its end");
  }
  if (surge.repeat_times > 0 && surge.repeat_every_s <= 0) {
    a.problem("repeat_times", "E111", "repeat_times needs repeat_every");
  }
}

void check_one_base(Archive& a) {
  if (!a.decoding()) return;
  const int given = (a.has("base") ? 1 : 0) + (a.has("users") ? 1 : 0) + (a.has("points") ? 1 : 0) +
                    (a.has("file") ? 1 : 0);
  if (given != 1) {
    a.problem("", "E106",
              "a rate needs one of base, users (with requests_per_user), points or file");
  }
  if (a.has("users") != a.has("requests_per_user")) {
    a.problem("", "E106", "users and requests_per_user come together");
  }
}

void check_values(Archive& a, const ProfileConfig& profile) {
  if (!a.decoding() || profile.values.empty()) return;
  if (profile.values.size() != 24 && profile.values.size() != 168) {
    a.problem("values", "E111",
              "expected 24 values (a day) or 168 (a week from Monday 00:00), found " +
                  std::to_string(profile.values.size()));
  } else if (*std::max_element(profile.values.begin(), profile.values.end()) <= 0) {
    a.problem("values", "E111", "the values are all 0");
  }
}

void check_joint(Archive& a, const JointLengths& joint) {
  if (!a.decoding()) return;
  const auto bad_probabilities = [](const std::vector<double>& p, std::size_t size) {
    return p.size() != size || p.size() < 2 || p.front() != 0 || p.back() != 1 ||
           std::adjacent_find(p.begin(), p.end(), [](double x, double y) { return x >= y; }) !=
               p.end();
  };
  const auto falls = [](const std::vector<double>& q) {
    return !std::is_sorted(q.begin(), q.end());
  };
  if (bad_probabilities(joint.prompt_probabilities, joint.prompt_quantiles.size())) {
    a.problem("prompt_probabilities", "E111",
              "expected one for each of prompt_quantiles, rising from 0 to 1");
  }
  if (falls(joint.prompt_quantiles)) {
    a.problem("prompt_quantiles", "E111", "quantiles must not fall");
  }
  for (const auto& quantiles : joint.output_quantiles) {
    if (bad_probabilities(joint.output_probabilities, quantiles.size())) {
      a.problem("output_probabilities", "E111",
                "expected one for each of a group's output_quantiles, rising from 0 to 1");
      return;
    }
    if (falls(quantiles)) a.problem("groups", "E111", "output quantiles must not fall");
  }
}

void check_trace(Archive& a, const TraceConfig& trace) {
  if (!a.decoding()) return;
  if (trace.path.empty() && a.has("path")) {
    std::string dotted = a.pointer() + "/path";  // "/classes/0/trace/path"
    dotted.erase(0, 1);
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    a.problem("path", "E111", "the path is empty: no trace is named",
              {"name one here, or for one run: --set " + dotted + "=FILE"});
  }
  if (!trace.loop && a.has("loop_every")) a.problem("loop_every", "E111", "needs loop: true");
}

void describe_token_fields(Archive& a, std::optional<Distribution>& prompt,
                           std::optional<Distribution>& output,
                           std::optional<LengthsConfig>& lengths) {
  describe_distribution(a, {"prompt_tokens", "prompt length: a number or a distribution"}, prompt,
                        std::nullopt, kTokens);
  describe_distribution(a, {"output_tokens", "output length: a number or a distribution"}, output,
                        std::nullopt, kTokens);
  a.optional_object({"lengths", "prompt and output lengths drawn together"}, lengths);
  if (a.decoding() && lengths && (prompt || output)) {
    a.problem("lengths", "E111", "lengths gives both; leave out prompt_tokens and output_tokens");
  }
}

}  // namespace

void describe(Archive& a, ProfileConfig& profile) {
  named(a, {"name", "built-in profile"}, profile.name, profiles());
  a.numbers({"values", "own profile: 24 hours, or 168 from Monday 00:00"}, profile.values,
            json::kNonNegative);
  a.choice({"interpolation", "between the hours"}, profile.interpolation, kInterpolations);
  static constexpr std::array<Choice, 3> kNormal{{{"week", "the mean over the whole profile is 1"},
                                                  {"day", "the mean of each day is 1"},
                                                  {"none", "values as given"}}};
  a.choice({"normalise", "what the base rate is the mean of"}, profile.normalise, kNormal);
  a.number({"amplitude", "share kept of the swing around 1"}, profile.amplitude, Range{0, 10});
  a.quantity({"utc_offset", "local time minus UTC of the people behind the demand"},
             profile.utc_offset_s, Dimension::kDuration, Range{-86'400, 86'400});
  check_values(a, profile);
}

void describe(Archive& a, DatedMultiplier& point) {
  a.time_point({"at", "from when", json::Need::kRequired}, point.at);
  a.number({"multiplier", "factor on the rate", json::Need::kRequired}, point.multiplier,
           json::kNonNegative);
}

void describe(Archive& a, GrowthConfig& growth) {
  static constexpr std::array<Choice, 4> kPeriods{{{"day", "86,400 s"},
                                                   {"week", "7 days"},
                                                   {"month", "30.4375 days"},
                                                   {"year", "365.25 days"}}};
  const std::array<Archive::Branch, 3> branches{{
      {"none", "no growth", [](Archive&) {}},
      {"compound", "the same relative growth every period",
       [&growth](Archive& b) {
         b.number({"rate", "growth a period, 0.074 = 7.4 %", json::Need::kRequired}, growth.rate,
                  Range{-1, 1e6, true, false});
         b.choice({"per", "the period"}, growth.per, kPeriods);
         b.time_point({"from", "where the factor is 1"}, growth.from);
       }},
      {"dated", "multipliers with their dates",
       [&growth](Archive& b) {
         b.list({"points", "factors from their dates on", json::Need::kRequired}, growth.points, 1);
         b.choice({"interpolation", "between the dates"}, growth.interpolation, kInterpolations);
       }},
  }};
  a.variant({"kind", "how the demand grows"}, growth.kind, branches);
}

void describe(Archive& a, SurgePoint& point) {
  a.quantity({"after", "time since the surge's start", json::Need::kRequired}, point.after_s,
             Dimension::kDuration, json::kNonNegative);
  a.number({"multiply", "factor on the rate"}, point.multiply, json::kNonNegative);
  a.quantity({"add", "rate added"}, point.add_per_s, Dimension::kRate, json::kNonNegative);
}

void describe(Archive& a, SurgeConfig& surge) {
  a.text({"name", "shown in reports"}, surge.name);
  a.time_point({"start", "when it begins"}, surge.start);
  double multiply = std::numeric_limits<double>::quiet_NaN();
  double add = multiply;
  a.number({"multiply", "factor on the base rate at its height"}, multiply, json::kNonNegative);
  a.quantity({"add", "rate added at its height"}, add, Dimension::kRate, json::kNonNegative);
  if (!std::isnan(multiply)) surge.multiply = multiply;
  surge.adds = !std::isnan(add);
  if (surge.adds) surge.add_per_s = add;

  const auto duration = [&surge](Archive& b) {
    b.quantity({"duration", "how long it stays at its height; 0 without decay: to the end"},
               surge.duration_s, Dimension::kDuration, json::kNonNegative);
  };
  const auto rise_and_decay = [&surge, duration](Archive& b) {
    b.quantity({"rise", "time from its start to its height"}, surge.rise_s, Dimension::kDuration,
               json::kNonNegative);
    duration(b);
    b.quantity({"decay", "time (ramp) or time constant (others) of its fall"}, surge.decay_s,
               Dimension::kDuration, json::kNonNegative);
  };
  const std::array<Archive::Branch, 5> branches{{
      {"step", "at once up, at once down", duration},
      {"ramp", "straight up and down", rise_and_decay},
      {"exponential", "slow, then steep; falls exponentially", rise_and_decay},
      {"logistic", "S-shaped rise; falls exponentially", rise_and_decay},
      {"points", "straight lines between given points",
       [&surge](Archive& b) {
         b.list({"points", "times after the start, with multiply or add", json::Need::kRequired},
                surge.points, 2);
       }},
  }};
  a.variant({"kind", "its shape"}, surge.kind, branches);
  if (surge.kind == "points" && !surge.adds) {
    surge.adds = std::any_of(surge.points.begin(), surge.points.end(),
                             [](const SurgePoint& p) { return p.add_per_s > 0; });
  }
  a.quantity({"repeat_every", "from one start to the next; 0 = once"}, surge.repeat_every_s,
             Dimension::kDuration, json::kNonNegative);
  a.integer({"repeat_times", "occurrences in all; 0 = to the end"}, surge.repeat_times,
            Range{0, 1e9});
  check_surge(a, surge);
}

void describe(Archive& a, RatePoint& point) {
  a.time_point({"at", "when", json::Need::kRequired}, point.at);
  a.quantity({"rate", "rate then", json::Need::kRequired}, point.rate_per_s, Dimension::kRate,
             json::kNonNegative);
}

void describe(Archive& a, RateFileConfig& file) {
  file.pointer = a.pointer();
  a.text({"path", "CSV file of times and rates, also .gz", json::Need::kRequired}, file.path);
  a.text({"time_column", "column of times"}, file.time_column);
  a.choice({"time_unit", "unit of the times"}, file.time_unit, kTimeUnits);
  a.text({"rate_column", "column of rates"}, file.rate_column);
  static constexpr std::array<Choice, 4> kPer{{{"s", "requests per second"},
                                               {"min", "requests per minute"},
                                               {"h", "requests per hour"},
                                               {"day", "requests per day"}}};
  a.choice({"rate_unit", "requests per what"}, file.rate_unit, kPer);
  a.number({"scale", "factor on every rate"}, file.scale, json::kPositive);
  a.boolean({"loop", "begin again at the end of the file"}, file.loop);
  a.choice({"interpolation", "between the rows"}, file.interpolation, kInterpolations);
}

void describe(Archive& a, RateConfig& rate) {
  rate.pointer = a.pointer();
  a.quantity({"base", "mean rate before profile, growth and surges"}, rate.base_per_s,
             Dimension::kRate, json::kNonNegative);
  double users = rate.users.value_or(std::numeric_limits<double>::quiet_NaN());
  a.number({"users", "how many users, instead of base"}, users, json::kPositive);
  if (!std::isnan(users)) rate.users = users;
  a.quantity({"requests_per_user", "rate of one user, with users"}, rate.requests_per_user_per_s,
             Dimension::kRate, json::kPositive);
  a.list({"points", "rates at times, linear between them, instead of base"}, rate.points, 0);
  a.optional_object({"file", "rates from a CSV file, instead of base"}, rate.file);
  a.object({"profile", "shape of the day or week"}, rate.profile);
  a.object({"growth", "slow growth"}, rate.growth);
  a.list({"surges", "temporary changes"}, rate.surges, 0);
  check_one_base(a);
}

void describe(Archive& a, ArrivalState& state) {
  a.number({"factor", "on the rate while it lasts", json::Need::kRequired}, state.factor,
           Range{0, 1e6});
  a.quantity({"mean_sojourn", "mean of its exponential length", json::Need::kRequired},
             state.mean_sojourn_s, Dimension::kDuration, Range{0.01, 7'776'000});
}

void describe(Archive& a, ArrivalConfig& arrivals) {
  const auto cv = [&arrivals](Archive& b) {
    b.number({"cv", "coefficient of variation of the gaps", json::Need::kRequired}, arrivals.cv,
             Range{0.01, 100});
  };
  const auto states = [&arrivals](Archive& b) {
    b.list({"states", "states that the rate goes through in turn, again and again",
            json::Need::kRequired},
           arrivals.states, 2);
    b.boolean({"keeps_mean", "divide the factors by their time-mean: the mean rate stays"},
              arrivals.keeps_mean);
    const bool silent = std::none_of(arrivals.states.begin(), arrivals.states.end(),
                                     [](const ArrivalState& state) { return state.factor > 0; });
    if (silent && !arrivals.states.empty()) {
      b.problem("states", "E111", "some state needs a factor above 0");
    }
  };
  const std::array<Archive::Branch, 5> branches{{
      {"poisson", "independent users", [](Archive&) {}},
      {"gamma", "renewal process with Gamma gaps", cv},
      {"weibull", "renewal process with Weibull gaps", cv},
      {"constant", "equal gaps", [](Archive&) {}},
      {"markov_modulated", "Poisson with a rate that changes by chance between states", states},
  }};
  a.variant({"process", "how requests are spaced around the rate"}, arrivals.process, branches);
}

void describe(Archive& a, TraceColumns& columns) {
  a.text({"arrival", "column of arrival times"}, columns.arrival);
  a.text({"prompt_tokens", "column of prompt lengths"}, columns.prompt_tokens);
  a.text({"output_tokens", "column of output lengths"}, columns.output_tokens);
  a.text({"service", "column of service times"}, columns.service);
  a.text({"class", "column that tells the class"}, columns.request_class);
}

void describe(Archive& a, TraceFilter& filter) {
  a.text({"column", "column to look at", json::Need::kRequired}, filter.column);
  a.texts({"any_of", "values to keep"}, filter.any_of);
  const auto bound = [&a](std::string_view key, std::string_view help,
                          std::optional<double>& value) {
    double held = value.value_or(std::numeric_limits<double>::quiet_NaN());
    a.number({key, help}, held, json::kAnyNumber);
    if (!std::isnan(held)) value = held;
  };
  bound("min", "smallest number to keep", filter.min);
  bound("max", "largest number to keep", filter.max);
  if (a.decoding() && filter.any_of.empty() && !filter.min && !filter.max) {
    a.problem("", "E106", "a filter needs any_of, min or max");
  }
}

void describe(Archive& a, TraceConfig& trace) {
  trace.pointer = a.pointer();
  a.text({"path", "CSV or JSON lines, also .gz", json::Need::kRequired}, trace.path);
  static constexpr std::array<Choice, 3> kFormats{
      {{"auto", "by the file's name"}, {"csv", "CSV with a header"}, {"jsonl", "JSON lines"}}};
  a.choice({"format", "of the file"}, trace.format, kFormats);
  a.object({"columns", "names of the columns"}, trace.columns);
  a.choice({"arrival_unit", "unit of the arrival times"}, trace.arrival_unit, kTimeUnits);
  a.choice({"service_unit", "unit of the service times"}, trace.service_unit, kServiceUnits);
  a.text({"class_value", "value of the class column; default the class's name"}, trace.class_value);
  a.list({"filters", "rows to keep: all must hold"}, trace.filters, 0);
  static constexpr std::array<Choice, 2> kOrigins{
      {{"first_row", "the earliest row of the file"}, {"zero", "the file's time 0"}}};
  a.choice({"origin", "what falls on start"}, trace.origin, kOrigins);
  a.time_point({"start", "where the origin is put"}, trace.start);
  a.quantity({"skip", "leave out this much of the trace"}, trace.skip_s, Dimension::kDuration,
             json::kNonNegative);
  a.number({"rate_scale", "below 1 thins, above 1 repeats rows"}, trace.rate_scale,
           Range{0, 1e5, true, false});
  a.number({"time_scale", "2 = the trace takes twice as long"}, trace.time_scale, Range{1e-6, 1e6});
  a.boolean({"loop", "begin again at its end"}, trace.loop);
  a.quantity({"loop_every", "length of one loop, in trace time; 0 = its span and a mean gap"},
             trace.loop_every_s, Dimension::kDuration, json::kNonNegative);
  a.quantity({"spread", "move each row later by up to this"}, trace.spread_s, Dimension::kDuration,
             kUpToRun);
  a.quantity({"duplicate_jitter", "the same for further copies of a row"}, trace.duplicate_jitter_s,
             Dimension::kDuration, kUpToRun);
  check_trace(a, trace);
}

void describe(Archive& a, JointLengths& joint) {
  a.numbers({"prompt_probabilities", "from 0 to 1", json::Need::kRequired},
            joint.prompt_probabilities, json::kShare);
  a.numbers({"prompt_quantiles", "prompt lengths at those", json::Need::kRequired},
            joint.prompt_quantiles, kTokens);
  a.numbers({"output_probabilities", "from 0 to 1", json::Need::kRequired},
            joint.output_probabilities, json::kShare);
  auto& groups = joint.output_quantiles;
  a.list_field(
      {"groups", "of prompts, equal in probability, shortest first", json::Need::kRequired}, 1,
      [&groups](std::size_t n) { groups.resize(n); },
      [&groups](Archive& b, std::size_t i) {
        b.numbers({"output_quantiles", "output lengths of this group", json::Need::kRequired},
                  groups[i], kTokens);
      },
      groups.size());
  check_joint(a, joint);
}

void describe(Archive& a, LengthsConfig& lengths) {
  const std::array<Archive::Branch, 3> branches{{
      {"table", "a built-in table of quantiles",
       [&lengths](Archive& b) {
         named(b, {"table", "its name"}, lengths.table, length_tables());
         b.number({"prompt_scale", "factor on its prompt lengths"}, lengths.prompt_scale,
                  kLengthScale);
         b.number({"output_scale", "factor on its output lengths"}, lengths.output_scale,
                  kLengthScale);
       }},
      {"joint", "own quantiles", [&lengths](Archive& b) { describe(b, lengths.joint); }},
      {"trace", "pairs of a trace, drawn with equal probability",
       [&lengths](Archive& b) {
         b.object({"trace", "the trace", json::Need::kRequired}, lengths.trace);
         if (b.decoding() && (lengths.trace.columns.prompt_tokens.empty() ||
                              lengths.trace.columns.output_tokens.empty())) {
           b.problem("trace", "E106", "name the columns prompt_tokens and output_tokens");
         }
       }},
  }};
  a.variant({"kind", "where the lengths come from"}, lengths.kind, branches);
}

void describe(Archive& a, StageDemand& stage) {
  describe_token_fields(a, stage.prompt_tokens, stage.output_tokens, stage.lengths);
  describe_distribution(a, {"service", "service time: a duration or a distribution"},
                        stage.service_s, Dimension::kDuration, kUpToRun);
}

void describe(Archive& a, TimeoutConfig& timeout) {
  const bool given = describe_distribution(a, {"after", "how long it waits", json::Need::kRequired},
                                           timeout.after_s, Dimension::kDuration, kPatience);
  static constexpr std::array<Choice, 2> kFrom{
      {{"arrival", "from the beginning of the attempt"},
       {"first_scheduled", "from the attempt's first scheduled work"}}};
  a.choice({"from", "when it begins to wait"}, timeout.from, kFrom);
  if (!given) timeout.after_s = Distribution::constant(1);  // an error was reported
}

void describe(Archive& a, QuotaConfig& quota) {
  a.integer({"per_day", "requests that one user may make a day", json::Need::kRequired},
            quota.per_day, Range{1, 100'000});
  const bool given = describe_distribution(
      a,
      {"requests_per_user", "how many a user wants to make a day, of those who make any",
       json::Need::kRequired},
      quota.requests_per_user, std::nullopt, json::kPositive);
  a.quantity({"utc_offset", "local time minus UTC of the clock that the day goes by"},
             quota.utc_offset_s, Dimension::kDuration, Range{-86'400, 86'400});
  if (!given) quota.requests_per_user = Distribution::constant(1);  // an error was reported
}

void describe(Archive& a, ClassDemand& demand) {
  double rate = demand.rate.base_per_s;
  const bool bare = a.object_or_scalar({"rate", "requests over time: a rate or its parts"}, rate,
                                       Dimension::kRate, json::kNonNegative,
                                       [&demand](Archive& b) { describe(b, demand.rate); });
  if (bare) demand.rate.base_per_s = rate;
  a.optional_object({"trace", "arrivals as recorded, instead of rate"}, demand.trace);
  a.object({"arrivals", "randomness around the rate"}, demand.arrivals);
  describe_token_fields(a, demand.prompt_tokens, demand.output_tokens, demand.lengths);
  describe_distribution(a, {"prefix_hit_share", "share of the prompt a prefix cache holds"},
                        demand.prefix_hit_share, std::nullopt, json::kShare);
  describe_distribution(a, {"patience", "longest wait before a user gives up; without: endless"},
                        demand.patience_s, Dimension::kDuration, kPatience);
  a.optional_object({"timeout", "of a client or proxy, on every attempt, served or not"},
                    demand.timeout);
  a.optional_object({"quota", "requests of one user a day"}, demand.quota);
  if (!a.decoding()) return;
  if (a.has("rate") == a.has("trace")) {
    a.problem("", "E106", "a class needs one of rate or trace");
  }
  if (a.has("trace") && a.has("arrivals")) {
    a.problem("arrivals", "E111", "a trace has its own arrivals");
  }
}

bool has_lengths(const ClassDemand& demand, std::size_t stage) {
  bool prompt = demand.lengths || demand.prompt_tokens;
  bool output = demand.lengths || demand.output_tokens;
  if (demand.trace) {
    prompt = prompt || !demand.trace->columns.prompt_tokens.empty();
    output = output || !demand.trace->columns.output_tokens.empty();
  }
  if (stage < demand.stages.size()) {
    const StageDemand& own = demand.stages[stage];
    prompt = prompt || own.lengths || own.prompt_tokens;
    output = output || own.lengths || own.output_tokens;
  }
  return prompt && output;
}

bool has_service(const ClassDemand& demand, std::size_t stage) {
  if (stage < demand.stages.size() && demand.stages[stage].service_s) return true;
  return stage == 0 && demand.trace && !demand.trace->columns.service.empty();
}

}  // namespace headroom
