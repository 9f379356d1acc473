#pragma once

// Part of cli.cpp, the one file that includes CLI11: what may stand next on a command line.
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "headroom/hardware/gpu.hpp"
#include "headroom/latency/model.hpp"
#include "shell_words.hpp"
#include "templates.hpp"

namespace headroom::tools {

/// The words of an option that takes one of several: CLI11 describes such a check as "{a,b,c}".
inline std::vector<ShellWord> choices_of(CLI::Option& option) {
  std::vector<ShellWord> words;
  for (int i = 0;; ++i) {
    std::string text;
    try {
      text = option.get_validator(i)->get_description();
    } catch (const CLI::OptionNotFound&) {
      return words;
    }
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') continue;
    for (const std::string& word : CLI::detail::split(text.substr(1, text.size() - 2), ',')) {
      words.push_back({word, ""});
    }
  }
}

/// What the value of an option, or a positional argument, may be.
inline std::vector<ShellWord> values_of(CLI::Option& option, const std::string& verb) {
  std::vector<ShellWord> words = choices_of(option);
  const std::string name = option.get_name(true);
  if (verb == "gpus" || name == "--gpu") {
    for (const Gpu& gpu : gpus()) words.push_back({gpu.name, ""});
  } else if (verb == "models" || name == "--model") {
    for (const Model& model : models()) words.push_back({model.name, ""});
  } else if (verb == "init" && name == "template") {
    for (const Template& one : templates()) {
      words.push_back({std::string(one.name), std::string(one.summary)});
    }
  }
  // Without words of its own an argument that is no number is a file, or begins like one.
  if (words.empty() && option.get_type_name() != "N") words.push_back({"", ""});
  return words;
}

inline void add_flags(const CLI::App& app, std::vector<ShellWord>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, option->get_description()});
    }
  }
}

/// The option of the verb, or of the program, that a word names and that takes a value.
inline CLI::Option* option_with_value(CLI::App& program, CLI::App* verb, const std::string& word) {
  if (word.size() < 2 || word.front() != '-') return nullptr;
  for (CLI::App* app : {verb, &program}) {
    if (app == nullptr) continue;
    for (CLI::Option* option : app->get_options()) {
      if (option->check_name(word)) return option->get_items_expected_max() > 0 ? option : nullptr;
    }
  }
  return nullptr;
}

inline CLI::App* verb_named(CLI::App& program, const std::string& word) {
  for (CLI::App* one : program.get_subcommands([](const CLI::App*) { return true; })) {
    if (one->get_name() == word) return one;
  }
  return nullptr;
}

inline std::vector<ShellWord> words_for(CLI::App& program, const std::vector<std::string>& words) {
  const std::string current = words.empty() ? "" : words.back();
  CLI::App* verb = nullptr;
  CLI::Option* waiting = nullptr;  // an option whose value comes next
  int positionals = 0;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (waiting != nullptr) {
      waiting = nullptr;
    } else if (!words[i].empty() && words[i].front() == '-') {
      if (words[i].find('=') == std::string::npos) {
        waiting = option_with_value(program, verb, words[i]);
      }
    } else if (verb == nullptr) {
      verb = verb_named(program, words[i]);
      if (verb == nullptr) return {};
    } else {
      ++positionals;
    }
  }
  if (waiting != nullptr) return values_of(*waiting, "");
  std::vector<ShellWord> found;
  if (!current.empty() && current.front() == '-') {
    if (verb != nullptr) add_flags(*verb, found);
    add_flags(program, found);
    return found;
  }
  if (verb == nullptr || verb->get_name() == "help") {
    if (positionals > 0) return {};
    for (const CLI::App* one : program.get_subcommands([](const CLI::App*) { return true; })) {
      if (!one->get_group().empty()) found.push_back({one->get_name(), one->get_description()});
    }
    return found;
  }
  for (CLI::Option* option : verb->get_options()) {
    if (!option->get_positional()) continue;
    const int most = option->get_items_expected_max();
    if (positionals < most) return values_of(*option, verb->get_name());
    positionals -= most;
  }
  return found;
}

}  // namespace headroom::tools
