#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace headroom::html {

/// 'sha256-…' of an inline script or style sheet, as a content security policy names it.
std::string policy_hash(std::string_view content);

/// A policy under which the page may run exactly these scripts and styles and fetch nothing.
std::string content_security_policy(const std::vector<std::string_view>& scripts,
                                    const std::vector<std::string_view>& styles);

}  // namespace headroom::html
