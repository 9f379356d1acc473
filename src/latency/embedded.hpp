#pragma once

#include <string_view>

/// Catalogue files that the build puts into the library as bytes.
namespace headroom::embedded {

std::string_view models_json();
std::string_view engines_json();
std::string_view kernels_json();

}  // namespace headroom::embedded
