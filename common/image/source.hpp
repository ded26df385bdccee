// The `source` of the image kind: which repository, which of its tags, and how the registries are reached. The fields
// are those of the registry-image resource, so that a pipeline can change its type; `registries` and `cache` are ours.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "image/platform.hpp"
#include "image/tags.hpp"
#include "json/fields.hpp"
#include "registry/client.hpp"
#include "registry/hosts.hpp"
#include "registry/manifest.hpp"
#include "registry/reference.hpp"

namespace image {

// A tag as the pipeline has it: text, or a number that YAML made of it (17, 3.7).
struct TagText {
  std::string text;
  bool was_fraction = false;
};

// As written by the user; read_source() turns it into a Source.
struct SourceFields : registry::LoginFields {
  std::string repository;
  TagText tag;
  std::string tag_regex;
  bool created_at_sort = false;
  std::string variant;
  std::string semver_constraint;
  bool pre_releases = false;
  std::vector<std::string> pre_release_prefixes;
  bool insecure = false;
  std::vector<std::string> ca_certs;
  std::optional<PlatformFields> platform;
  std::vector<registry::HostFields> registries;
  std::optional<registry::HostFields> registry_mirror;
  std::string label_regex;
  std::string annotation_regex;
  std::string cache;
  std::uint32_t history = 1;
  bool debug = false;
};
void describe(json::Fields<SourceFields>& fields);

struct Source {
  std::string written_repository;  // as the user wrote it: what the file `repository` says
  registry::Repository repository;
  std::optional<std::string> tag;
  std::string variant;  // behind the version that a put pushes, whatever is watched
  // What check follows where there is no tag.
  std::variant<SemanticTags, PatternTags> tags;
  registry::Platform platform;  // this machine's where the source names none
  // The repository's own host first, then those of `registries`.
  std::vector<registry::HostOptions> hosts;
  // The same on a mirror, which check and in ask first. For a repository of Docker Hub alone, as docker has it, so that
  // one mirror may be set in every pipeline.
  std::optional<registry::Repository> mirror;
  // Patterns (RE2) of the labels' and annotations' names that a get shows; empty: none.
  std::string label_regex;
  std::string annotation_regex;
  std::optional<registry::Reference> cache;  // the cache image; nothing: the put's default
  std::uint32_t history = 1;                 // how many builds the first check of a tag tells of
  // What is to be said of fields that are taken, but not as they may have been meant.
  std::vector<std::string> warnings;
};

// Error{usage} naming the field.
[[nodiscard]] Source read_source(const json::Value& source);

// "repository@digest", as the user wrote the repository: what a pipeline hands to kubectl.
[[nodiscard]] std::string image_name(const Source& source, const registry::Digest& digest);

}  // namespace image

namespace json {
template <>
struct Type<image::TagText> {
  static image::TagText read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
