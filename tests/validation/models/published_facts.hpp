#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Published numbers as facts/*.csv holds them, and how predictions are scored against them.
namespace headroom::validation {

/// One row, by column. A field that is not there or empty is no number.
class FactRow {
 public:
  explicit FactRow(std::map<std::string, std::string, std::less<>> fields)
      : fields_(std::move(fields)) {}
  const std::string& text(std::string_view column) const;
  std::optional<double> number(std::string_view column) const;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};
/// Reads a CSV whose fields may be quoted. Throws InputError: E102 unreadable, E105 a row of
/// another length than the header.
std::vector<FactRow> read_facts(const std::filesystem::path& path);

/// FNV-1a of an id: which rows of a group a factor is fitted on is decided by it, so that no one
/// picks them. Source: Fowler, Noll, Vo; 64-bit offset basis and prime. Its bits are mixed once
/// more (SplitMix64, Steele et al. 2014), since ids that differ in their last digit alone come out
/// alike.
std::uint64_t row_hash(std::string_view id);
std::uint64_t fnv1a(std::string_view text);

/// One row's prediction, speed or rate: `factor` multiplies `predicted`.
struct Scored {
  std::string id;
  double predicted = 0, measured = 0;
  bool fitted = false;  ///< in the third that the factor is fitted on
  double error(double factor) const { return predicted * factor / measured - 1; }
};
/// Marks the rows with the smallest hashes, a third of them, rounded up, as fitted.
void choose_third(std::vector<Scored>& rows);
/// Median of measured / predicted over the fitted rows. REQUIRES: there are some.
double fitted_factor(const std::vector<Scored>& rows);
/// The same over all rows but one. REQUIRES: two rows or more.
double factor_without(const std::vector<Scored>& rows, std::size_t left_out);

double median(std::vector<double> values);
/// The value at rank ceil(share x count). REQUIRES: not empty.
double percentile(std::vector<double> values, double share);

}  // namespace headroom::validation
