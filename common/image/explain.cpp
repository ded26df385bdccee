#include "image/explain.hpp"

#include <fmt/format.h>

#include "clouds/ecr_host.hpp"
#include "image/kind.hpp"

namespace image {
namespace {

std::string described(const std::variant<SemanticTags, PatternTags>& tags) {
  if (const auto* pattern = std::get_if<PatternTags>(&tags)) return fmt::format("tags like /{}/", pattern->pattern);
  const auto& variant = std::get<SemanticTags>(tags).variant;
  return variant.empty() ? "tags that are versions" : fmt::format("tags that are versions of the variant {}", variant);
}

}  // namespace

std::string explain(const Source& source) {
  std::string result = fmt::format("{}\n", concourse::describe(kind()));
  result +=
      fmt::format("repository {}, {}, platform {}/{}{}{}\n", source.repository.text(),
                  source.tag ? "tag " + *source.tag : described(source.tags), source.platform.os,
                  source.platform.architecture, source.platform.variant.empty() ? "" : "/", source.platform.variant);
  if (const auto name = clouds::parse_ecr_host(source.repository.host); name && name->account.empty()) {
    result += "before dkr.ecr stands the account of the login, which only the login tells\n";
  }
  result += "would contact\n";
  for (const auto& host : source.hosts) result += registry::contacts_of(host);
  if (source.cache) result += fmt::format("the build cache is {}\n", source.cache->text());
  return result;
}

}  // namespace image
