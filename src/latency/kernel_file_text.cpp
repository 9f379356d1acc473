#include <fmt/format.h>

#include <cmath>

#include "fitted_forms.hpp"
#include "headroom/latency/fit.hpp"

namespace headroom {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

/// Six digits: fits are no better than that, and files stay readable.
std::string number(double value) { return fmt::format("{:.6g}", value); }

std::string list(std::span<const double> values) {
  std::string out;
  for (const double value : values) out += (out.empty() ? "" : ", ") + number(value);
  return "[" + out + "]";
}

std::string errors(const FitErrors& e) {
  return fmt::format(R"({{"rows": {}, "mape": {:.4f}, "median": {:.4f}, "p90": {:.4f}}})", e.rows,
                     e.mape, e.median, e.p90);
}

std::string fit_text(const KernelFit& fit) {
  const FittedForm& form = fitted_form(fit.kind);
  std::string coefficients;
  for (std::size_t i = 0; i < form.parameters.size(); ++i) {
    coefficients +=
        (i == 0 ? "" : ", ") + quoted(form.parameters[i].key) + ": " + number(fit.coefficients[i]);
  }
  return fmt::format(
      "    {{\"kernel\": {}, \"dtype\": {},\n     \"coefficients\": {{{}}},\n"
      "     \"range_min\": {}, \"range_max\": {},\n     \"fitted\": {},\n     \"scored\": {},\n"
      "     \"scored_weights\": {},\n"
      "     \"below_bound\": {}, \"source\": {}}}",
      quoted(name(fit.kind)), quoted(name(fit.dtype)), coefficients, list(fit.range_min),
      list(fit.range_max), errors(fit.fitted), errors(fit.scored), errors(fit.scored_weights),
      fit.below_bound, quoted(fit.source));
}

std::string table_text(const KernelTable& table) {
  std::string rows;
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const Coordinates& at = table.points[i];
    for (std::size_t j = 0; j < at.count; ++j) rows += number(at.value[j]) + ", ";
    rows += number(table.seconds[i]) + (i + 1 == table.points.size() ? "" : ",\n       ");
  }
  return fmt::format("    {{\"kernel\": {}, \"dtype\": {}, \"source\": {},\n     \"rows\": [{}]}}",
                     quoted(name(table.kind)), quoted(name(table.dtype)), quoted(table.source),
                     rows);
}

std::string provenance_text(const Provenance& p) {
  std::string of;
  for (const std::string& key : p.of) of += (of.empty() ? "" : ", ") + quoted(key);
  return fmt::format("    {{\"of\": [{}], \"source\": {}, \"certainty\": {}, \"note\": {}}}", of,
                     quoted(p.source), quoted(p.certainty), quoted(p.note));
}

template <class T, class F>
std::string items(const std::vector<T>& values, F text) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "\n" : ",\n") + text(value);
  return out;
}

}  // namespace

std::string write_kernel_file(const KernelFile& file) {
  return fmt::format(
      "{{\n  \"gpu\": {},\n  \"fits\": [{}],\n  \"tables\": [{}],\n  \"provenance\": [{}]\n}}\n",
      quoted(file.gpu), items(file.fits, fit_text), items(file.tables, table_text),
      items(file.provenance, provenance_text));
}

}  // namespace headroom
