#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace headroom::tools {

/// Exit codes (docs/cli.md).
enum ExitCode : int {
  kOk = 0,
  kInternalError = 1,
  kUsageError = 2,
  kInputError = 3,
  kNoAnswer = 4,
  kChangeNeeded = 10,
  kPartial = 5,        ///< sweep: some points failed, the others are valid
  kRegression = 98,    ///< check and compare: worse than the baseline beyond noise
  kTargetMissed = 99,  ///< check: a target is not met
  kInterrupted = 130,
  kTerminated = 143,
};

/// What every command understands. None of it changes a result.
struct CommonOptions {
  std::string color = "auto";       ///< auto, always or never
  int verbosity = 0;                ///< -1 quiet, each -v adds one
  bool progress = true;             ///< --no-progress clears it
  std::string log_format = "text";  ///< text or json: how warnings and progress are written
};

/// --set PATH=VALUE or --set-json PATH=JSON.
struct Override {
  std::string path;
  std::string value;
  bool is_json = false;
};

struct RunOptions {
  std::string scenario;
  std::vector<Override> overrides;
  std::optional<std::int64_t> replications;
  bool auto_replications = false;   ///< -n auto
  std::optional<double> precision;  ///< --precision, a share
  std::optional<std::uint64_t> seed;
  int jobs = 0;                      ///< 0 = one per core
  std::string out;                   ///< directory or file; empty = none
  std::vector<std::string> formats;  ///< text, json, csv, md, html, junit
  bool json = false;
  std::string requests;  ///< file of per-request rows; empty = none
  std::string timeline;  ///< width of a timeline bin, a duration
  std::string until;     ///< earlier horizon, a duration or a time
};

/// What `plan` understands beside the options of `run`.
struct PlanFlags {
  std::vector<std::string> gpus;  ///< types to choose from; empty = as declared
  std::vector<std::string> free;  ///< pools
  std::optional<std::int64_t> max_gpus;
  std::string minimize = "gpus";
  std::string solve;          ///< demand, rate-limit, delivery or degrade; empty = the fleet alone
  std::string request_class;  ///< --class, of a rate limit
  std::string from;           ///< of a delivery: a date, or a time after the start
  std::optional<double> confidence;
  bool detailed_exit_code = false;
  std::optional<std::int64_t> worlds;  ///< how many; nothing: none
  std::optional<double> assurance;     ///< share of them
  bool tornado = false;
  RunOptions run;  ///< becomes CommandLine::run: an option's environment is read for every verb
};

struct ValidateOptions {
  std::vector<std::string> files;
  std::vector<Override> overrides;  ///< of every file
  std::string format = "text";      ///< text, json or github
};

struct ReportOptions {
  std::vector<std::string> files;  ///< "-" = standard input
  std::string format;              ///< empty = by the ending of `out`, else text
  std::string out;                 ///< directory or file; empty or "-" = standard output
};

struct ExplainOptions {
  std::string scenario;
  std::string path;  ///< empty = all fields
  std::vector<Override> overrides;
  bool json = false;
};

/// How two results are told apart.
struct ComparisonOptions {
  double alpha = 0.05;
  double noise = 0.02;
  std::vector<std::string> metrics;  ///< as written; empty = the usual ones
};

struct CompareCommandOptions {
  std::vector<std::string> files;  ///< base first; reports or scenarios
  ComparisonOptions comparison;
  std::string fail_on = "never";  ///< regression, change or never
  std::string format = "text";    ///< text, json or md
  RunOptions run;                 ///< of the scenarios among the files
};

struct CheckOptions {
  std::vector<std::string> scenarios;
  std::string baseline;  ///< file, or directory with a file per scenario; empty = none
  bool update_baseline = false;
  std::string junit;  ///< file; empty = none
  bool github = false;
  std::string format = "text";  ///< text, json or md
  ComparisonOptions comparison;
  RunOptions run;
};

struct InitOptions {
  std::string name;  ///< template; empty lists them
  std::string out;   ///< file; empty or "-" = standard output
  bool force = false;
};

struct SweepOptions {
  std::string scenario;
  std::vector<std::string> axes;  ///< as written: PATH=VALUES
  bool dry_run = false;
  std::string out;     ///< directory or file; empty = none
  std::string format;  ///< text, csv or json; empty = text on a screen
  RunOptions run;
};

struct CatalogueOptions {
  std::string name;  ///< empty = all entries
  bool json = false;
};

struct FitCommandOptions {
  std::vector<std::string> files;    ///< CSV files or folders of them
  std::string gpu;                   ///< name, or the file of a data sheet
  std::string model;                 ///< of a layer's kernel grid
  std::int64_t tensor_parallel = 0;  ///< 0 = as the file's folder says (tp2), else 1
  std::string family = "fitted";     ///< fitted or table
  std::string source;                ///< what the file says about its origin
  std::string out;                   ///< kernel-model file; empty = none
  bool json = false;
};

struct KernelsOptions {
  std::string action;                ///< predict or evaluate
  std::string data;                  ///< CSV file
  std::string gpu;                   ///< name, or the file of a data sheet
  std::string model;                 ///< of a layer's kernel grid
  std::int64_t tensor_parallel = 0;  ///< as above
  std::string kernel_model;          ///< file of `headroom fit`; empty = the catalogue's
  std::string family;  ///< bound, fitted or table; empty = table where the file has one
  std::string out;     ///< CSV of rows; empty = none
  bool json = false;
};

/// What a command line asks for.
struct CommandLine {
  std::string verb;
  CommonOptions common;
  RunOptions run;  ///< of plan too
  PlanFlags plan;
  ValidateOptions validate;
  ExplainOptions explain;
  ReportOptions report;
  CompareCommandOptions compare;
  CheckOptions check;
  SweepOptions sweep;
  InitOptions init;
  FitCommandOptions fit;
  KernelsOptions kernels;
  std::vector<std::string> words;  ///< complete: the words so far
  CatalogueOptions catalogue;      ///< gpus, models
  std::string topic;               ///< schema: which; list: of what
  bool json = false;               ///< version --json
};

}  // namespace headroom::tools
