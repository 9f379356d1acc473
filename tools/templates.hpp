#pragma once

#include <span>
#include <string_view>

namespace headroom::tools {

/// A scenario to start from.
struct Template {
  std::string_view name;     ///< "spike"
  std::string_view summary;  ///< one line
  std::string_view text;     ///< JSON with comments
};

/// Those of `headroom init`, in the order in which they are listed.
std::span<const Template> templates();
/// nullptr for a name that is none.
const Template* find_template(std::string_view name);

}  // namespace headroom::tools
