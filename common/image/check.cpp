#include "image/check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "builds/store.hpp"
#include "concourse/response.hpp"
#include "registry/connection.hpp"
#include "registry/limits.hpp"

namespace image {
namespace {

std::vector<concourse::Version> check_at(const registry::Repository& repository, const Source& source,
                                         const std::optional<Version>& version, registry::Client& client) {
  if (source.tag) return check_tag(repository, *source.tag, version, client);
  if (const auto* pattern = std::get_if<PatternTags>(&source.tags)) {
    return check_pattern(repository, *pattern, source.platform, client);
  }
  return check_semantic(repository, std::get<SemanticTags>(source.tags), version, client);
}

// A mirror is only nice to have: it gets one short try. Nothing where it does not answer or knows nothing.
std::vector<concourse::Version> check_mirror(const registry::Repository& mirror, const Source& source,
                                             const std::optional<Version>& version, registry::Client& client,
                                             base::Log& log) {
  try {
    auto found = check_at(mirror, source, version, client.brief());
    if (found.empty()) {
      log.warning(fmt::format("the mirror has nothing of {}; asking {}", mirror.text(), source.repository.host));
    }
    return found;
  } catch (const base::Error& error) {
    log.warning(fmt::format("{}; asking {} instead of the mirror", error.what(), source.repository.host));
    return {};
  }
}

}  // namespace

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

std::vector<registry::Digest> earlier_digests(registry::Client& client, const registry::Repository& repository,
                                              const registry::Digest& current, std::uint32_t count, base::Log& log) {
  constexpr std::size_t lanes = registry::HostLimits{}.questions;
  const auto [record, unknown] = builds::look_for_record(client, repository, current);
  // A registry that always fails here must not keep a resource without any version.
  if (!unknown.empty()) log.warning("the builds before are not known: " + unknown);
  if (!record) return {};
  std::vector<registry::Digest> told;
  for (const auto& earlier : record->record.earlier) {
    if (told.size() + 1 >= count) break;
    const auto digest = registry::Digest::parse(earlier.image);
    // A digest that came back (a base that was reverted) stands where it was last.
    if (digest && *digest != current && std::find(told.begin(), told.end(), *digest) == told.end()) {
      told.push_back(*digest);
    }
  }
  std::vector<char> there(told.size());
  base::for_each_parallel(told.size(), lanes, [&](std::size_t i) {
    there[i] = client.resolve({repository, std::nullopt, told[i]}) ? 1 : 0;
  });
  std::vector<registry::Digest> result;
  for (std::size_t i = told.size(); i-- > 0;) {
    if (there[i] != 0) result.push_back(told[i]);
  }
  return result;
}

namespace {

// Concourse has no version of the resource: it is new, or its type's image has changed and its history is forgotten.
std::vector<concourse::Version> first_check(const Source& source, registry::Client& client, base::Log& log) {
  const auto current = client.resolve({source.repository, *source.tag, std::nullopt});
  if (!current) return {};
  std::vector<concourse::Version> result;
  for (const auto& digest : earlier_digests(client, source.repository, current->digest, source.history, log)) {
    result.push_back(write_version(*source.tag, digest));
  }
  result.push_back(write_version(*source.tag, current->digest));
  return result;
}

}  // namespace

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      registry::Client& client, base::Log& log) {
  if (source.mirror) {
    auto found = check_mirror(*source.mirror, source, version, client, log);
    if (!found.empty()) return found;
  }
  if (source.tag && !version && source.history > 1) return first_check(source, client, log);
  return check_at(source.repository, source, version, client);
}

namespace {

// The digest, as short as people compare them; and its tag where the source follows several.
std::string shown(const Source& source, const std::string& tag, const std::string& digest) {
  constexpr std::size_t short_digest = std::string_view("sha256:").size() + 12;
  const auto text = digest.substr(0, short_digest);
  return source.tag ? text : fmt::format("{} ({})", tag, text);
}

}  // namespace

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      concourse::Context& context) {
  const registry::Connection connection = registry::connect(source.hosts, context);
  auto found = check(source, version, *connection.registry, context.log);
  std::vector<std::string> names;
  for (const auto& one : found) names.push_back(shown(source, one.at("tag"), one.at("digest")));
  const auto known = version ? std::optional(shown(source, version->tag, version->digest.text())) : std::nullopt;
  const auto where = source.repository.text() + (source.tag ? ":" + *source.tag : "");
  context.log.info(concourse::news_of(where, names, known));
  return found;
}

}  // namespace image
