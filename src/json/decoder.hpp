#pragma once

#include <string>
#include <vector>

#include "headroom/json/archive.hpp"
#include "headroom/json/document.hpp"
#include "source.hpp"

namespace headroom::json {

/// What one pass over a document shares between its objects.
struct DecodePass {
  const Source& source;
  std::vector<Issue>& issues;
  std::vector<ExplainRow>* rows = nullptr;  ///< filled when explaining
};

/// Reads one object of a document; the objects in it get decoders of their own.
class Decoder final : public Archive {
 public:
  /// `object` is null for an object that the document leaves out: every field keeps its default
  /// and nothing is reported.
  Decoder(DecodePass& pass, const Node* object, std::string pointer, std::string path)
      : pass_(pass), object_(object), pointer_(std::move(pointer)), path_(std::move(path)) {}

  /// Reports the members that nothing described. Call once, after the description has run.
  void finish();

  void boolean(const Field& field, bool& value) override;
  void integer(const Field& field, std::int64_t& value, const Range& range) override;
  void number(const Field& field, double& value, const Range& range) override;
  void quantity(const Field& field, double& value, Dimension dimension,
                const Range& range) override;
  void time_point(const Field& field, TimePoint& value) override;
  void text(const Field& field, std::string& value) override;
  void choice(const Field& field, std::string& value, std::span<const Choice> choices) override;
  void numbers(const Field& field, std::vector<double>& values, const Range& range) override;
  void texts(const Field& field, std::vector<std::string>& values) override;

  bool object_field(const Field& field, const std::function<void(Archive&)>& body) override;
  void default_object(const Field& field, const std::function<void(Archive&)>& body) override;
  void list_field(const Field& field, std::size_t min_items,
                  const std::function<void(std::size_t)>& resize,
                  const std::function<void(Archive&, std::size_t)>& item,
                  std::size_t current) override;
  void map_field(const Field& field, const std::function<void(Archive&, const std::string&)>& item,
                 std::span<const std::string> current) override;
  void variant(const Field& field, std::string& chosen, std::span<const Branch> branches) override;
  bool object_or_scalar(const Field& field, double& value, std::optional<Dimension> dimension,
                        const Range& range, const std::function<void(Archive&)>& body) override;

  bool decoding() const override { return true; }
  bool has(std::string_view key) const override;
  void problem(std::string_view key, std::string_view code, std::string message,
               std::vector<std::string> notes) override;
  std::string pointer() const override { return pointer_; }

 private:
  /// The member called `key`, noting that the key is known; reports a missing required one.
  const Node* take(const Field& field);
  /// As take, for a field that counts in a unit: "duration" may be written "duration_s".
  const Node* take_quantity(const Field& field, Dimension dimension);
  const Node* member(std::string_view key) const;
  /// The member that gives the field `key`, under either spelling.
  const Node* given(std::string_view key) const;
  bool is_known(std::string_view key) const;
  void missing(const Field& field);
  void report(const Node& node, std::string_view code, std::string message,
              std::vector<std::string> notes = {}, bool at_key = false);
  void wrong_type(const Node& node, const std::string& expected);
  void no_number(const Node& node, const std::string& expected);
  std::string child_pointer(const Node& node) const;

  bool read_number(const Node& node, double& value, const Range& range);
  bool read_quantity_node(const Node& node, double& value, Dimension dimension, const Range& range);
  bool choose(const Field& field, const Node& node, std::string& value,
              std::span<const Choice> choices);
  void run_object(const Node& node, const std::function<void(Archive&)>& body);
  std::string child_path(std::string_view key) const;

  void row(const Field& field, const Node* node, std::string value, std::string unit,
           std::string default_value);
  /// Says of the last row that it holds a number.
  void row_holds(double number, std::optional<Dimension> dimension, bool whole);
  bool explaining() const { return pass_.rows != nullptr; }

  DecodePass& pass_;
  const Node* object_;
  std::string pointer_;
  std::string path_;
  /// A field of a variant's other branches.
  struct Elsewhere {
    std::string key, variant_key, word;
  };
  /// "duration_s" for the field "duration".
  struct Alias {
    std::string written, key;
  };
  std::vector<std::string> known_;  ///< keys described so far
  std::vector<Alias> aliases_;
  std::vector<Elsewhere> elsewhere_;
};

/// Runs a description over a whole document.
void decode_root(DecodePass& pass, const Node& root, const std::function<void(Archive&)>& body);

/// The keys that a description would read: collected without reading anything.
std::vector<std::string> keys_of(const std::function<void(Archive&)>& body);

/// "between 0 and 1", "greater than 0", "at least 1".
std::string range_text(const Range& range, std::optional<Dimension> dimension);
bool in_range(double value, const Range& range);

}  // namespace headroom::json
