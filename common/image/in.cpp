#include "image/in.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/wording.hpp"
#include "builds/history.hpp"
#include "concourse/destination.hpp"
#include "image/formats.hpp"
#include "image/metadata.hpp"
#include "image/rootfs.hpp"
#include "image/sbom_files.hpp"
#include "registry/connection.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;

[[noreturn]] void version_is_gone(const registry::Reference& reference) {
  throw Error(ErrorKind::not_found, {"fetch", "image " + reference.text(), "the registry has no such image any more",
                                     "let check report the versions anew (fly check-resource)"});
}

// For a get that fetches nothing the image is only looked at for its metadata: what is not an image will do.
std::optional<registry::Image> look_at(const registry::Reference& reference, const registry::Platform& platform,
                                       registry::Client& client, base::Log& log) {
  try {
    auto image = client.find_image(reference, platform);
    if (!image) version_is_gone(reference);
    return image;
  } catch (const Error& error) {
    const bool no_such_image = error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::protocol;
    if (!no_such_image || !client.resolve(reference)) throw;
    log.debug(fmt::format("no metadata: {}", error.what()));
    return std::nullopt;
  }
}

// The root of an image that says nothing of its root; whatever the umask.
void make_root(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directory(path, code);
  if (!code) std::filesystem::permissions(path, std::filesystem::perms{0755}, code);
  if (code) throw base::system_error("create directory", path.string(), code.value());
}

void write_rootfs(const Source& source, const registry::Image& image, const std::filesystem::path& destination,
                  registry::Client& client, base::Log& log) {
  const auto start = log.clock().steady_now();
  make_root(destination / "rootfs");
  unpack_rootfs(client, source.repository, image, destination / "rootfs", log);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(log.clock().steady_now() - start);
  log.success(fmt::format("unpacked into rootfs/ in {}", base::human_duration(took)));
  base::write_file(destination / "metadata.json", metadata_json(image));
  base::write_file(destination / "labels.json", labels_json(image));
}

void write_references(const Source& source, const Version& version, const std::filesystem::path& destination) {
  base::write_file(destination / "repository", source.written_repository);
  base::write_file(destination / "tag", version.tag);
  base::write_file(destination / "digest", version.digest.text());
  base::write_file(destination / "image", image_name(source, version.digest));
}

void describe_download(const registry::Reference& reference, const registry::Image& image, base::Log& log) {
  std::uint64_t size = 0;
  for (const auto& layer : image.manifest.layers) size += layer.size;
  log.info(fmt::format("fetching {} ({}, {})", reference.text(), base::counted(image.manifest.layers.size(), "layer"),
                       base::human_bytes(size)));
}

// Only what a put of this resource made, or rebased, has a build record.
bool may_have_record(const std::optional<registry::Image>& image) {
  return image && image->label("io.buildpacks.lifecycle.metadata").has_value();
}

// The image in the form that the params ask for; nothing where there is none of the platform and none is needed.
std::optional<registry::Image> write_image(const Source& source, const Version& version, const InParams& params,
                                           const std::filesystem::path& destination, registry::Client& client,
                                           base::Log& log) {
  const registry::Reference reference{source.repository, std::nullopt, version.digest};
  const auto platform = params.platform ? to_platform(params.platform) : source.platform;
  if (params.skip_download) {
    auto image = look_at(reference, platform, client, log);
    log.info(fmt::format("{}: not downloaded (params.skip_download)", reference.text()));
    return image;
  }
  if (params.format == Format::oci_layout) {
    const auto only = params.platform ? std::optional(platform) : std::nullopt;
    log.info(fmt::format("fetching {} {}", reference.text(),
                         only ? "for " + only->os + "/" + only->architecture : "with all its platforms"));
    write_layout(client, reference, version.tag, only, destination);
    return look_at(reference, platform, client, log);
  }
  auto image = client.find_image(reference, platform);
  if (!image) version_is_gone(reference);
  describe_download(reference, *image, log);
  if (params.format == Format::rootfs) {
    write_rootfs(source, *image, destination, client, log);
  } else {
    write_archive(client, source.repository, *image, source.written_repository + ":" + version.tag, destination);
    base::write_file(destination / "labels.json", labels_json(*image));
  }
  return image;
}

struct FoundRecord {
  registry::Repository place;  // where it is
  std::optional<builds::StoredRecord> record;
};

