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
  std::optional<std::uint64_t> seed;
  int jobs = 0;                      ///< 0 = one per core
  std::string out;                   ///< directory or file; empty = none
  std::vector<std::string> formats;  ///< text, json, csv, md
  bool json = false;
  std::string requests;  ///< file of per-request rows; empty = none
  std::string timeline;  ///< width of a timeline bin, a duration
  std::string until;     ///< earlier horizon, a duration or a time
};

struct ValidateOptions {
  std::vector<std::string> files;
  std::string format = "text";  ///< text, json or github
};

struct ExplainOptions {
  std::string scenario;
  std::string path;  ///< empty = all fields
  std::vector<Override> overrides;
  bool json = false;
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
  RunOptions run;
  ValidateOptions validate;
  ExplainOptions explain;
  CatalogueOptions catalogue;  ///< gpus, models
  FitCommandOptions fit;
  KernelsOptions kernels;
  std::string topic;  ///< schema: which; list: of what
  bool json = false;  ///< version --json
};

}  // namespace headroom::tools
