#pragma once

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "headroom/report/report.hpp"
#include "support/catch.hpp"

/// Reports against their JSON Schema, by a validator that is not ours.
namespace headroom::test {

/// Exit code of the independent validator; 77 when it is not installed.
inline int validate(const std::string& schema, const nlohmann::ordered_json& report) {
  const std::string base =
      std::string(HEADROOM_BINARY_DIR) + "/report_schema_test_" + std::to_string(getpid());
  std::ofstream(base + ".schema.json") << schema;
  std::ofstream(base + ".json") << report_text(report);
  const std::string script =
      "import json,sys\n"
      "try:\n    import jsonschema\nexcept ImportError:\n    sys.exit(77)\n"
      "schema=json.load(open(sys.argv[1]))\n"
      "V=getattr(jsonschema,'Draft202012Validator',None)\n"
      "if V is None: sys.exit(77)\n"
      "V.check_schema(schema)\n"
      "errors=list(V(schema).iter_errors(json.load(open(sys.argv[2]))))\n"
      "[print('/'.join(map(str,e.absolute_path)),e.message[:300]) for e in errors]\n"
      "sys.exit(1 if errors else 0)\n";
  std::ofstream(base + ".py") << script;
  const int status =
      std::system(("python3 " + base + ".py " + base + ".schema.json " + base + ".json").c_str());
  if (status < 0 || status == 127 << 8) return 77;
  return (status >> 8) & 0xFF;
}

inline void check_valid(const std::string& schema, const nlohmann::ordered_json& report) {
  const int code = validate(schema, report);
  if (code == 77) {
    std::cerr << "skipped: python3-jsonschema is not installed\n";
    return;
  }
  CHECK(code == 0);
}

}  // namespace headroom::test
