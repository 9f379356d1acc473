#include <set>
#include <string>

#include "checked_json.hpp"
#include "headroom/report/compare.hpp"

namespace headroom {
namespace {

bool changes_no_result(const std::string& path) {
  return path == "$schema" || path == "description" || path == "provenance";
}

/// The name that list items are told by: their own, an id, or their place.
std::string item_name(const Json& item, std::size_t index) {
  for (const char* key : {"name", "id"}) {
    if (item.is_object() && item.contains(key) && item[key].is_string()) return item[key];
  }
  return std::to_string(index);
}

/// A list as an object of its items by name, when all names differ.
Json by_name(const Json& list) {
  Json object = Json::object();
  for (std::size_t i = 0; i < list.size(); ++i) object[item_name(list[i], i)] = list[i];
  return object;
}

bool has_distinct_names(const Json& list) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) names.insert(item_name(list[i], i));
  return names.size() == list.size();
}

class Walk {
 public:
  void compare(const std::string& path, const Json& base, const Json& now) {
    if (base == now) return;
    if (base.is_object() && now.is_object()) {
      objects(path, base, now);
    } else if (lists_of_objects(base, now)) {
      objects(path, by_name(base), by_name(now));
    } else {
      found.push_back({{"path", path}, {"base", base}, {"now", now}});
    }
  }

  Json found = Json::array();

 private:
  static bool lists_of_objects(const Json& base, const Json& now) {
    if (!base.is_array() || !now.is_array()) return false;
    for (const Json* list : {&base, &now}) {
      if (!list->empty() && !list->front().is_object()) return false;
    }
    return has_distinct_names(base) && has_distinct_names(now);
  }

  void objects(const std::string& path, const Json& base, const Json& now) {
    const auto below = [&](const std::string& key) {
      return path.empty() ? key : path + "." + key;
    };
    for (const auto& [key, value] : base.items()) {
      if (changes_no_result(below(key))) continue;
      compare(below(key), value, now.contains(key) ? now[key] : Json(nullptr));
    }
    for (const auto& [key, value] : now.items()) {
      if (changes_no_result(below(key)) || base.contains(key)) continue;
      compare(below(key), Json(nullptr), value);
    }
  }
};

}  // namespace

nlohmann::ordered_json scenario_differences(const nlohmann::ordered_json& base,
                                            const nlohmann::ordered_json& now) {
  Walk walk;
  walk.compare("", base, now);
  return walk.found;
}

}  // namespace headroom
