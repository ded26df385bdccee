#include "image/publishing.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "builds/publication.hpp"
#include "image/standing.hpp"

namespace image {
namespace {

// As long as a look at the tag is as good as another one.
constexpr std::chrono::seconds a_moment{10};

class Publisher {
 public:
  Publisher(registry::Client& client, const Source& source, const PublishingOptions& options, Publishable what,
            const builds::Phases& phases, concourse::Context& context)
      : client_(client),
        source_(source),
        options_(options),
        what_(std::move(what)),
        phases_(phases),
        context_(context),
        log_(context.log) {}

  builds::BuildRecord run() {
    const auto& image = what_.manifest;
    builds::Publication publication{source_.repository, image, {watched_tag(source_)}, {}, what_.previous, {}, {}, {}};
    const auto since = context_.clock.steady_now() - what_.previous_seen;
    if (since <= a_moment) publication.when_seen = builds::Publication::Seen::just_now;
    publication.tags.insert(publication.tags.end(), options_.additional_tags.begin(), options_.additional_tags.end());
    publication.looked = [&](const auto& standing) { warn_of_known_digest(standing); };
    publication.record = [&](const auto& standing) { record_build(standing); };
    static_cast<void>(builds::publish(client_, publication));
    return std::move(what_.record);
  }

 private:
  void warn_of_known_digest(const std::optional<registry::Digest>& standing) {
    const auto& digest = what_.manifest.digest;
    if (standing == digest) {
      log_.info("the image is the same as before, byte for byte");
    } else if (was_there_before(digest)) {
      log_.warning(
          fmt::format("{} has been in the registry before: Concourse runs no job again for a version that the "
                      "job has used",
                      digest.text()));
      say_how_to_deploy(digest);
    }
  }

  // The record of what stands tells what stood before; without it the registry is asked.
  bool was_there_before(const registry::Digest& digest) {
    if (!what_.previous_record) return client_.resolve({source_.repository, std::nullopt, digest}).has_value();
    const auto& earlier = what_.previous_record->record.earlier;
    return std::any_of(earlier.begin(), earlier.end(), [&](const auto& build) { return build.image == digest.text(); });
  }

  // The names that Concourse tells a step; what it does not tell is left to whoever reads.
  void say_how_to_deploy(const registry::Digest& digest) {
    const auto pipeline = context_.environment.get_or("BUILD_PIPELINE_NAME", "PIPELINE");
    log_.info("to deploy it again:");
    log_.detail(fmt::format("fly -t TARGET pin-resource -r {}/RESOURCE -v digest:{}", pipeline, digest.text()));
    log_.detail(fmt::format("fly -t TARGET trigger-job -j {}/JOB -w", pipeline));
    log_.detail(fmt::format("fly -t TARGET unpin-resource -r {}/RESOURCE", pipeline));
  }

  void record_build(const std::optional<registry::Digest>& standing) {
    const bool moved = standing && *standing != what_.previous;
    if (moved) {
      log_.info(fmt::format("the tag {} was moved meanwhile, to {}", watched_tag(source_), standing->text()));
    }
    if (standing && (moved || what_.previous_record_unknown)) find_record_before(*standing);
    auto& record = what_.record;
    record.image = image_name(source_, what_.manifest.digest);
    record.tag = watched_tag(source_);
    record.build_url = concourse::build_url(context_.environment).value_or("");
    record.started = base::rfc3339(options_.start.wall);
    record.finished = base::rfc3339(context_.clock.now());
    record.seconds = std::chrono::duration<double>(context_.clock.steady_now() - options_.start.steady).count();
    record.phases = phases_.times();
    builds::follow(record, what_.previous_record);
    builds::try_to_write_record(client_, source_.repository, what_.manifest, record,
                                builds::masked(log_.transcript(), options_.secrets), log_);
  }

  // The history of the builds goes on from it, so it is asked for as hard as what is needed.
  void find_record_before(const registry::Digest& standing) {
    auto found = builds::look_for_record(client_, source_.repository, standing);
    if (found.record) what_.previous_record = std::move(found.record);
    if (!found.unknown.empty() && !what_.previous_record) {
      log_.warning(
          fmt::format("the builds before are not known, so this one is counted as the first: {}", found.unknown));
    }
  }

  registry::Client& client_;
  const Source& source_;
  const PublishingOptions& options_;
  Publishable what_;
  const builds::Phases& phases_;
  concourse::Context& context_;
  base::Log& log_;
};

}  // namespace

builds::BuildRecord publish(registry::Client& client, const Source& source, const PublishingOptions& options,
                            Publishable what, const builds::Phases& phases, concourse::Context& context) {
  return Publisher(client, source, options, std::move(what), phases, context).run();
}

void tag_again(registry::Client& client, const Source& source, const std::vector<std::string>& tags,
               const registry::RawManifest& image, base::Log& log) {
  for (const auto& tag : tags) {
    builds::set_tag(client, {source.repository, tag, std::nullopt}, image);
    log.info("tagged " + tag);
  }
}

}  // namespace image
