#pragma once

#include <span>
#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace headroom::tools {

/// Writes text to standard output whole; throws std::runtime_error when that fails (a full disk, a
/// closed pipe).
void print_answer(const std::string& text);

/// Every issue of a wrong input on standard error, with an excerpt where the file can be read.
void print_issues(std::span<const Issue> issues, const CommonOptions& common,
                  const Terminal& terminal);

/// Warnings on standard error, none under -q.
void print_warnings(std::span<const Issue> warnings, const CommonOptions& common,
                    const Terminal& terminal);

/// A file that cannot be written, as an InputError (exit code 3).
[[noreturn]] void cannot_write(const std::string& file);

}  // namespace headroom::tools
