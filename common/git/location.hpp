// Where a repository is, as people write it (git-fetch, "GIT URLS"): http(s):// and ssh:// URLs, the short form
// user@host:path, file:// URLs and absolute paths. What would start a program (ext::, fd::) and what has no
// authenticity (git://, ftp://) is refused. Credentials in a URL are taken out when it is parsed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/url.hpp"

namespace git {

struct SshLocation {
  std::string user;  // empty: the ssh program's default
  std::string host;
  std::optional<std::uint16_t> port;
  std::string path;  // as the server's shell will see it, "~" included
  bool short_form = false;
};

struct LocalLocation {
  std::filesystem::path path;
};

struct Location {
  std::variant<http::Url, SshLocation, LocalLocation> where;

  // Error{usage} naming `field` and what can be written there.
  [[nodiscard]] static Location parse(std::string_view text, const std::string& field);
  // For people and for .git/config: without credentials.
  [[nodiscard]] std::string text() const;
  // The repository's address for a relative one as .gitmodules has it ("../other.git", git-submodule, "add").
  // Error{usage} when it climbs above the host.
  [[nodiscard]] Location resolve(std::string_view relative, const std::string& field) const;
};

// Where hosting services have the repository of an ssh address by https: "git@host:acme/app.git" at
// https://host/acme/app.git. Nothing for what is not an ssh address.
[[nodiscard]] std::optional<http::Url> https_address_of(const Location& location);

}  // namespace git
