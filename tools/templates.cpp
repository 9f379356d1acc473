#include "templates.hpp"

#include <array>

namespace headroom::embedded {

std::string_view template_spike();
std::string_view template_diurnal();
std::string_view template_trace();
std::string_view template_multi_class();
std::string_view template_image_pipeline();

}  // namespace headroom::embedded

namespace headroom::tools {

std::span<const Template> templates() {
  static const std::array<Template, 5> all{{
      {"spike", "a flash crowd on a chat service", embedded::template_spike()},
      {"diurnal", "the swing of days on a fleet of fixed size", embedded::template_diurnal()},
      {"trace", "your own requests on a fleet of your choice", embedded::template_trace()},
      {"multi-class", "paid and free users with priority", embedded::template_multi_class()},
      {"image-pipeline", "pictures in static batches", embedded::template_image_pipeline()},
  }};
  return all;
}

const Template* find_template(std::string_view name) {
  for (const Template& one : templates()) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace headroom::tools
