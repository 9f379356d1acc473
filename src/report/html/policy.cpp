#include "html/policy.hpp"

#include <cstdint>

#include "headroom/json/document.hpp"

namespace headroom::html {
namespace {

std::vector<std::uint8_t> bytes_of_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (i + k < bytes.size() ? bytes[i + k] : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > bytes.size();  // 4 digits hold 3 bytes
      out += padding ? '=' : kDigits[(group >> (18U - 6U * k)) & 63U];
    }
  }
  return out;
}

}  // namespace

std::string policy_hash(std::string_view content) {
  return "'sha256-" + base64(bytes_of_hex(json::sha256_hex(content))) + "'";
}

std::string content_security_policy(const std::vector<std::string_view>& scripts,
                                    const std::vector<std::string_view>& styles) {
  std::string policy = "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:";
  policy += "; script-src";
  for (const std::string_view script : scripts) policy += " " + policy_hash(script);
  if (scripts.empty()) policy += " 'none'";
  policy += "; style-src";
  for (const std::string_view style : styles) policy += " " + policy_hash(style);
  return policy;
}

}  // namespace headroom::html