// A mirror that has an image may lack what lies beside it: then the repository itself (`asked`) is the one to say. The
// page is the better for a record, and good without: it gets one short try.
FoundRecord record_of(const Source& asked, const Source& source, const Version& version, const InParams& params,
                      registry::Client& client, base::Log& log) {
  if (source.repository != asked.repository) {
    auto found = builds::look_for_record(client.brief(), source.repository, version.digest);
    if (found.record) return {source.repository, std::move(found.record)};
  }
  if (params.builds > 0) return {asked.repository, builds::find_record(client, asked.repository, version.digest)};
  auto found = builds::look_for_record(client.brief(), asked.repository, version.digest);
  if (!found.unknown.empty()) log.info("the build record is not known: " + found.unknown);
  return {asked.repository, std::move(found.record)};
}

void write_builds(const Source& asked, const Source& source, const Version& version, const FoundRecord& found,
                  std::uint32_t count, const std::filesystem::path& destination, registry::Client& client,
                  base::Log& log) {
  if (!found.record) {
    throw Error(ErrorKind::not_found,
                {"write the history (params.builds) of", image_name(source, version.digest),
                 "the image has no build record: no put of this resource made it", "leave params.builds out"});
  }
  const auto origin = found.place == asked.repository ? std::nullopt : std::optional(asked.repository);
  builds::write_history(client, found.place, *found.record, count, destination, log, origin);
}

// From the repository itself where the mirror fails in whatever way.
void write_sbom_of(const Source& asked, const Source& source, const Version& version,
                   const std::optional<registry::Image>& image, const std::filesystem::path& destination,
                   registry::Client& client, base::Log& log) {
  if (source.repository != asked.repository) {
    try {
      return write_sbom(client, {source.repository, std::nullopt, version.digest}, image, destination, log);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) throw;
      log.warning(fmt::format("{}; asking {} instead of the mirror", error.what(), asked.repository.host));
    }
  }
  write_sbom(client, {asked.repository, std::nullopt, version.digest}, image, destination, log);
}

// The image from the mirror; nothing, and a warning, where that lacks it or fails in whatever way, at the first
// question or in the middle of a layer: then nothing of it stays. What is wrong with the destination is wrong for both.
struct Fetched {
  Source source;  // with the repository that it came from
  std::optional<registry::Image> image;
};
std::optional<Fetched> from_mirror(Source source, const Version& version, const InParams& params,
                                   const std::filesystem::path& path, registry::Client& client, base::Log& log) {
  if (!source.mirror) return std::nullopt;
  const auto own_host = source.repository.host;
  source.repository = *source.mirror;
  const registry::Reference there{source.repository, std::nullopt, version.digest};
  concourse::Destination destination(path);
  try {
    if (!client.brief().resolve(there)) {
      log.warning(fmt::format("the mirror does not have {}; fetching from {}", there.text(), own_host));
      return std::nullopt;
    }
    Fetched result{source, write_image(source, version, params, path, client, log)};
    destination.keep();
    return result;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
    log.warning(fmt::format("{}; fetching from {} instead of the mirror", error.what(), own_host));
  }
  return std::nullopt;
}

Fetched from_nearest(const Source& source, const Version& version, const InParams& params,
                     const std::filesystem::path& destination, registry::Client& client, base::Log& log) {
  if (auto result = from_mirror(source, version, params, destination, client, log)) return *std::move(result);
  return {source, write_image(source, version, params, destination, client, log)};
}

}  // namespace

concourse::VersionAndMetadata fetch(const Source& asked, const Version& version, const InParams& params,
                                    const std::filesystem::path& destination, registry::Client& client,
                                    base::Log& log) {
  const auto [source, image] = from_nearest(asked, version, params, destination, client, log);
  if (params.sbom) write_sbom_of(asked, source, version, image, destination, client, log);
  write_references(source, version, destination);
  deploying::write_files(params.deploy, {source.written_repository, version.tag, version.digest.text()}, destination);
  FoundRecord found{asked.repository, std::nullopt};
  if (params.builds > 0 || may_have_record(image)) found = record_of(asked, source, version, params, client, log);
  if (params.builds > 0) write_builds(asked, source, version, found, params.builds, destination, client, log);
  return {write_version(version.tag, version.digest),
          metadata_of(source, version, image, found.record ? std::optional(found.record->record) : std::nullopt)};
}

concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                 const std::filesystem::path& destination, concourse::Context& context) {
  const registry::Connection connection = registry::connect(source.hosts, context);
  return fetch(source, version, params, destination, *connection.registry, context.log);
}

}  // namespace image
