// Manifests, indexes and configurations as registries store them (image-spec: manifest.md, image-index.md,
// config.md; Docker image manifest V2, schema 2). Bytes are kept beside their parsed form: a digest is of bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "json/value.hpp"

namespace registry {

using base::Digest;

namespace media_type {
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view oci_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view oci_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view docker_layer_gzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view empty_json = "application/vnd.oci.empty.v1+json";
}  // namespace media_type

struct Platform {
  std::string os = "linux";
  std::string architecture;  // GOARCH: "amd64", "arm64"
  std::string variant;       // "v8"
  friend bool operator==(const Platform&, const Platform&) = default;
};

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;
  std::optional<Platform> platform;
  std::string artifact_type;
};

// A manifest or index: the bytes that its digest is of, and their parsed form.
struct RawManifest {
  std::string media_type;
  std::string bytes;
  Digest digest;
  json::Value value;
  [[nodiscard]] bool is_index() const;
};

struct Manifest {
  std::string media_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::map<std::string, std::string> annotations;
  std::optional<Descriptor> subject;
  std::string artifact_type;
};

// Error{protocol} naming `object` when something is missing, of a wrong type, or beyond bounds.
[[nodiscard]] RawManifest parse_raw(std::string media_type, std::string bytes, std::string_view object);
[[nodiscard]] Manifest parse_manifest(const RawManifest& raw, std::string_view object);
// One odd entry spoils nothing: it is kept apart, for whoever needs that one.
struct Index {
  struct Flawed {
    std::optional<Platform> platform;
    std::string cause;
  };
  std::vector<Descriptor> entries;
  std::vector<Flawed> flawed;
};
[[nodiscard]] Index parse_index(const RawManifest& raw, std::string_view object);
// For whoever needs all of it: Error{protocol} for an odd entry.
[[nodiscard]] std::vector<Descriptor> parse_whole_index(const RawManifest& raw, std::string_view object);
// The bytes to push, with sorted keys: the same manifest has the same digest each time.
[[nodiscard]] RawManifest serialize(const Manifest& manifest);

// The platform of this machine.
[[nodiscard]] Platform host_platform();
// The entry of an index that fits best: OS and architecture equal, the variant equal where both say one.
[[nodiscard]] const Descriptor* choose(const std::vector<Descriptor>& entries, const Platform& wanted);

// An image: its manifest and the configuration that belongs to it. `config` keeps members it does not know, so that
// a rebase or a new tag changes nothing else.
struct Image {
  RawManifest raw;
  Manifest manifest;
  json::Value config;  // the image configuration (config.md)
  // Error{protocol} where the configuration is not one that an image can stand on: other diffIDs than layers, members
  // of another type than config.md has. What is not a container image (an artifact) is not judged.
  void require_sound(std::string_view object) const;
  [[nodiscard]] std::vector<Digest> diff_ids() const;
  [[nodiscard]] std::optional<std::string> label(std::string_view name) const;
  [[nodiscard]] Platform platform() const;
};

}  // namespace registry
