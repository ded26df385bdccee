#include "image/ready_put.hpp"

#include <array>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/wording.hpp"
#include "image/input_match.hpp"
#include "image/ready_push.hpp"
#include "image/ready_tags.hpp"
#include "image/version.hpp"
#include "registry/connection.hpp"

namespace image {
namespace {

std::string joined(const std::vector<std::string>& tags, std::string_view separator) {
  return fmt::format("{}", fmt::join(tags, separator));
}

std::vector<std::string> tags_to_set(const Source& source, const PutParams& params, registry::Client& client,
                                     base::Log& log) {
  TagWishes wishes;
  wishes.watched = source.tag;
  wishes.additional = params.additional_tags.tags;
  if (!params.version.empty()) {
    wishes.version = version_tag(params.version, source.variant);
    const auto version = SemanticVersion::parse(params.version);
    if (params.bump_aliases && !version->pre_release.empty()) {
      log.warning(fmt::format("params.bump_aliases has no effect: {} is a pre-release, and aliases name releases",
                              params.version));
    } else if (params.bump_aliases) {
      wishes.aliases = aliases_of(*version, source.variant, client.tags(source.repository));
    }
  } else if (params.bump_aliases) {
    log.warning("params.bump_aliases has no effect without params.version");
  }
  return tags_of(wishes);
}

std::uint64_t size_of(const ReadyImage& image) {
  std::uint64_t size = 0;
  for (const auto& blob : image.blobs) size += blob.descriptor.size;
  return size;
}

void warn_of_known(const registry::Digest& digest, base::Log& log) {
  log.warning(
      fmt::format("{} has been in the registry before: Concourse runs no job again for a version that the "
                  "job has used",
                  digest.text()));
}

// "of 3 blobs 2 sent (2.7 kB), 1 mounted": what there is none of is not said.
std::string summary_of(const ReadyPushed& pushed) {
  const auto sent = fmt::format("sent ({})", base::human_bytes(pushed.bytes));
  const std::array<std::pair<std::uint64_t, std::string>, 3> parts{
      {{pushed.sent, sent}, {pushed.mounted, "mounted"}, {pushed.present, "there already"}}};
  const auto total = pushed.sent + pushed.mounted + pushed.present;
  if (total == 0) return "it was there already; its tags are set";
  std::string text;
  for (const auto& [count, what] : parts) {
    if (count == total) return fmt::format("{} {}", base::counted(count, "blob"), what);
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  }
  return fmt::format("of {} blobs {}", total, text);
}

}  // namespace

concourse::VersionAndMetadata put_ready(const Source& source, const PutParams& params,
                                        const std::filesystem::path& inputs, concourse::Context& context) {
  auto& log = context.log;
  const auto file = match_input(inputs, params.image, "params.image");
  const base::TemporaryDirectory scratch("put");
  const auto connection = registry::connect(source.hosts, context);
  auto& client = *connection.registry;
  const auto tags = tags_to_set(source, params, client, log);
  const auto image = open_ready_image(file.path, {file.name, scratch.path(), params.annotations}, log);
  const auto& digest = image.top.digest;
  log.info(fmt::format("{}: {}, {}, {}", file.name, image.kind, base::human_bytes(size_of(image)), digest.text()));
  log.info(fmt::format("pushing tag{} {}", tags.size() == 1 ? "" : "s", joined(tags, ", ")));
  const auto pushed = push_ready_image(client, image, {source.repository, tags}, file.name, log);
  const auto name = image_name(source, digest);
  if (pushed.referrers != 0) {
    log.info(fmt::format("sent {} that refer{} to it", base::counted(pushed.referrers, "artifact"),
                         pushed.referrers == 1 ? "s" : ""));
  }
  if (pushed.was_unchanged) {
    log.success(fmt::format("nothing has changed: {} stands", name));
  } else {
    if (pushed.was_known) warn_of_known(digest, log);
    log.success(fmt::format("pushed {}: {}", name, summary_of(pushed)));
  }
  return {write_version(tags.front(), digest),
          {{"repository", source.written_repository}, {"tags", joined(tags, " ")}}};
}

}  // namespace image
