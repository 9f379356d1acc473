#pragma once

#include <string>
#include <string_view>

namespace headroom::json {

/// SHA-256 of the bytes, 64 hexadecimal digits. Source: FIPS 180-4, sections 4 to 6.
std::string sha256_hex(std::string_view bytes);

}  // namespace headroom::json
