#include "image/source.hpp"

#include <fmt/format.h>

namespace image {
namespace {

// Fields of the registry-image resource that mean something this kind does not do: silence would be a lie.
void describe_refused(json::Fields<SourceFields>& fields) {
  fields.refused("content_trust", "Docker has ended Notary v1; pin a digest or verify signatures in a task");
}

// Fields that choose tags in another way than the one that counts. The registry-image resource ignores them silently,
// and pipelines have them.
std::vector<std::string> without_effect(const SourceFields& fields) {
  std::vector<std::string> result;
  const auto note = [&](std::string_view name, bool given, std::string_view chosen) {
    if (given) result.push_back(fmt::format("source.{} has no effect beside source.{}", name, chosen));
  };
  const bool by_tag = !fields.tag.text.empty();
  const bool by_pattern = !by_tag && !fields.tag_regex.empty();
  if (by_tag || by_pattern) {
    const std::string_view chosen = by_tag ? "tag" : "tag_regex";
    note("semver_constraint", !fields.semver_constraint.empty(), chosen);
    note("pre_releases", fields.pre_releases, chosen);
    note("pre_release_prefixes", !fields.pre_release_prefixes.empty(), chosen);
  }
  if (by_tag) note("tag_regex", !fields.tag_regex.empty(), "tag");
  if (fields.created_at_sort && !by_pattern) {
    result.emplace_back("source.created_at_sort has no effect without source.tag_regex");
  }
  return result;
}

std::vector<std::string> warnings_of(const SourceFields& fields) {
  auto result = without_effect(fields);
  for (auto& note : registry::fields_without_effect(fields, fields.insecure, "source"))
    result.push_back(std::move(note));
  if (fields.tag.was_fraction) {
    result.push_back(fmt::format(
        "source.tag is the number {}, which YAML makes of 3.10 and 3.1 alike: write it in quotes", fields.tag.text));
  }
  return result;
}

std::variant<SemanticTags, PatternTags> read_tags(const SourceFields& fields) {
  if (!fields.tag_regex.empty()) {
    require_pattern(fields.tag_regex, "source.tag_regex");
    return PatternTags{fields.tag_regex,
                       fields.created_at_sort ? PatternTags::Order::created : PatternTags::Order::listed};
  }
  SemanticTags result;
  result.variant = fields.variant;
  if (!fields.semver_constraint.empty()) {
    result.constraint = SemanticConstraint::parse(fields.semver_constraint, "source.semver_constraint");
  }
  using PreReleases = SemanticTags::PreReleases;
  result.pre_releases = fields.pre_releases ? PreReleases::followed : PreReleases::left_out;
  result.more_prefixes = fields.pre_release_prefixes;
  return result;
}

std::optional<registry::Repository> mirror_of(const SourceFields& fields, const registry::Repository& repository) {
  if (!fields.registry_mirror || repository.host != registry::docker_hub) return std::nullopt;
  const std::string field = "source.registry_mirror.host";
  auto result = registry::parse_repository(fields.registry_mirror->host + "/" + repository.path, field);
  if (result.path != repository.path) {
    json::wrong_value(field, fmt::format("\"{}\" is not a host with its port", fields.registry_mirror->host));
  }
  return result;
}

std::vector<registry::HostOptions> hosts_of(const SourceFields& fields, const registry::Repository& repository) {
  auto others = registry::to_options(fields.registries);
  if (fields.registry_mirror) {
    others.push_back(registry::to_options(*fields.registry_mirror, "source.registry_mirror"));
    others.back().named_by = "source.registry_mirror";
  }
  return registry::hosts_of(
      {static_cast<const registry::LoginFields&>(fields), repository.host, fields.insecure, fields.ca_certs},
      std::move(others));
}

}  // namespace

void describe(json::Fields<SourceFields>& fields) {
  fields.required("repository", &SourceFields::repository,
                  "the image's repository without a tag, such as registry.example.com/acme/app");
  fields.optional("tag", &SourceFields::tag,
                  "the tag to watch, and to push. Without it `check` follows the tags that are semantic versions. "
                  "Quote a number: `'3.10'`");
  fields.optional("tag_regex", &SourceFields::tag_regex, "a pattern (RE2) of the tags to watch. In place of `tag`");
  fields.optional(
      "created_at_sort", &SourceFields::created_at_sort,
      "order the tags of `tag_regex` by when their images were created. Default: false, the registry's order");
  fields.optional("variant", &SourceFields::variant,
                  "the suffix of the semantic versions to watch and to push. Example: `alpine` for 1.2.3-alpine");
  fields.optional("semver_constraint", &SourceFields::semver_constraint,
                  "which semantic versions to watch. Example: `~1.2` or `'>= 1.0, < 3'`");
  fields.optional("pre_releases", &SourceFields::pre_releases,
                  "watch pre-releases, such as 1.0.0-rc.1, too. Default: false");
  fields.optional("pre_release_prefixes", &SourceFields::pre_release_prefixes,
                  "list of what a pre-release may begin with beside `alpha`, `beta` and `rc`. Example: `[build]` for "
                  "1.0.0-build.3");
  registry::describe_login(fields);
  fields.optional("insecure", &SourceFields::insecure,
                  "speak plain HTTP where the registry has no TLS. Default: false");
  fields.optional("ca_certs", &SourceFields::ca_certs,
                  "list of PEM certificates to trust beside the system's, at this registry alone");
  fields.optional("registries", &SourceFields::registries,
                  "list of logins at other hosts: of the run image, the cache, the builder");
  fields.optional("registry_mirror", &SourceFields::registry_mirror,
                  "a mirror of Docker Hub, which a check and a get ask first");
  fields.optional("platform", &SourceFields::platform, "which image of a multi-platform index to take");
  fields.optional("label_regex", &SourceFields::label_regex,
                  "a pattern (RE2). A get shows the labels of the image whose names it matches");
  fields.optional("annotation_regex", &SourceFields::annotation_regex,
                  "a pattern (RE2). A get shows the annotations of the manifest whose names it matches");
  fields.optional(
      "cache", &SourceFields::cache,
      "the image that keeps the build cache, with its tag. Default: the tag `cache-<tag>` of the same repository");
  fields.optional("history", &SourceFields::history,
                  "the number of the tag's last builds that a check without a version reports, from their records; "
                  "needs `tag`. Default: 1. At most 100");
  fields.optional("debug", &SourceFields::debug, "log each request, without credentials. Default: false");
  describe_refused(fields);
}

Source read_source(const json::Value& source) {
  const auto fields = json::read<SourceFields>(source, "source");
  Source result;
  result.written_repository = registry::repository_in_full(fields, fields.repository, "source");
  result.repository = registry::parse_repository(result.written_repository, "source.repository");
  if (!fields.tag.text.empty()) {
    if (!registry::is_tag(fields.tag.text)) {
      json::wrong_value("source.tag", fmt::format("\"{}\" is not a tag", fields.tag.text),
                        "a tag has at most 128 letters, digits, _ . - and starts with none of . -");
    }
    result.tag = fields.tag.text;
  }
  result.variant = fields.variant;
  result.tags = read_tags(fields);
  result.warnings = warnings_of(fields);
  result.platform = to_platform(fields.platform);
  result.hosts = hosts_of(fields, result.repository);
  result.mirror = mirror_of(fields, result.repository);
  require_pattern(fields.label_regex, "source.label_regex");
  require_pattern(fields.annotation_regex, "source.annotation_regex");
  result.label_regex = fields.label_regex;
  result.annotation_regex = fields.annotation_regex;
  constexpr std::uint32_t most_builds = 100;
  if (fields.history < 1 || fields.history > most_builds) {
    json::wrong_value("source.history", fmt::format("{} is not from 1 to {}", fields.history, most_builds));
  }
  if (fields.history > 1 && fields.tag.text.empty()) {
    json::wrong_value("source.history", "it has no effect without source.tag");
  }
  result.history = fields.history;
  if (!fields.cache.empty()) result.cache = registry::Reference::parse(fields.cache, "source.cache");
  return result;
}

std::string image_name(const Source& source, const registry::Digest& digest) {
  return fmt::format("{}@{}", source.written_repository, digest.text());
}

}  // namespace image

namespace json {

image::TagText Type<image::TagText>::read(const Value& value, const std::string& path) {
  if (!value.is_number_float()) return {json::read<std::string>(value, path), false};
  auto text = value.dump();
  // A number that needs an exponent was not meant as a tag.
  if (text.find_first_not_of("0123456789.") != std::string::npos) wrong_type(path, "text", value);
  return {std::move(text), true};
}
Value Type<image::TagText>::schema() { return {{"type", {"string", "number"}}}; }

}  // namespace json
