#include "git/location.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view forms =
    "give https://host/path, ssh://user@host/path, user@host:path, file:///path or an absolute path";

[[noreturn]] void refuse(const std::string& field, std::string cause) {
  throw Error(ErrorKind::usage, {"read", field, std::move(cause), std::string(forms)});
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

// Host, user and path become arguments of the ssh program: what it would take for an option is refused.
SshLocation checked(SshLocation location, const std::string& field) {
  const auto plain = [](std::string_view text) {
    return !text.starts_with('-') && text.find_first_of(" \t\"'`$;&|<>(){}\\") == std::string_view::npos;
  };
  if (location.host.empty() || !plain(location.host)) refuse(field, "its host name is not one");
  if (!plain(location.user)) refuse(field, "its user name is not one");
  if (location.path.empty() || location.path.starts_with('-')) refuse(field, "it has no path of a repository");
  return location;
}

// "[user[:password]@]host[:port]"; a password is dropped, ssh takes none.
SshLocation parse_authority(std::string_view text, const std::string& field) {
  SshLocation result;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto user = text.substr(0, at);
    result.user = user.substr(0, user.find(':'));
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) refuse(field, "its host name is not one");
    result.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) refuse(field, "its host name is not one");
  } else {
    const auto colon = text.find(':');
    result.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (port.size() > 1) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0) refuse(field, "its port is not one");
    result.port = number;
  }
  return result;
}

Location parse_ssh_url(std::string_view rest, const std::string& field) {
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) refuse(field, "it has no path of a repository");
  SshLocation result = parse_authority(rest.substr(0, slash), field);
  const auto path = http::percent_decode(rest.substr(slash));
  if (!path || has_control_characters(*path)) refuse(field, "its path is badly escaped");
  // "/~user" means the home directory there, as git itself reads it.
  result.path = path->starts_with("/~") ? path->substr(1) : *path;
  return {checked(std::move(result), field)};
}

Location parse_local(std::string_view path, const std::string& field) {
  if (!path.starts_with('/')) refuse(field, "it is neither a URL nor an absolute path");
  return {LocalLocation{std::filesystem::path(path)}};
}

// The last component leaves `base` for each "../"; what is left of it.
std::string climb(std::string base, std::string_view& relative, const std::string& field) {
  while (base.ends_with('/')) base.pop_back();
  while (true) {
    if (relative.starts_with("./")) {
      relative.remove_prefix(2);
    } else if (relative.starts_with("../")) {
      relative.remove_prefix(3);
      const auto slash = base.rfind('/');
      if (base.empty()) refuse(field, "it leads above the root of the host");
      base = slash == std::string::npos ? "" : base.substr(0, slash);
    } else {
      return base;
    }
  }
}

}  // namespace

Location Location::parse(std::string_view text, const std::string& field) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) refuse(field, "it is empty");
  if (has_control_characters(text)) refuse(field, "it has control characters");
  if (text.starts_with("http://") || text.starts_with("https://")) {
    const auto url = http::Url::parse(text);
    if (!url) refuse(field, "it is not a URL");
    return {*url};
  }
  for (const std::string_view scheme : {"ssh://", "git+ssh://", "ssh+git://"}) {
    if (text.starts_with(scheme)) return parse_ssh_url(text.substr(scheme.size()), field);
  }
  if (text.starts_with("file://")) {
    const auto path = http::percent_decode(text.substr(7));
    if (!path || has_control_characters(*path)) refuse(field, "its path is badly escaped");
    return parse_local(*path, field);
  }
  if (text.find("://") != std::string_view::npos || text.find("::") != std::string_view::npos) {
    refuse(field, fmt::format("{} is not supported", text.substr(0, text.find(':'))));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && colon < text.find('/')) {
    SshLocation result = parse_authority(text.substr(0, colon), field);
    result.path = text.substr(colon + 1);
    result.short_form = true;
    return {checked(std::move(result), field)};
  }
  return parse_local(text, field);
}

std::string Location::text() const {
  if (const auto* url = std::get_if<http::Url>(&where)) return url->text();
  if (const auto* local = std::get_if<LocalLocation>(&where)) return local->path.string();
  const auto& ssh = std::get<SshLocation>(where);
  const std::string user = ssh.user.empty() ? "" : ssh.user + "@";
  if (ssh.short_form) return user + ssh.host + ":" + ssh.path;
  const std::string host = ssh.host.find(':') == std::string::npos ? ssh.host : "[" + ssh.host + "]";
  return fmt::format("ssh://{}{}{}{}{}", user, host, ssh.port ? fmt::format(":{}", *ssh.port) : "",
                     ssh.path.starts_with('/') ? "" : "/", ssh.path);
}

Location Location::resolve(std::string_view relative, const std::string& field) const {
  if (has_control_characters(relative)) refuse(field, "it has control characters");
  Location result = *this;
  if (auto* url = std::get_if<http::Url>(&result.where)) {
    const std::string base = climb(url->path, relative, field);
    const auto resolved =
        http::Url::parse(fmt::format("{}://{}{}/{}", url->origin.scheme, url->authority(), base, relative));
    if (!resolved) refuse(field, "it is not a URL");
    // The same origin: what was given for it serves here too.
    auto credentials = url->credentials;
    *url = *resolved;
    url->credentials = std::move(credentials);
  } else if (auto* ssh = std::get_if<SshLocation>(&result.where)) {
    const std::string base = climb(ssh->path, relative, field);
    ssh->path =
        base.empty() && !ssh->path.starts_with('/') ? std::string(relative) : base + "/" + std::string(relative);
    *ssh = checked(*ssh, field);
  } else {
    auto& local = std::get<LocalLocation>(result.where);
    const std::string base = climb(local.path.string(), relative, field);
    local.path = base + "/" + std::string(relative);
  }
  return result;
}

std::optional<http::Url> https_address_of(const Location& location) {
  const auto* ssh = std::get_if<SshLocation>(&location.where);
  if (ssh == nullptr) return std::nullopt;
  std::string_view path = ssh->path;
  while (path.starts_with('/')) path.remove_prefix(1);
  return http::Url::parse(fmt::format("https://{}/{}", ssh->host, path));
}

}  // namespace git
