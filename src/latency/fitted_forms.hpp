#pragma once

#include <span>
#include <string_view>

#include "headroom/latency/kernel.hpp"

/// Physical forms of the fitted family. Each is a pure function of the data sheet, the shape and at
/// most 20 dimensionless (or microsecond) coefficients, so that coefficients carry over to a GPU
/// known only by its data sheet. docs/model-latency.md writes them out.
namespace headroom {

/// One coefficient of a form. Fitting keeps it inside (min, max).
struct Parameter {
  std::string_view key;
  std::string_view help;
  double generic = 0;  ///< value for a GPU that nobody measured
  double min = 0, max = 0;
};

struct FittedForm {
  KernelKind kind;
  std::span<const Parameter> parameters;
  /// Seconds before the bound is applied. REQUIRES: c.size() == parameters.size().
  double (*seconds)(const Gpu& gpu, const KernelShape& shape, std::span<const double> c);
};

/// The form of a kind.
const FittedForm& fitted_form(KernelKind kind);

/// (a^p + b^p)^(1/p): max(a, b) with a rounded corner. p = 1 adds, large p takes the larger.
double smooth_max(double a, double b, double p);

extern const FittedForm kGemmForm;
extern const FittedForm kPrefillAttentionForm;
extern const FittedForm kEncoderAttentionForm;
extern const FittedForm kDecodeAttentionForm;
extern const FittedForm kMemoryForm;
extern const FittedForm kCollectiveForm;
extern const FittedForm kMoeForm;
extern const FittedForm kNetworkForm;

}  // namespace headroom
