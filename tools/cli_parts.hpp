#pragma once

// Part of cli.cpp, the one file that includes CLI11: options that several verbs take.
#include <CLI/CLI.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "options.hpp"

namespace headroom::tools {

/// A variable of the shell that was not set is no name of a file.
inline const CLI::Validator kFileName{
    [](std::string& text) { return text.empty() ? std::string("the name is empty") : ""; }, ""};

/// "PATH=VALUE" to its parts.
inline Override parse_override(const std::string& text, bool is_json) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw CLI::ValidationError(is_json ? "--set-json" : "--set",
                               "'" + text + "' should read PATH=VALUE");
  }
  return {text.substr(0, equals), text.substr(equals + 1), is_json};
}

inline void add_overrides(CLI::App& verb, std::vector<Override>& overrides) {
  verb.add_option_function<std::vector<std::string>>(
          "--set",
          [&overrides](const std::vector<std::string>& given) {
            for (const auto& text : given) overrides.push_back(parse_override(text, false));
          },
          "Set a scenario field: PATH=VALUE, dotted path; may be repeated")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  verb.add_option_function<std::vector<std::string>>(
          "--set-json",
          [&overrides](const std::vector<std::string>& given) {
            for (const auto& text : given) overrides.push_back(parse_override(text, true));
          },
          "The same with a JSON value; applied after every --set")
      ->type_name("PATH=JSON")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

inline std::int64_t parse_replications(const std::string& text) {
  constexpr std::int64_t kMost = 100'000;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > kMost) {
    throw CLI::ValidationError("-n", "'" + text + "' should be 1 to 100000, or auto");
  }
  return number;
}

/// "5%" or "0.05".
inline double parse_precision(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (percent) number /= 100;
  if (error != std::errc{} || end != digits.data() + digits.size() || !(number > 0) ||
      number >= 1) {
    throw CLI::ValidationError("--precision", "'" + text + "' should be a share, e.g. 5%");
  }
  return number;
}

/// How a scenario is carried out: fields set, replications, seed, threads.
inline void add_replications(CLI::App& verb, RunOptions& options) {
  add_overrides(verb, options.overrides);
  verb.add_option_function<std::string>(
          "-n,--replications",
          [&options](const std::string& text) {
            options.auto_replications = text == "auto";
            options.replications.reset();
            if (!options.auto_replications) options.replications = parse_replications(text);
          },
          "Number of replications, or auto: as many as --precision takes")
      ->type_name("N|auto")
      ->envname("HEADROOM_REPLICATIONS");
  verb.add_option_function<std::string>(
          "--precision",
          [&options](const std::string& text) { options.precision = parse_precision(text); },
          "With -n auto: half-width of each interval, as a share of its value (default 5%)")
      ->type_name("SHARE")
      ->envname("HEADROOM_PRECISION");
  verb.add_option("--seed", options.seed, "Seed of every random stream")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const bool whole = text.find_first_not_of("0123456789") == std::string::npos;
            return whole ? "" : "'" + text + "' is no whole number from 0";
          },
          ""))
      ->type_name("N")
      ->envname("HEADROOM_SEED");
  verb.add_option("-j,--jobs", options.jobs,
                  "Threads; results do not depend on it (default: cores)")
      ->check(CLI::Range(1, 4096))
      ->type_name("N")
      ->envname("HEADROOM_JOBS");
}

}  // namespace headroom::tools
