#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "headroom/core/ids.hpp"
#include "headroom/core/units.hpp"
#include "headroom/json/archive.hpp"
#include "headroom/workload/distribution.hpp"

/// Demand as a scenario declares it. docs/demand.md has the equations.
///
///   rate(t) = base x profile(t) x growth(t) x product of multiplying surges + sum of added surges
namespace headroom {

/// Shape of the day or week, relative to its mean, by hour of UTC.
struct ProfileConfig {
  std::string name = "flat";   ///< built in: see profiles(); ignored when `values` are given
  std::vector<double> values;  ///< 24 (a day from 00:00) or 168 (a week from Monday 00:00)
  std::string interpolation =
      "step";                      ///< "step": a value holds for its hour; "linear": at mid-hour
  std::string normalise = "week";  ///< "week": mean 1 over the whole; "day": each day's mean is 1;
                                   ///< "none": values as given
  double amplitude = 1.0;   ///< share kept of the swing around 1: p -> 1 + amplitude x (p - 1)
  double utc_offset_s = 0;  ///< local time minus UTC of the people behind the demand
};

struct DatedMultiplier {
  json::TimePoint at;
  double multiplier = 1.0;
};

/// Slow growth, 1 at its origin.
struct GrowthConfig {
  std::string kind = "none";  ///< "none", "compound" or "dated"
  double rate = 0;            ///< compound: growth per period, 0.074 = 7.4 %
  std::string per = "month";  ///< compound: day, week, month (30.4375 days) or year (365.25)
  json::TimePoint from;       ///< compound: where the factor is 1; default the scenario's start
  std::vector<DatedMultiplier> points;  ///< dated: before the first the factor is 1
  std::string interpolation = "step";   ///< dated: "step" or "linear"
};

/// One point of a surge given as points, `after_s` from the surge's start.
struct SurgePoint {
  double after_s = 0;
  double multiply = 1.0;
  double add_per_s = 0;
};

/// A temporary change of the rate: shape s(t) from 0 to 1 and back. It either multiplies the base
/// rate by 1 + (multiply - 1) s(t) or adds add_per_s s(t).
///
/// - step: 1 from start for `duration` (0: to the end).
/// - ramp: rises linearly over `rise`, stays for `duration` (0: to the end, unless decay is given),
///   falls linearly over `decay`.
/// - exponential: rises as (100^x - 1) / 99 for x = 0..1 over `rise`; stays for `duration`; falls
///   as exp(-t / decay), cut after 12 decay times.
/// - logistic: rises as the logistic curve between its 0.25 % and 99.75 % points, rescaled to 0..1;
///   falls as exponential does.
/// - points: linear between points, nothing outside them.
struct SurgeConfig {
  std::string name;
  std::string kind = "step";
  json::TimePoint start;
  double duration_s = 0;
  double rise_s = 0;
  double decay_s = 0;
  bool adds = false;  ///< whether add_per_s counts rather than multiply
  double multiply = 1.0;
  double add_per_s = 0;
  std::vector<SurgePoint> points;
  double repeat_every_s = 0;      ///< 0 = once
  std::int64_t repeat_times = 0;  ///< occurrences in all; 0 = to the end of the demand
};

/// A base rate read from a CSV file of (time, rate) rows: each rate holds to the next row.
struct RateFileConfig {
  std::string path;
  std::string time_column = "window_start_s";
  std::string time_unit = "s";  ///< s, ms, us, ns or utc
  std::string rate_column = "total_rate_rps";
  std::string rate_unit = "s";  ///< requests per s, min, h or day
  double scale = 1.0;
  bool loop = false;
  std::string interpolation = "step";
  std::string pointer;  ///< where the scenario names the file
};

struct RatePoint {
  json::TimePoint at;
  double rate_per_s = 0;
};

/// Demand of one class without a trace. The base is one of base_per_s, users x requests_per_user,
/// points, or a file.
struct RateConfig {
  double base_per_s = 0;
  std::optional<double> users;
  double requests_per_user_per_s = 0;
  std::vector<RatePoint> points;  ///< linear between points, constant outside them
  std::optional<RateFileConfig> file;
  ProfileConfig profile;
  GrowthConfig growth;
  std::vector<SurgeConfig> surges;
  std::string pointer;  ///< where the scenario declares it
};

/// A state of a Markov-modulated rate.
struct ArrivalState {
  double factor = 1.0;        ///< on the rate, >= 0
  double mean_sojourn_s = 0;  ///< of an exponential sojourn
};

/// Spacing of requests around the rate: gaps of a unit-mean renewal process, stretched by the
/// inverse of the rate's integral.
struct ArrivalConfig {
  std::string process = "poisson";  ///< poisson, gamma, weibull, constant or markov_modulated
  double cv = 1.0;                  ///< of the gaps; gamma and weibull
  /// markov_modulated: Poisson under rate x factor of the present state; the states come in turn.
  std::vector<ArrivalState> states = {};
  bool keeps_mean = true;  ///< factors are divided by their time-mean, so that the mean rate stays
};

struct TraceColumns {
  std::string arrival = "arrival_s";
  std::string prompt_tokens;  ///< empty: the trace has none
  std::string output_tokens;
  std::string service;
  std::string request_class;
};

/// Keeps the rows whose value in a column is one of `any_of` (as text), or lies in [min, max].
struct TraceFilter {
  std::string column;
  std::vector<std::string> any_of;
  std::optional<double> min, max;
};

/// A recorded trace: CSV with a header line, or JSON lines; plain or .gz. It is held in memory
/// whole (24 bytes a row). Rows out of order are sorted, with a warning.
struct TraceConfig {
  std::string path;             ///< as written; relative to WorkloadConfig::base_directory
  std::string format = "auto";  ///< auto (by the name), csv or jsonl
  TraceColumns columns;
  std::string arrival_unit = "s";    ///< s, ms, us, ns or utc (timestamps)
  std::string service_unit = "s";    ///< s, ms, us or ns
  std::string class_value;           ///< value of columns.request_class; empty: the class's name
  std::vector<TraceFilter> filters;  ///< all must hold
  std::string origin = "first_row";  ///< what falls on `start`: the file's first row, or "zero"
  json::TimePoint start;             ///< where the origin is put; default the scenario's start
  double skip_s = 0;                 ///< leaves out this much of the trace, before time_scale
  double rate_scale = 1.0;           ///< below 1 thins, above 1 repeats rows with fresh jitter
  double time_scale = 1.0;           ///< 2 = the trace takes twice as long
  bool loop = false;
  double loop_every_s = 0;          ///< in trace time; 0 = its span and one mean gap
  double spread_s = 0;              ///< each row is moved later by up to this, uniformly
  double duplicate_jitter_s = 1.0;  ///< the same for a row's second and further copies
  std::string pointer;              ///< where the scenario names the trace
};

/// Prompt and output lengths whose correlation counts: prompt quantiles, and per group of prompts
/// (of equal probability, shortest first) the quantiles of output.
struct JointLengths {
  std::vector<double> prompt_probabilities;           ///< from 0 to 1, rising
  std::vector<double> prompt_quantiles;               ///< at those
  std::vector<double> output_probabilities;           ///< from 0 to 1, rising
  std::vector<std::vector<double>> output_quantiles;  ///< [group][probability]
};

/// Prompt and output lengths drawn together.
struct LengthsConfig {
  std::string kind = "table";                     ///< "table", "joint" or "trace"
  std::string table = "azure-2023-conversation";  ///< a built-in one: see length_tables()
  double prompt_scale = 1, output_scale = 1;      ///< factors on the table's lengths
  JointLengths joint;
  TraceConfig trace;  ///< its (prompt, output) pairs, drawn with equal probability
};

/// What one stage of a class asks for. Lengths given here go before the class's.
struct StageDemand {
  bool makes_tokens = true;  ///< set by the scenario from the stage's pool; false: lengths are 0
  std::optional<Distribution> prompt_tokens;
  std::optional<Distribution> output_tokens;
  std::optional<LengthsConfig> lengths;
  std::optional<Distribution> service_s;  ///< by the class, or by the pool's service_time model
};

/// So many requests a day for one user. Users are not followed: see docs/demand.md#quotas.
struct QuotaConfig {
  std::int64_t per_day = 0;
  Distribution requests_per_user;  ///< of those who make any that day; rounded, at least 1
  double utc_offset_s = 0;         ///< local time minus UTC of the clock that the day goes by
};

/// A client or proxy that waits only so long.
struct TimeoutConfig {
  Distribution after_s;
  std::string from = "arrival";  ///< of the attempt, or "first_scheduled": its first work
};

struct ClassDemand {
  std::string name;  ///< set by the scenario
  RateConfig rate;
  std::optional<TraceConfig> trace;  ///< arrivals as recorded; `rate` does not count then
  ArrivalConfig arrivals;
  std::optional<Distribution> prompt_tokens;
  std::optional<Distribution> output_tokens;
  std::optional<LengthsConfig> lengths;  ///< both drawn together; without any: the trace's own
  std::optional<Distribution> prefix_hit_share;  ///< of the prompt, on [0, 1]
  std::optional<Distribution> patience_s;        ///< none: endless
  std::optional<TimeoutConfig> timeout;
  std::optional<QuotaConfig> quota;
  std::vector<StageDemand> stages;  ///< filled by the scenario; none = one plain stage
};

class CompiledWorkload;

/// The whole demand. `start_utc_s` (seconds since 1970-01-01T00:00Z) is time 0 of the run.
struct WorkloadConfig {
  double start_utc_s = 1735689600;  ///< 2025-01-01T00:00:00Z, a Wednesday
  Ticks demand_end{0};              ///< no request arrives at or after it
  std::string base_directory;       ///< of the scenario: where relative paths begin
  std::vector<ClassDemand> classes;
  /// Set by prepare(): files read and rates compiled, shared by all streams of all threads.
  std::shared_ptr<const CompiledWorkload> compiled;
};

/// Describes a class's demand fields in the object of the class itself: rate, trace, arrivals,
/// prompt_tokens, output_tokens, lengths, prefix_hit_share, patience, timeout, quota. `name` and
/// `stages` are described by the scenario, which calls describe(StageDemand) in each stage's
/// object.
void describe(json::Archive& archive, ClassDemand& demand);
/// prompt_tokens, output_tokens, lengths, service, in the stage's own object.
void describe(json::Archive& archive, StageDemand& stage);
void describe(json::Archive& archive, RateConfig& rate);
void describe(json::Archive& archive, ProfileConfig& profile);
void describe(json::Archive& archive, GrowthConfig& growth);
void describe(json::Archive& archive, DatedMultiplier& point);
void describe(json::Archive& archive, SurgeConfig& surge);
void describe(json::Archive& archive, SurgePoint& point);
void describe(json::Archive& archive, RatePoint& point);
void describe(json::Archive& archive, RateFileConfig& file);
void describe(json::Archive& archive, ArrivalConfig& arrivals);
void describe(json::Archive& archive, TraceConfig& trace);
void describe(json::Archive& archive, TraceColumns& columns);
void describe(json::Archive& archive, TraceFilter& filter);
void describe(json::Archive& archive, LengthsConfig& lengths);
void describe(json::Archive& archive, JointLengths& joint);
void describe(json::Archive& archive, TimeoutConfig& timeout);
void describe(json::Archive& archive, QuotaConfig& quota);

/// Whether the stage's token lengths (service time) are known, from the stage, class or trace.
bool has_lengths(const ClassDemand& demand, std::size_t stage);
bool has_service(const ClassDemand& demand, std::size_t stage);

/// Growth factor at a time, in seconds since the scenario's start (which may lie far beyond one
/// run: busy periods of later months are simulated with it as rate multiplier).
double growth_factor(const GrowthConfig& growth, double since_start_s, double start_utc_s);

/// Reads traces and rate files and compiles the rates into `config.compiled`.
/// Throws InputError: E130 (nothing in it), E131 (unreadable), E132 (no such column), E133 (bad
/// value, with line and column), E134 (rates or surges out of bounds).
void prepare(WorkloadConfig& config);

}  // namespace headroom
