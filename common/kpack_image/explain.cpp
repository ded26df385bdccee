#include "kpack_image/explain.hpp"

#include <fmt/format.h>

#include "kpack_image/kind.hpp"

namespace kpack_image {

std::string explain(const Source& source) {
  auto result = fmt::format("{}\nthe Image {} in namespace {}\nwould contact\n  {}\n", concourse::describe(kind()),
                            source.image, source.space, kubernetes::contact_of(source.cluster));
  if (source.github_app && source.git.lookup) {
    result +=
        fmt::format("  the Image's git repository, with tokens of the GitHub App {} from {}\n", source.github_app->id,
                    source.github_app->api ? source.github_app->api->shown() : "the API of its host");
  }
  for (const auto& host : source.hosts) {
    result += fmt::format("  {} for source images, {}\n", host.host,
                          host.credentials ? "as " + host.credentials->name() : "anonymously");
  }
  return result;
}

}  // namespace kpack_image
