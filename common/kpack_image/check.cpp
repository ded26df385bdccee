#include "kpack_image/check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "kpack/resources.hpp"

namespace kpack_image {

std::vector<std::string> images_since(std::vector<kpack::Build> builds, const std::optional<std::string>& known) {
  std::sort(builds.begin(), builds.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<std::string> images;
  for (auto& build : builds) {
    if (build.state != kpack::BuildState::succeeded || build.latest_image.empty()) continue;
    if (images.empty() || images.back() != build.latest_image) images.push_back(std::move(build.latest_image));
  }
  if (images.empty()) return images;
  // The first of equal ones, so that what came between is not left out where a digest came back.
  auto from = known ? std::find(images.begin(), images.end(), *known) : images.end();
  if (from == images.end()) from = std::prev(images.end());
  images.erase(images.begin(), from);
  return images;
}

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      concourse::Context& context) {
  const auto connection = kubernetes::connect(source.cluster, context.environment, context.random, context.log);
  const kubernetes::Selection selection{fmt::format("{}={}", kpack::label::image, source.image), ""};
  auto listing = connection.client->list(kpack::build_resource, source.space, selection, kpack::details_of_builds);
  std::vector<kpack::Build> builds;
  builds.reserve(listing.items.size());
  for (auto& item : listing.items) builds.emplace_back(std::move(item));
  std::vector<concourse::Version> versions;
  for (const auto& image : images_since(std::move(builds), version ? std::optional(version->image) : std::nullopt)) {
    versions.push_back(write_version(image));
  }
  return versions;
}

}  // namespace kpack_image
