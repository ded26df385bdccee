#include "image/source.hpp"

#include <fmt/format.h>

namespace image {
namespace {

registry::Platform read_platform(const std::optional<PlatformFields>& fields) {
  registry::Platform result = registry::host_platform();
  if (!fields) return result;
  if (!fields->os.empty()) result.os = fields->os;
  if (!fields->architecture.empty()) {
    const auto slash = fields->architecture.find('/');
    result.architecture = fields->architecture.substr(0, slash);
    result.variant = slash == std::string::npos ? "" : fields->architecture.substr(slash + 1);
  }
  if (!fields->variant.empty()) result.variant = fields->variant;
  return result;
}

// Fields of the registry-image resource that mean something this kind does not do: silence would be a lie.
void describe_refused(json::Fields<SourceFields>& fields) {
  fields.refused("content_trust", "Docker has ended Notary v1; pin a digest or verify signatures in a task");
  for (const auto* name : {"label_regex", "annotation_regex"}) {
    fields.refused(name, "choose images by source.tag, source.tag_regex or source.semver_constraint");
  }
  fields.refused("registry_mirror", "name the mirror's repository in source.repository");
  for (const auto* name : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_region",
                           "aws_role_arn", "aws_role_arns", "aws_account_id", "aws_ecr_registry_id", "azure_acr",
                           "azure_client_id", "azure_tenant_id", "azure_environment"}) {
    fields.refused(name, "give source.username and source.password");
  }
}

// What is said beside another way to choose tags would be without effect: better an error than a surprise.
void require_nothing_beside(const SourceFields& fields, std::string_view chosen) {
  const auto refuse = [&](std::string_view name, bool given) {
    if (!given) return;
    json::wrong_value(fmt::format("source.{}", name), fmt::format("it means nothing beside source.{}", chosen),
                      "leave one of the two out");
  };
  refuse("semver_constraint", !fields.semver_constraint.empty());
  refuse("pre_releases", fields.pre_releases);
  refuse("pre_release_prefixes", !fields.pre_release_prefixes.empty());
  if (chosen == "tag") refuse("tag_regex", !fields.tag_regex.empty());
}

std::variant<SemanticTags, PatternTags> read_tags(const SourceFields& fields) {
  if (fields.created_at_sort && fields.tag_regex.empty()) {
    json::wrong_value("source.created_at_sort", "it means nothing without source.tag_regex");
  }
  if (!fields.tag.empty()) require_nothing_beside(fields, "tag");
  if (!fields.tag_regex.empty()) {
    require_nothing_beside(fields, "tag_regex");
    require_pattern(fields.tag_regex);
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
  if (!fields.pre_release_prefixes.empty()) result.pre_release_prefixes = fields.pre_release_prefixes;
  return result;
}

}  // namespace

void describe(json::Fields<PlatformFields>& fields) {
  fields.optional("os", &PlatformFields::os, "operating system; default linux");
  fields.optional("architecture", &PlatformFields::architecture,
                  "architecture as Go names it, amd64 or arm64/v8; default this machine's");
  fields.optional("variant", &PlatformFields::variant, "variant of the architecture, such as v8");
}

void describe(json::Fields<SourceFields>& fields) {
  fields.required("repository", &SourceFields::repository,
                  "the image's repository without a tag, such as registry.example.com/acme/app");
  fields.optional("tag", &SourceFields::tag, "the tag to watch and to push");
  fields.optional("tag_regex", &SourceFields::tag_regex, "pattern (RE2) of the tags to watch, instead of one tag");
  fields.optional("created_at_sort", &SourceFields::created_at_sort,
                  "whether the tags of tag_regex are ordered by the creation of their images");
  fields.optional("variant", &SourceFields::variant,
                  "suffix of the semantic version tags to watch: alpine for 1.2.3-alpine");
  fields.optional("semver_constraint", &SourceFields::semver_constraint,
                  "which semantic version tags to watch: \"~1.2\", \">= 1.0, < 3\"");
  fields.optional("pre_releases", &SourceFields::pre_releases, "whether pre-releases such as 1.0.0-rc.1 are watched");
  fields.optional("pre_release_prefixes", &SourceFields::pre_release_prefixes,
                  "how pre-releases begin; default alpha, beta, rc");
  fields.optional("username", &SourceFields::username,
                  "user name at the registry; \"<token>\" when the password is an identity token");
  fields.optional("password", &SourceFields::password, "password or token at the registry");
  fields.optional("insecure", &SourceFields::insecure, "whether the registry may be spoken to in plain HTTP");
  fields.optional("ca_certs", &SourceFields::ca_certs,
                  "PEM certificates to trust beside the system's, at this registry alone");
  fields.optional("platform", &SourceFields::platform, "which image of a multi-platform index to fetch");
  fields.optional("registries", &SourceFields::registries,
                  "credentials of other hosts: of the run image, the cache, the base");
  fields.optional("cache", &SourceFields::cache, "the image that keeps the build cache, with its tag");
  fields.optional(
      "history", &SourceFields::history,
      "how many of the tag's last builds a check without a version reports, as after a change of the type's "
      "image, when Concourse has forgotten them; default 1, at most 100; needs tag");
  fields.optional("debug", &SourceFields::debug, "whether the log shows each request");
  describe_refused(fields);
}

Source read_source(const json::Value& source) {
  const auto fields = json::read<SourceFields>(source, "source");
  Source result;
  result.written_repository = fields.repository;
  result.repository = registry::parse_repository(fields.repository, "source.repository");
  if (!fields.tag.empty()) {
    if (!registry::is_tag(fields.tag)) {
      json::wrong_value("source.tag", fmt::format("\"{}\" is not a tag", fields.tag),
                        "a tag has at most 128 letters, digits, _ . - and starts with none of . -");
    }
    result.tag = fields.tag;
  }
  result.tags = read_tags(fields);
  result.platform = read_platform(fields.platform);
  result.hosts = registry::hosts_of(
      {result.repository.host, fields.username, fields.password, fields.insecure, fields.ca_certs}, fields.registries);
  constexpr std::uint32_t most_builds = 100;
  if (fields.history < 1 || fields.history > most_builds) {
    json::wrong_value("source.history", fmt::format("{} is not from 1 to {}", fields.history, most_builds));
  }
  if (fields.history > 1 && fields.tag.empty()) {
    json::wrong_value("source.history", "it means nothing without source.tag");
  }
  result.history = fields.history;
  if (!fields.cache.empty()) result.cache = registry::Reference::parse(fields.cache, "source.cache");
  return result;
}

std::string image_name(const Source& source, const registry::Digest& digest) {
  return fmt::format("{}@{}", source.written_repository, digest.text());
}

}  // namespace image
