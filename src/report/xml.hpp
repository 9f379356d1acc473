#pragma once

#include <string>

namespace headroom {

/// Text for an XML attribute or element. XML has no way to write most control characters: they
/// become U+FFFD.
std::string xml_text(const std::string& plain);

}  // namespace headroom
