#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headroom {

/// Reads one JSON object and puts the text of each wanted member into `cells` (strings without
/// their quotes, numbers as written; empty when the member is missing or null, or the name empty).
/// A name with dots that is no member itself goes into objects. False when the line is no JSON
/// object.
bool json_line_cells(std::string_view line, std::span<const std::string> wanted,
                     std::vector<std::string>& cells);

}  // namespace headroom
