#pragma once

#include <string>
#include <vector>

#include "headroom/core/error.hpp"
#include "node.hpp"

namespace headroom::json {

/// Where the nodes of a document come from: its text, and the overrides laid over it.
struct Source {
  std::string file_name;
  std::string text;
  LineIndex lines;
  std::vector<std::string> origins;  ///< "--set fleet.pools.a100.gpus", by Node::origin - 1

  /// Fills in file, line, column and length: of the node's value, or of its key.
  void locate(Issue& issue, const Node& node, bool at_key) const {
    if (node.origin > 0) {
      issue.file = origins[node.origin - 1];
      issue.line = issue.column = 0;
      return;
    }
    const Span span = at_key ? node.key_span : node.value_span;
    const LineIndex::Place place = lines.place(text, span.offset);
    const int length = count_characters(std::string_view(text).substr(span.offset, span.length));
    issue.file = file_name;
    issue.line = place.line;
    issue.column = place.column;
    issue.length = length > 0 ? length : 1;
  }
};

/// The node at a JSON pointer, or null. `nearest`, when given, gets the deepest node on the way.
const Node* find_pointer(const Node& root, std::string_view pointer,
                         const Node** nearest = nullptr);

/// The node that a dotted path or JSON pointer names; objects on the way are made when missing, and
/// so is the last member, with `origin`. Throws InputError (E103). `pointer` gets the node's place.
Node& make_path(Node& root, const std::string& path, std::uint32_t origin,
                const std::string& origin_text, std::string& pointer);

}  // namespace headroom::json
