#pragma once

#include <nlohmann/json.hpp>

#include "headroom/core/error.hpp"

namespace headroom::tools {

inline nlohmann::ordered_json issue_json(const Issue& issue) {
  return {{"code", issue.code},     {"file", issue.file},       {"line", issue.line},
          {"column", issue.column}, {"pointer", issue.pointer}, {"message", issue.message},
          {"notes", issue.notes}};
}

}  // namespace headroom::tools
