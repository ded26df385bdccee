// The name of an image or artifact: host, repository, and a tag, a digest or both
// (distribution-spec, "Pulling manifests"; grammar of github.com/distribution/reference).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace registry {

using base::Digest;

struct Repository {
  std::string host;  // "registry.example.com:5000"; a reference without one means Docker Hub
  std::string path;  // "acme/petclinic"; on Docker Hub "library/" is put before a bare name
  // "registry.example.com/acme/petclinic"
  [[nodiscard]] std::string text() const { return host + "/" + path; }
  friend bool operator==(const Repository&, const Repository&) = default;
};

struct Reference {
  Repository repository;
  std::optional<std::string> tag;
  std::optional<Digest> digest;

  // Error{usage} with the path of the field it came from. Without tag and digest the tag is "latest".
  [[nodiscard]] static Reference parse(std::string_view text, std::string_view field);
  // What follows /manifests/: the digest when there is one, else the tag.
  [[nodiscard]] std::string manifest_name() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] Reference with(const Digest& other) const { return {repository, std::nullopt, other}; }
  [[nodiscard]] Reference with_tag(std::string other) const { return {repository, std::move(other), std::nullopt}; }
  friend bool operator==(const Reference&, const Reference&) = default;
};

// The host of a reference that names none, and the one that its registry has on the wire.
inline constexpr std::string_view docker_hub = "docker.io";
[[nodiscard]] std::string host_on_the_wire(const std::string& host);

// Error{usage} naming `field`.
[[nodiscard]] Repository parse_repository(std::string_view text, std::string_view field);
[[nodiscard]] bool is_tag(std::string_view text);

}  // namespace registry
