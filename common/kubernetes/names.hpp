// The grammar of Kubernetes' names (RFC 1123, as kubernetes.io, "Object Names and IDs" bounds it).
#pragma once

#include <string>
#include <string_view>

namespace kubernetes {

// At most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit: namespaces, and what
// stands in a label.
[[nodiscard]] bool is_dns_label(std::string_view text);

// Labels with dots between, at most 253 characters: most other objects.
[[nodiscard]] bool is_dns_subdomain(std::string_view text);

// Error{usage} naming the field when `text` is not a label, or not a subdomain.
void require_dns_label(std::string_view text, const std::string& path);
void require_dns_subdomain(std::string_view text, const std::string& path);

}  // namespace kubernetes
