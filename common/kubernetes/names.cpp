#include "kubernetes/names.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace kubernetes {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_subdomain = 253;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool has_label_form(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

}  // namespace

bool is_dns_label(std::string_view text) { return text.size() <= longest_label && has_label_form(text); }

bool is_dns_subdomain(std::string_view text) {
  if (text.size() > longest_subdomain) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!has_label_form(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

void require_dns_label(std::string_view text, const std::string& path) {
  if (is_dns_label(text)) return;
  json::wrong_value(path, fmt::format("\"{}\" is not a DNS label", base::printable(text, 128)),
                    "give at most 63 lower-case letters, digits and -, beginning and ending with a letter or digit");
}

void require_dns_subdomain(std::string_view text, const std::string& path) {
  if (is_dns_subdomain(text)) return;
  json::wrong_value(path, fmt::format("\"{}\" is not a name of Kubernetes", base::printable(text, 128)),
                    "give lower-case letters, digits, - and dots, at most 253");
}

}  // namespace kubernetes
