#include "kpack_image/in.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "kpack/kept_log.hpp"
#include "kpack/record.hpp"
#include "kpack/resources.hpp"
#include "kpack_image/metadata.hpp"

namespace kpack_image {
namespace {

// The Image's Builds, oldest first.
std::vector<kpack::Build> list_builds(const Source& source, kubernetes::Client& client) {
  const kubernetes::Selection selection{fmt::format("{}={}", kpack::label::image, source.image), ""};
  std::vector<kpack::Build> builds;
  for (auto& item : client.list(kpack::build_resource, source.space, selection).items) {
    builds.emplace_back(std::move(item));
  }
  std::sort(builds.begin(), builds.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return builds;
}

// The newest Build that made the image: one digest may be made several times.
std::optional<std::size_t> build_of(const std::vector<kpack::Build>& builds, const Version& version) {
  for (std::size_t i = builds.size(); i-- > 0;) {
    if (builds[i].state == kpack::BuildState::succeeded && builds[i].latest_image == version.image) return i;
  }
  return std::nullopt;
}

// The tag is the Image's for ever; an Image that was deleted has none to tell.
std::string tag_of(const Source& source, const std::optional<kpack::Build>& build, kubernetes::Client& client) {
  if (build && !build->tag.empty()) return kpack::record_of(*build).tag;
  const auto image = client.find(kpack::image_resource, source.space, source.image);
  if (!image) return "latest";
  const auto tag = kpack::Image(*image).tag;
  const auto slash = tag.rfind('/');
  const auto colon = tag.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos ? "latest" : tag.substr(colon + 1);
}

// Up to the Build of the version, so that a get of it gives the same again as long as kpack keeps the Builds.
void write_builds(const std::vector<kpack::Build>& builds, std::size_t newest, std::uint32_t count,
                  const Source& source, kubernetes::Client& client, const std::filesystem::path& destination,
                  base::Log& log) {
  const auto first = newest + 1 > count ? newest + 1 - count : 0;
  std::vector<builds::HistoryEntry> entries;
  for (auto i = first; i <= newest; ++i) {
    const auto& build = builds[i];
    entries.push_back({kpack::row_of(build), builds::to_json(kpack::record_of(build)),
                       kpack::kept_log(client, source.space, build, log)});
  }
  builds::write_history(entries, destination);
}

}  // namespace

concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                 const std::filesystem::path& destination, concourse::Context& context) {
  const auto connection = kubernetes::connect(source.cluster, context.environment, context.random, context.log);
  const auto builds = list_builds(source, *connection.client);
  const auto found = build_of(builds, version);
  std::optional<kpack::Build> build;
  if (found) build = builds[*found];
  if (build) {
    context.log.success(fmt::format("{}: built by #{} ({})", version.image, build->number, build->reasons));
  } else {
    context.log.info("kpack has deleted the build of this image: nothing more is known of it");
  }
  const deploying::Image image{version.repository, tag_of(source, build, *connection.client), version.digest.text()};
  base::write_file(destination / "image", version.image);
  base::write_file(destination / "repository", image.repository);
  base::write_file(destination / "tag", image.tag);
  base::write_file(destination / "digest", image.digest);
  deploying::write_files(params.deploy, image, destination);
  if (params.builds > 0 && found) {
    write_builds(builds, *found, params.builds, source, *connection.client, destination, context.log);
  } else if (params.builds > 0) {
    builds::write_history({}, destination);
  }
  return {write_version(version.image), metadata_of(version, build)};
}

}  // namespace kpack_image
