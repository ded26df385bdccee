#include "git/commit_page.hpp"

#include <fmt/format.h>

#include "base/letters.hpp"

namespace git {

std::optional<std::string> commit_page(std::string_view origin, const ObjectId& commit) {
  std::string_view rest;
  if (const auto scheme = origin.find("://"); scheme != std::string_view::npos) {
    const auto name = origin.substr(0, scheme);
    if (name != "http" && name != "https" && name != "ssh") return std::nullopt;
    rest = origin.substr(scheme + 3);
  } else if (origin.starts_with('/') || origin.find(':') == std::string_view::npos) {
    return std::nullopt;
  } else {
    rest = origin;
  }
  if (const auto at = rest.find('@'); at != std::string_view::npos && at < rest.find('/')) rest.remove_prefix(at + 1);
  const auto end_of_host = rest.find_first_of("/:");
  if (end_of_host == std::string_view::npos) return std::nullopt;
  const std::string host = base::lowered(rest.substr(0, end_of_host));
  std::string_view path = rest.substr(end_of_host);
  std::string port;
  if (path.starts_with(':')) {
    // ":8443/acme/app" is a port; "host:acme/app", the short form of ssh, has none.
    const auto digits = path.find_first_not_of("0123456789", 1);
    if (digits != 1 && digits != std::string_view::npos && path[digits] == '/') {
      if (origin.starts_with("http")) port = path.substr(0, digits);
      path.remove_prefix(digits);
    } else {
      path.remove_prefix(1);
    }
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  const auto has = [&](std::string_view word) { return host.find(word) != std::string::npos; };
  std::string_view between;
  if (has("gitlab")) {
    between = "/-/commit/";
  } else if (has("bitbucket")) {
    between = "/commits/";
  } else if (has("github") || has("gitea") || has("gogs")) {
    between = "/commit/";
  } else {
    return std::nullopt;
  }
  return fmt::format("https://{}{}/{}{}{}", host, port, path, between, commit.text());
}

}  // namespace git
