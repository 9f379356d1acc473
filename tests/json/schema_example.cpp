#include <iostream>

#include "example.hpp"

/// Prints {"schema": the schema of the example description, "decoded": [{"document", "valid"}]}
/// with the decoder's verdict on documents read from standard input, one a line.
int main() {
  headroom::ExampleScenario scenario;
  const std::string schema = headroom::json::write_schema(
      "Example", "https://example.org/example.schema.json",
      [&scenario](headroom::json::Archive& a) { describe(a, scenario); });
  std::cout << "{\"schema\": " << schema << ", \"decoded\": [";
  std::string line;
  for (bool first = true; std::getline(std::cin, line); first = false) {
    const bool valid = headroom::example_issues(line).empty();
    std::cout << (first ? "" : ",\n") << "{\"document\": " << line
              << ", \"valid\": " << (valid ? "true" : "false") << "}";
  }
  std::cout << "]}\n";
}
