#include <cstdio>
#include <exception>

#include "headroom/latency/fit.hpp"

/// Reads each file as `headroom fit` does and prints its kind, rows and rows passed over.
int main(int count, char** arguments) {
  try {
    for (int i = 1; i < count; ++i) {
      const headroom::MeasuredFile file = headroom::read_kernel_csv(arguments[i]);
      std::printf("%s %zu %lld\n", file.kind.c_str(), file.rows.size(),
                  static_cast<long long>(file.other_rows));
    }
  } catch (const headroom::InputError& error) {
    for (const headroom::Issue& issue : error.issues()) {
      std::fprintf(stderr, "%s:%d: %s: %s\n", issue.file.c_str(), issue.line, issue.code.c_str(),
                   issue.message.c_str());
    }
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
