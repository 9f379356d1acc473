#include "decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "quantity.hpp"

namespace headroom::json {
namespace {

constexpr double kUnbounded = 1e300;  // Range's default bounds
/// Largest whole number below which every whole number is a double.
constexpr double kExactInteger = 9'007'199'254'740'992.0;

std::string bound_text(double bound, std::optional<Dimension> dimension) {
  return dimension ? format_quantity(bound, *dimension) : number_text(bound);
}

std::string list_text(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// At most eight entries, for a table row.
template <class T, class Format>
std::string short_list(const std::vector<T>& values, Format format) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(values.size(), kShown); ++i) {
    words.push_back(format(values[i]));
  }
  std::string text = "[" + list_text(words);
  if (values.size() > kShown) text += ", ... " + std::to_string(values.size()) + " in all";
  return text + "]";
}

std::string time_text(const TimePoint& time) {
  return time.absolute ? format_utc(time.seconds)
                       : format_quantity(time.seconds, Dimension::kDuration);
}

std::string text_or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

bool in_range(double value, const Range& range) {
  // Written so that NaN fails.
  const bool above = range.open_min ? value > range.min : value >= range.min;
  const bool below = range.open_max ? value < range.max : value <= range.max;
  return std::isfinite(value) && above && below;
}

std::string range_text(const Range& range, std::optional<Dimension> dimension) {
  const bool has_min = range.min > -kUnbounded;
  const bool has_max = range.max < kUnbounded;
  const std::string min = bound_text(range.min, dimension);
  const std::string max = bound_text(range.max, dimension);
  if (has_min && has_max && !range.open_min && !range.open_max) {
    return "between " + min + " and " + max;
  }
  std::string text;
  if (has_min) text = (range.open_min ? "greater than " : "at least ") + min;
  if (has_max) {
    if (has_min) text += " and ";
    text += (range.open_max ? "less than " : "at most ") + max;
  }
  return text.empty() ? "a finite number" : text;
}

// --- the object's members -----------------------------------------------------------------------

const Node* Decoder::member(std::string_view key) const {
  return object_ == nullptr ? nullptr : find_member(*object_, key);
}

std::string Decoder::child_pointer(const Node& node) const {
  if (&node == object_) return pointer_;
  if (object_->is_list()) {
    return pointer_child(pointer_, std::to_string(&node - object_->children.data()));
  }
  return pointer_child(pointer_, node.key);
}

void Decoder::report(const Node& node, std::string_view code, std::string message,
                     std::vector<std::string> notes, bool at_key) {
  Issue issue;
  issue.code = code;
  issue.message = std::move(message);
  issue.notes = std::move(notes);
  issue.pointer = at_key ? pointer_ : child_pointer(node);
  pass_.source.locate(issue, node, at_key);
  pass_.issues.push_back(std::move(issue));
}

void Decoder::wrong_type(const Node& node, const std::string& expected) {
  report(node, "E110", "expected " + expected + ", found " + describe_found(node));
}

/// As wrong_type, with what to write when a string says a number: "8", "1%".
void Decoder::no_number(const Node& node, const std::string& expected) {
  std::vector<std::string> notes;
  double value = 0;
  if (node.is_string()) {
    const char* end = node.string.data() + node.string.size();
    const auto [rest, error] = std::from_chars(node.string.data(), end, value);
    if (error == std::errc() && rest == end) {
      notes.push_back("write " + node.string + ", without quotes");
    } else if (error == std::errc() && rest + 1 == end && *rest == '%') {
      notes.push_back("write " + number_text(value / 100) + ": a share is between 0 and 1");
    }
  }
  report(node, "E110", "expected " + expected + ", found " + describe_found(node),
         std::move(notes));
}

void Decoder::missing(const Field& field) {
  if (object_ == nullptr || field.need == Need::kOptional) return;
  std::vector<std::string> notes;
  if (!field.help.empty()) {
    notes.push_back(std::string(field.key) + ": " + std::string(field.help));
  }
  report(*object_, "E106", "missing field " + in_quotes(field.key), std::move(notes));
}

const Node* Decoder::take(const Field& field) {
  known_.emplace_back(field.key);
  const Node* node = member(field.key);
  if (node == nullptr) missing(field);
  return node;
}

const Node* Decoder::take_quantity(const Field& field, Dimension dimension) {
  if (unit_of_key(field.key, dimension)) return take(field);
  const std::string with_unit = std::string(field.key) + std::string(si_suffix(dimension));
  known_.emplace_back(field.key);
  aliases_.push_back({with_unit, std::string(field.key)});
  const Node* plain = member(field.key);
  const Node* suffixed = member(with_unit);
  if (plain != nullptr && suffixed != nullptr) {
    // An override under the other spelling replaces what the document says.
    if (suffixed->origin > plain->origin) return suffixed;
    if (plain->origin > suffixed->origin) return plain;
    report(*suffixed, "E101",
           in_quotes(with_unit) + " and " + in_quotes(field.key) + " are the same field; keep one",
           {},
           /*at_key=*/true);
    return plain;
  }
  const Node* node = plain != nullptr ? plain : suffixed;
  if (node == nullptr) missing(field);
  return node;
}

bool Decoder::is_known(std::string_view key) const {
  return std::find(known_.begin(), known_.end(), key) != known_.end() ||
         std::any_of(aliases_.begin(), aliases_.end(),
                     [key](const Alias& alias) { return alias.written == key; });
}

const Node* Decoder::given(std::string_view key) const {
  if (const Node* node = member(key)) return node;
  for (const Alias& alias : aliases_) {
    if (alias.key != key) continue;
    if (const Node* node = member(alias.written)) return node;
  }
  return nullptr;
}

void Decoder::finish() {
  if (object_ == nullptr) return;
  for (const Node& child : object_->children) {
    if (is_known(child.key)) continue;
    std::string message = "unknown field " + in_quotes(child.key);
    std::vector<std::string> notes;
    std::string words;
    for (const Elsewhere& other : elsewhere_) {
      if (other.key != child.key) continue;
      words += words.empty() ? "; it goes with " + other.variant_key + " " : " or ";
      words += in_quotes(other.word);
    }
    if (!words.empty()) {
      message += words;
    } else if (const std::string nearest = nearest_word(child.key, known_); !nearest.empty()) {
      message += "; did you mean " + in_quotes(nearest) + "?";
    } else {
      // Without a near one, the fields there are.
      std::vector<std::string> unused;
      for (const std::string& key : known_) {
        if (!has(key)) unused.push_back(key);
      }
      if (!unused.empty()) notes.push_back("fields not used here yet: " + list_text(unused));
    }
    report(child, "E107", std::move(message), std::move(notes), /*at_key=*/true);
  }
}

bool Decoder::has(std::string_view key) const { return given(key) != nullptr; }

void Decoder::problem(std::string_view key, std::string_view code, std::string message,
                      std::vector<std::string> notes) {
  if (object_ == nullptr) return;
  const Node* node = key.empty() ? nullptr : given(key);
  if (node == nullptr) node = object_;
  report(*node, code, std::move(message), std::move(notes));
}

void Decoder::row(const Field& field, const Node* node, std::string value, std::string unit,
                  std::string default_value) {
  if (!explaining()) return;
  ExplainRow row;
  const std::string key = node != nullptr ? node->key : std::string(field.key);
  row.path = child_path(key);
  row.pointer = pointer_child(pointer_, key);
  row.value = std::move(value);
  row.unit = std::move(unit);
  row.default_value = field.need == Need::kRequired ? "required" : std::move(default_value);
  row.source = node == nullptr ? "default" : node->origin > 0 ? "--set" : "scenario";
  row.help = field.help;
  pass_.rows->push_back(std::move(row));
}

void Decoder::row_holds(double number, std::optional<Dimension> dimension, bool whole) {
  if (!explaining()) return;
  ExplainRow& row = pass_.rows->back();
  row.number = number;
  row.dimension = dimension;
  row.whole = whole;
}

// --- leaves -------------------------------------------------------------------------------------

void Decoder::boolean(const Field& field, bool& value) {
  const bool before = value;
  const Node* node = take(field);
  if (node != nullptr) {
    if (node->kind == Node::Kind::kBoolean) {
      value = node->boolean;
    } else {
      wrong_type(*node, "true or false");
    }
  }
  const auto word = [](bool b) { return std::string(b ? "true" : "false"); };
  row(field, node, word(value), "boolean", word(before));
}

void Decoder::integer(const Field& field, std::int64_t& value, const Range& range) {
  const std::int64_t before = value;
  const Node* node = take(field);
  if (node != nullptr) {
    // 1e6 is a whole number too.
    const bool whole = node->kind == Node::Kind::kInteger ||
                       (node->kind == Node::Kind::kReal && std::abs(node->real) <= kExactInteger &&
                        node->real == std::floor(node->real));
    if (node->is_number() && !in_range(node->real, range)) {
      report(
          *node, "E111",
          describe_found(*node) + " is out of range; expected " + range_text(range, std::nullopt));
    } else if (!whole) {
      no_number(*node, "a whole number");
    } else {
      value = node->kind == Node::Kind::kInteger ? node->integer
                                                 : static_cast<std::int64_t>(node->real);
    }
  }
  row(field, node, std::to_string(value), "integer", std::to_string(before));
  row_holds(static_cast<double>(value), std::nullopt, /*whole=*/true);
}

bool Decoder::read_number(const Node& node, double& value, const Range& range) {
  if (!node.is_number()) {
    no_number(node, "a number");
    return false;
  }
  if (!in_range(node.real, range)) {
    report(node, "E111",
           describe_found(node) + " is out of range; expected " + range_text(range, std::nullopt));
    return false;
  }
  value = node.real;
  return true;
}

void Decoder::number(const Field& field, double& value, const Range& range) {
  const double before = value;
  const Node* node = take(field);
  if (node != nullptr) read_number(*node, value, range);
  row(field, node, number_text(value), "number",
      in_range(before, range) ? number_text(before) : "none");
  row_holds(value, std::nullopt, /*whole=*/false);
}

bool Decoder::read_quantity_node(const Node& node, double& value, Dimension dimension,
                                 const Range& range) {
  double read = 0;
  std::string found = describe_found(node);
  if (node.is_number()) {
    const auto unit = unit_of_key(node.key, dimension);
    if (!unit) {
      report(node, "E120", unit_missing_message(found, dimension));
      return false;
    }
    read = node.real * unit->numerator / unit->denominator;
  } else if (node.is_string()) {
    std::string message;
    found = in_quotes(node.string);
    switch (read_quantity(node.string, dimension, read, message)) {
      case QuantityError::kNone:
        break;
      case QuantityError::kNotAQuantity:
        report(node, "E110", std::move(message));
        return false;
      case QuantityError::kUnitMissing:
        report(node, "E120", std::move(message));
        return false;
      case QuantityError::kUnitUnknown:
        report(node, "E121", std::move(message));
        return false;
    }
  } else {
    wrong_type(node, "a " + std::string(dimension_name(dimension)) + " such as " +
                         in_quotes(dimension_example(dimension)));
    return false;
  }
  if (!in_range(read, range)) {
    report(node, "E111", found + " is out of range; expected " + range_text(range, dimension));
    return false;
  }
  value = read;
  return true;
}

void Decoder::quantity(const Field& field, double& value, Dimension dimension, const Range& range) {
  const double before = value;
  const Node* node = take_quantity(field, dimension);
  if (node != nullptr) read_quantity_node(*node, value, dimension, range);
  const auto shown = [&](double v) {
    return in_range(v, range) ? format_quantity(v, dimension) : "none";
  };
  row(field, node, shown(value), std::string(si_unit(dimension)), shown(before));
  row_holds(value, dimension, /*whole=*/false);
}

void Decoder::time_point(const Field& field, TimePoint& value) {
  const TimePoint before = value;
  const Node* node = take_quantity(field, Dimension::kDuration);
  if (node != nullptr) {
    double utc = 0;
    double relative = 0;
    const bool like_a_date =
        node->is_string() && node->string.size() > 4 && node->string.find('-', 1) == 4;
    if (like_a_date && parse_utc(node->string, utc)) {
      value = {utc, true};
    } else if (like_a_date) {
      report(*node, "E110",
             in_quotes(node->string) +
                 " is not a time in UTC; write for example \"2025-03-31T17:00:00Z\"");
    } else if (node->is_number() || node->is_string()) {
      if (read_quantity_node(*node, relative, Dimension::kDuration, kAnyNumber)) {
        value = {relative, false};
      }
    } else {
      wrong_type(*node, "a time such as \"12h\" or \"2025-03-31T17:00:00Z\"");
    }
  }
  row(field, node, time_text(value), "time", time_text(before));
}

void Decoder::text(const Field& field, std::string& value) {
  const std::string before = value;
  const Node* node = take(field);
  if (node != nullptr) {
    if (node->is_string()) {
      value = node->string;
    } else {
      wrong_type(*node, "a string");
    }
  }
  row(field, node, text_or_dash(value), "text", text_or_dash(before));
}

bool Decoder::choose(const Field& field, const Node& node, std::string& value,
                     std::span<const Choice> choices) {
  std::vector<std::string> names;
  for (const Choice& choice : choices) names.emplace_back(choice.name);
  if (!node.is_string()) {
    wrong_type(node, "one of the words " + list_text(names));
    return false;
  }
  if (std::find(names.begin(), names.end(), node.string) != names.end()) {
    value = node.string;
    return true;
  }
  std::vector<std::string> notes = {"expected one of: " + list_text(names)};
  const std::string nearest = nearest_word(node.string, names);
  if (!nearest.empty()) notes.push_back("did you mean " + in_quotes(nearest) + "?");
  report(node, "E112", "unknown " + std::string(field.key) + " " + in_quotes(node.string),
         std::move(notes));
  return false;
}

void Decoder::choice(const Field& field, std::string& value, std::span<const Choice> choices) {
  const std::string before = value;
  const Node* node = take(field);
  if (node != nullptr) choose(field, *node, value, choices);
  row(field, node, text_or_dash(value), "word", text_or_dash(before));
}

void Decoder::numbers(const Field& field, std::vector<double>& values, const Range& range) {
  const std::vector<double> before = values;
  const Node* node = take(field);
  if (node != nullptr && !node->is_list()) {
    wrong_type(*node, "a list of numbers");
  } else if (node != nullptr) {
    // A child decoder, so that items are reported by their own pointers.
    Decoder items(pass_, node, child_pointer(*node), "");
    std::vector<double> read(node->children.size());
    bool good = true;
    for (std::size_t i = 0; i < read.size(); ++i) {
      good = items.read_number(node->children[i], read[i], range) && good;
    }
    if (good) values = std::move(read);
  }
  row(field, node, short_list(values, number_text), "list of numbers",
      short_list(before, number_text));
}

void Decoder::texts(const Field& field, std::vector<std::string>& values) {
  const std::vector<std::string> before = values;
  const Node* node = take(field);
  if (node != nullptr && !node->is_list()) {
    wrong_type(*node, "a list of strings");
  } else if (node != nullptr) {
    Decoder items(pass_, node, child_pointer(*node), "");
    std::vector<std::string> read;
    for (const Node& item : node->children) {
      if (item.is_string()) {
        read.push_back(item.string);
      } else {
        items.wrong_type(item, "a string");
      }
    }
    if (read.size() == node->children.size()) values = std::move(read);
  }
  const auto itself = [](const std::string& word) { return word; };
  row(field, node, short_list(values, itself), "list of texts", short_list(before, itself));
}

}  // namespace headroom::json
