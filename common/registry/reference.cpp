#include "registry/reference.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_path = 255;
constexpr std::size_t longest_tag = 128;

[[noreturn]] void refuse(std::string_view text, std::string_view field, std::string_view cause, std::string remedy) {
  throw Error(ErrorKind::usage, {"read", std::string(field),
                                 fmt::format("\"{}\" {}", base::printable(text, 256), cause), std::move(remedy)});
}

bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z'); }

// path-component := [a-z0-9]+ (separator [a-z0-9]+)*, separator := [.] | _ | __ | [-]+
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_alphanumeric(text.front()) || !is_lower_alphanumeric(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_alphanumeric(text[i])) {
      ++i;
      continue;
    }
    const auto end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(), is_lower_alphanumeric);
    const auto length = static_cast<std::size_t>(end - text.begin()) - i;
    const auto separator = text.substr(i, length);
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (separator != "." && separator != "_" && separator != "__" && !dashes) return false;
    i += length;
  }
  return true;
}

bool is_path(std::string_view text) {
  if (text.size() > longest_path) return false;
  while (true) {
    const auto slash = text.find('/');
    if (!is_path_component(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    const bool address =
        text.substr(1, close - 1).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    return address && (close + 1 == text.size() || (text[close + 1] == ':' && is_port(text.substr(close + 2))));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  const auto name = text.substr(0, colon);
  if (name.empty() || name.size() > 253 || !is_alphanumeric(name.front()) || !is_alphanumeric(name.back()))
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; }) &&
         name.find("..") == std::string_view::npos;
}

// Docker's rule: the first part is a host when it looks like one.
bool names_a_host(std::string_view first) {
  return first.find_first_of(".:[") != std::string_view::npos || first == "localhost";
}

}  // namespace

Repository parse_repository(std::string_view text, std::string_view field) {
  if (text.empty()) refuse(text, field, "does not name a repository", "give it as registry.example.com/acme/app");
  if (text.find("://") != std::string_view::npos) {
    refuse(text, field, "is a URL", "leave out the scheme: registry.example.com/acme/app");
  }
  const auto slash = text.find('/');
  Repository result{std::string(docker_hub), std::string(text)};
  if (slash != std::string_view::npos && names_a_host(text.substr(0, slash))) {
    result = {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  }
  std::transform(result.host.begin(), result.host.end(), result.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (result.host == "index.docker.io" || result.host == "registry-1.docker.io") result.host = docker_hub;
  if (result.host == docker_hub && result.path.find('/') == std::string::npos) result.path = "library/" + result.path;
  if (!is_host(result.host)) refuse(text, field, "has no valid host before the first slash", "");
  if (is_path(result.path)) return result;
  if (result.path.find_first_of(":@") != std::string::npos) {
    refuse(text, field, "holds a tag or a digest", "give the repository alone");
  }
  refuse(text, field, "is not a repository name",
         "only lower case letters, digits and single . _ - / between them are valid");
}

std::string host_on_the_wire(const std::string& host) { return host == docker_hub ? "registry-1.docker.io" : host; }

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > longest_tag || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

Reference Reference::parse(std::string_view text, std::string_view field) {
  std::string_view rest = text;
  Reference result;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    result.digest = Digest::parse(rest.substr(at + 1));
    if (!result.digest) {
      refuse(text, field, "has no valid digest after the @",
             "a digest is sha256: and 64 lower-case hexadecimal digits");
    }
    rest = rest.substr(0, at);
  }
  // A colon before the last slash belongs to a port.
  const auto colon = rest.rfind(':');
  const auto slash = rest.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    const auto tag = rest.substr(colon + 1);
    if (!is_tag(tag)) {
      refuse(text, field, "has no valid tag after the colon",
             "a tag has at most 128 letters, digits, _ . - and starts with none of . -");
    }
    result.tag = std::string(tag);
    rest = rest.substr(0, colon);
  }
  result.repository = parse_repository(rest, field);
  if (!result.tag && !result.digest) result.tag = "latest";
  return result;
}

std::string Reference::manifest_name() const { return digest ? digest->text() : tag.value_or("latest"); }

std::string Reference::text() const {
  std::string result = repository.text();
  if (tag) result += ":" + *tag;
  if (digest) result += "@" + digest->text();
  return result;
}

}  // namespace registry
