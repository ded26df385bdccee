#include "kpack_image/put.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/await.hpp"
#include "kpack/follow.hpp"
#include "kpack/resources.hpp"
#include "kpack/trigger.hpp"
#include "kpack_image/metadata.hpp"
#include "kpack_image/put_source.hpp"
#include "kpack_image/version.hpp"
#include "kpack_image/write_image.hpp"

namespace kpack_image {
namespace {

class Put {
 public:
  Put(const Source& source, const PutParams& params, const std::filesystem::path& inputs, concourse::Context& context)
      : source_(source),
        params_(params),
        context_(context),
        log_(context.log),
        given_(read_given_source(params.fields, inputs)),
        connection_(kubernetes::connect(source.cluster, context.environment, context.random, context.log)),
        client_(*connection_.client) {}

  concourse::VersionAndMetadata run() {
    patience_ = {
        .deadline = log_.clock().steady_now() + params_.timeout, .timeout = params_.timeout, .fields = field_names()};
    read();
    write();
    if (!params_.fields.wait) return answer_now();
    try {
      return answer(wait());
    } catch (const base::Aborted&) {
      tell_how_to_follow();
      throw;
    }
  }

 private:
  // What is there, before anything is changed.
  void read() {
    if (auto found = client_.find(kpack::image_resource, source_.space, source_.image)) {
      image_ = kpack::Image(std::move(*found));
    } else if (!params_.first) {
      // Told by write_image(), which nothing is worked out for.
      return;
    }
    const kubernetes::Selection selection{fmt::format("{}={}", kpack::label::image, source_.image), ""};
    auto listing = client_.list(kpack::build_resource, source_.space, selection);
    for (auto& item : listing.items) builds_.emplace_back(std::move(item));
    builds_version_ = std::move(listing.resource_version);
    if (const auto* newest = kpack::newest_of(builds_)) newest_before_ = newest->number;
    if (!params_.fields.wait && standing_image().empty()) {
      json::wrong_value("params.wait", "the Image has never been built, so there is no version to answer",
                        "let this put wait");
    }
  }

  // What was built last; the Image's status learns of it a moment after the Build.
  // Builds of an earlier Image of this name are not its own.
  [[nodiscard]] std::string standing_image() const {
    if (!image_) return "";
    const kpack::Build* built = nullptr;
    for (const auto& build : builds_) {
      if (build.owner_uid != image_->uid) continue;
      if (build.state != kpack::BuildState::succeeded || build.latest_image.empty()) continue;
      if (built == nullptr || build.number > built->number) built = &build;
    }
    if (built != nullptr) return built->latest_image;
    return image_->latest_image;
  }

  [[nodiscard]] SourceBase source_base() const {
    SourceBase base;
    if (const auto& create = params_.fields.create) {
      base.git_url = create->git_url;
      base.tag = create->tag;
    }
    if (!image_) return base;
    base.tag = image_->tag;
    if (image_->source.kind == kpack::Source::Kind::git) {
      base.git_url = image_->source.place;
      base.current = image_->source.revision;
    }
    return base;
  }

  void write() {
    auto change = params_.change;
    std::optional<Creation> creation;
    const bool is_possible = image_ || params_.first;
    if (!given_.is_empty() && is_possible) {
      wanted_ = find_source(given_, source_base(), source_, context_);
      change.source = wanted_;
    }
    if (params_.first) {
      creation = Creation{params_.fields.create->tag, *params_.first};
      creation->first.source = wanted_;
      if (!image_ && !wanted_) {
        json::wrong_value("params", "the Image is not there, and nothing says what it is built from",
                          "give one of commitish, source, blob_url, blob_url_path");
      }
    }
    // The repository of an Image's source stays as it is written there.
    const bool is_git = wanted_ && wanted_->kind == kpack::Source::Kind::git;
    if (image_ && is_git && wanted_->place == image_->source.place) change.source->place.clear();
    image_ = write_image(client_, source_.space, source_.image, image_, change, creation, log_);
  }

  [[nodiscard]] kpack::Aim aim() const {
    kpack::Aim aim;
    aim.uid = image_->uid;
    aim.generation = image_->generation;
    aim.newest_before = newest_before_;
    aim.source = wanted_;
    aim.fields = field_names();
    if (params_.fields.trigger) aim.wish = kpack::Aim::Wish::new_build;
    return aim;
  }

  kpack::Build wait() {
    const kpack::Observation seen{image_, builds_};
    const auto decision = kpack::decide(aim(), seen);
    // Nothing to wait for: no watch is begun.
    if (decision.verdict == kpack::Verdict::stands) return stands(*kpack::find_build(seen, decision.build));
    const auto scene =
        kpack::make_scene(client_, *image_, {seen, image_->resource_version, builds_version_}, context_.random, log_);
    const kpack::Trigger trigger = [&](const kpack::Build& newest) {
      return kpack::request_build_after(client_, source_.space, newest);
    };
    const auto awaited = kpack::await_build(aim(), *scene, trigger, patience_, log_);
    following_ = awaited.build;
    const auto* found = kpack::find_build(scene->seen(), awaited.build);
    if (!awaited.is_new && found != nullptr) return stands(*found);
    auto build = kpack::follow_build(awaited.build, *scene, client_, patience_, context_.random, log_);
    warn_of_known_image(build, scene->seen().builds);
    return build;
  }

  kpack::Build stands(const kpack::Build& build) {
    log_.success(
        fmt::format("no build is needed: build #{} has built this already, {}", build.number, build.latest_image));
    return build;
  }

  void warn_of_known_image(const kpack::Build& made, const std::vector<kpack::Build>& builds) {
    log_.success(fmt::format("build #{} made {}", made.number, made.latest_image));
    const bool is_known = std::any_of(builds.begin(), builds.end(), [&](const kpack::Build& build) {
      return build.number < made.number && build.state == kpack::BuildState::succeeded &&
             build.latest_image == made.latest_image;
    });
    if (!is_known) return;
    log_.warning(
        "an earlier build made the same image: Concourse runs no job again for a version that the job has used");
  }

  concourse::VersionAndMetadata answer(const kpack::Build& build) const {
    const auto version = read_version(write_version(build.latest_image));
    return {write_version(version.image), metadata_of(version, build)};
  }

  // Without waiting, the version is what stands now.
  concourse::VersionAndMetadata answer_now() {
    const auto version = read_version(write_version(standing_image()));
    log_.info(fmt::format("params.wait is false: the version is what stands now, {}", version.image));
    return {write_version(version.image), metadata_of(version, std::nullopt)};
  }

  void tell_how_to_follow() {
    const auto build = following_ > 0 ? fmt::format(" --build {}", following_) : "";
    log_.warning(fmt::format("what kpack has begun goes on; follow it by: kp build logs {} --namespace {}{}",
                             source_.image, source_.space, build));
  }

  const Source& source_;
  const PutParams& params_;
  concourse::Context& context_;
  base::Log& log_;
  GivenSource given_;
  kubernetes::Connection connection_;
  kubernetes::Client& client_;
  kpack::Patience patience_;
  std::optional<kpack::Image> image_;
  std::vector<kpack::Build> builds_;
  std::string builds_version_;
  std::uint64_t newest_before_ = 0;
  std::optional<kpack::Source> wanted_;
  std::uint64_t following_ = 0;
};

}  // namespace

concourse::VersionAndMetadata put(const Source& source, const PutParams& params, const std::filesystem::path& inputs,
                                  concourse::Context& context) {
  return Put(source, params, inputs, context).run();
}

}  // namespace kpack_image
