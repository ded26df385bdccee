#include "kpack_image/check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "concourse/response.hpp"
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

std::optional<std::vector<kpack::Build>> builds_in(const kubernetes::Table& table) {
  const auto place_of = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), name) -
                                    table.columns.begin());
  };
  const auto name = place_of("Name");
  const auto image = place_of("Image");
  const auto succeeded = place_of("Succeeded");
  if (std::max({name, image, succeeded}) == table.columns.size()) return std::nullopt;
  std::vector<kpack::Build> builds;
  for (const auto& row : table.rows) {
    if (row[succeeded] != "True") continue;
    // kpack's names end in the number, however long an Image's is (kmeta.ChildName).
    const auto dash = row[name].rfind('-');
    if (dash == std::string::npos || !row[name].substr(0, dash).ends_with("-build")) return std::nullopt;
    kpack::Build build(json::Value::object());
    build.number = kpack::number_of(row[name].substr(dash + 1));
    if (build.number == 0) return std::nullopt;
    build.state = kpack::BuildState::succeeded;
    build.latest_image = row[image];
    builds.push_back(std::move(build));
  }
  return builds;
}

namespace {

// By a table, which is a twentieth of the objects; by the objects where that does not say what is needed.
std::vector<kpack::Build> list_builds(const Source& source, kubernetes::Client& client) {
  const kubernetes::Selection selection{fmt::format("{}={}", kpack::label::image, source.image), ""};
  if (const auto table = client.table(kpack::build_resource, source.space, selection)) {
    if (auto builds = builds_in(*table)) return std::move(*builds);
  }
  std::vector<kpack::Build> builds;
  for (auto& item : client.list(kpack::build_resource, source.space, selection, kpack::details_of_builds).items) {
    builds.emplace_back(std::move(item));
  }
  return builds;
}

// The repository, and as much of the digest as people compare.
std::string shown(const std::string& image) {
  constexpr std::string_view algorithm = "@sha256:";
  const auto digest = image.find(algorithm);
  return digest == std::string::npos ? image : image.substr(0, digest + algorithm.size() + 12);
}

}  // namespace

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      concourse::Context& context) {
  const auto connection = kubernetes::connect(source.cluster, context.environment, context.random, context.log);
  std::vector<concourse::Version> versions;
  std::vector<std::string> names;
  const auto known = version ? std::optional(version->image) : std::nullopt;
  for (const auto& image : images_since(list_builds(source, *connection.client), known)) {
    versions.push_back(write_version(image));
    names.push_back(shown(image));
  }
  const auto where = fmt::format("Image {} in namespace {}", source.image, source.space);
  context.log.info(concourse::news_of(where, names, known ? std::optional(shown(*known)) : std::nullopt));
  return versions;
}

}  // namespace kpack_image
