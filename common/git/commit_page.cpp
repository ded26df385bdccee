#include "git/commit_page.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/letters.hpp"
#include "http/url.hpp"

namespace git {
namespace {

enum class Service { github, gitlab, bitbucket, gitea };

struct Place {
  Service service;
  std::string host;  // with its port, where that is not https's own
  std::string name;  // without the port
  std::string path;  // percent-encoded
};

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

std::optional<Service> service_of(std::string_view host, Host known) {
  const auto has = [&](std::string_view word) { return host.find(word) != std::string_view::npos; };
  if (known == Host::github) return Service::github;
  if (has("gitlab")) return Service::gitlab;
  if (has("bitbucket")) return Service::bitbucket;
  if (has("github") || host.ends_with(".ghe.com")) return Service::github;
  if (has("gitea") || has("gogs") || has("forgejo") || has("codeberg")) return Service::gitea;
  return std::nullopt;
}

// A path whose own escapes stay: one of a URL has them, one of an ssh address does not.
std::string encoded_path(std::string_view path, bool has_escapes) {
  std::string result;
  for (const char c : path) {
    const bool stays = c == '/' || (c == '%' && has_escapes);
    result += stays ? std::string(1, c) : http::percent_encode(std::string_view(&c, 1));
  }
  return result;
}

// What stands behind the scheme and the user; nothing for a path and for other schemes.
std::optional<std::string_view> behind_user(std::string_view origin) {
  auto rest = origin;
  if (const auto scheme = origin.find("://"); scheme != std::string_view::npos) {
    const auto name = origin.substr(0, scheme);
    if (name != "http" && name != "https" && name != "ssh") return std::nullopt;
    rest = origin.substr(scheme + 3);
  } else if (origin.starts_with('/') || origin.find(':') == std::string_view::npos) {
    return std::nullopt;
  }
  if (const auto at = rest.substr(0, rest.find('/')).rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  return rest;
}

std::optional<Place> place_of(std::string_view origin, Host known) {
  const auto rest = behind_user(origin);
  if (!rest) return std::nullopt;
  const auto end_of_host = rest->find_first_of("/:");
  if (end_of_host == std::string_view::npos) return std::nullopt;
  Place place{Service::github, base::lowered(rest->substr(0, end_of_host)), "", ""};
  place.name = place.host;
  const auto service = service_of(place.name, known);
  if (!service || !is_host_name(place.name)) return std::nullopt;
  place.service = *service;
  std::string_view path = rest->substr(end_of_host);
  if (path.starts_with(':')) {
    // ":8443/acme/app" is a port; "host:acme/app", the short form of ssh, has none.
    const auto digits = path.find_first_not_of("0123456789", 1);
    if (digits != 1 && digits != std::string_view::npos && path[digits] == '/') {
      if (origin.starts_with("http")) place.host += path.substr(0, digits);
      path.remove_prefix(digits);
    } else {
      path.remove_prefix(1);
    }
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  place.path = encoded_path(path, origin.starts_with("http"));
  return place;
}

// The login in an address that a service gives out: "ann" of "1+ann@users.noreply.github.com".
std::optional<std::string> login_in(std::string_view email, const Place& place) {
  const auto at = email.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  auto login = email.substr(0, at);
  const std::string domain = base::lowered(email.substr(at + 1));
  const bool is_given =
      domain == "users.noreply." + place.name || (place.service == Service::gitea && domain == "noreply." + place.name);
  if (!is_given) return std::nullopt;
  // The account's number stands before it, on GitHub with a "+", on GitLab with a "-".
  const auto digits = login.find_first_not_of("0123456789");
  const char separator = place.service == Service::gitlab ? '-' : '+';
  if (digits != std::string_view::npos && digits > 0 && login[digits] == separator) login.remove_prefix(digits + 1);
  if (login.empty()) return std::nullopt;
  return http::percent_encode(login);
}

}  // namespace

std::optional<std::string> commit_page(std::string_view origin, const ObjectId& commit, Host host) {
  const auto place = place_of(origin, host);
  if (!place) return std::nullopt;
  const auto between = [&]() -> std::string_view {
    switch (place->service) {
      case Service::gitlab:
        return "/-/commit/";
      case Service::bitbucket:
        return "/commits/";
      case Service::github:
      case Service::gitea:
        return "/commit/";
    }
    return "";
  }();
  return fmt::format("https://{}/{}{}{}", place->host, place->path, between, commit.text());
}

std::optional<std::string> author_page(std::string_view origin, const ObjectId& commit, std::string_view name,
                                       std::string_view email, Host host) {
  const auto place = place_of(origin, host);
  if (!place) return std::nullopt;
  if (const auto login = login_in(email, *place)) return fmt::format("https://{}/{}", place->host, *login);
  switch (place->service) {
    case Service::github:
      if (email.empty()) return std::nullopt;
      return fmt::format("https://{}/{}/commits/{}?author={}", place->host, place->path, commit.text(),
                         http::percent_encode(email));
    case Service::gitlab:
      if (name.empty()) return std::nullopt;
      return fmt::format("https://{}/{}/-/commits/{}?author={}", place->host, place->path, commit.text(),
                         http::percent_encode(name));
    case Service::bitbucket:
    case Service::gitea:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace git
