#include "image/check.hpp"

#include "registry/connection.hpp"

namespace image {

std::vector<concourse::Version> check_tag(const registry::Repository& repository, const std::string& tag,
                                          const std::optional<Version>& version, registry::Client& client) {
  const registry::Reference reference{repository, tag, std::nullopt};
  const auto current = client.resolve(reference);
  if (!current) return {};
  std::vector<concourse::Version> result;
  const bool moved = version && version->tag == tag && version->digest != current->digest;
  if (moved && client.resolve(reference.with(version->digest))) result.push_back(write_version(tag, version->digest));
  result.push_back(write_version(tag, current->digest));
  return result;
}

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      concourse::Context& context) {
  const registry::Connection connection = registry::connect(source.hosts, context);
  registry::Client& client = *connection.registry;
  if (source.tag) return check_tag(source.repository, *source.tag, version, client);
  if (const auto* pattern = std::get_if<PatternTags>(&source.tags)) {
    return check_pattern(source.repository, *pattern, source.platform, client);
  }
  return check_semantic(source.repository, std::get<SemanticTags>(source.tags), version, client);
}

}  // namespace image
