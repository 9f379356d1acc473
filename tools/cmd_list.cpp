#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "headroom/json/archive.hpp"
#include "headroom/policy/names.hpp"
#include "headroom/report/format.hpp"
#include "headroom/scenario/scenario.hpp"
#include "headroom/workload/config.hpp"
#include "headroom/workload/distribution.hpp"
#include "messages.hpp"

namespace headroom::tools {
namespace {

constexpr std::size_t kListColumns = 80;  // of the terminal that answers are laid out for

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Walks a description only to learn the words of its first variant: the listing and the decoder
/// then read the same table.
class VariantWords final : public json::Archive {
 public:
  const Entries& words() const { return words_; }

  void boolean(const json::Field&, bool&) override {}
  void integer(const json::Field&, std::int64_t&, const json::Range&) override {}
  void number(const json::Field&, double&, const json::Range&) override {}
  void quantity(const json::Field&, double&, json::Dimension, const json::Range&) override {}
  void time_point(const json::Field&, json::TimePoint&) override {}
  void text(const json::Field&, std::string&) override {}
  void choice(const json::Field&, std::string&, std::span<const json::Choice>) override {}
  void numbers(const json::Field&, std::vector<double>&, const json::Range&) override {}
  void texts(const json::Field&, std::vector<std::string>&) override {}
  bool object_field(const json::Field&, const std::function<void(Archive&)>&) override {
    return false;
  }
  void list_field(const json::Field&, std::size_t, const std::function<void(std::size_t)>&,
                  const std::function<void(Archive&, std::size_t)>&, std::size_t) override {}
  void map_field(const json::Field&, const std::function<void(Archive&, const std::string&)>&,
                 std::span<const std::string>) override {}
  void variant(const json::Field&, std::string&, std::span<const Branch> branches) override {
    if (!words_.empty()) return;
    for (const Branch& branch : branches) {
      words_.emplace_back(std::string(branch.name), std::string(branch.summary));
    }
  }
  bool object_or_scalar(const json::Field&, double&, std::optional<json::Dimension>,
                        const json::Range&, const std::function<void(Archive&)>& body) override {
    body(*this);
    return false;
  }
  bool decoding() const override { return false; }
  bool has(std::string_view) const override { return false; }
  void problem(std::string_view, std::string_view, std::string, std::vector<std::string>) override {
  }
  std::string pointer() const override { return ""; }

 private:
  Entries words_;
};

Entries entries_of(const std::string& topic) {
  Entries entries;
  const auto add = [&entries](const auto& table) {
    for (const auto& row : table) {
      entries.emplace_back(std::string(row.name), std::string(row.summary));
    }
  };
  VariantWords words;
  if (topic == "routers") {
    add(queueing_policies());
  } else if (topic == "batching") {
    add(batching_modes());
  } else if (topic == "metrics") {
    add(metric_choices());
  } else if (topic == "surges") {
    SurgeConfig surge;
    describe(words, surge);
    entries = words.words();
  } else {
    Distribution distribution;
    describe_distribution(words, {"value", "any"}, distribution, std::nullopt, json::kAnyNumber);
    entries = words.words();
  }
  return entries;
}

}  // namespace

int list_command(const CommandLine& line, const Terminal&) {
  const Entries entries = entries_of(line.topic);
  std::size_t width = 0;
  for (const auto& [name, summary] : entries) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, summary] : entries) {
    for (const std::string& row : wrap_text(summary, pad_right(name, width + 2), kListColumns)) {
      text += row + "\n";
    }
  }
  print_answer(text);
  return kOk;
}

}  // namespace headroom::tools
