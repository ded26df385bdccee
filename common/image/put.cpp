#include "image/put.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/wording.hpp"
#include "image/embedded_build.hpp"
#include "image/metadata.hpp"
#include "image/preparation.hpp"
#include "image/publishing.hpp"
#include "image/put_inputs.hpp"
#include "image/ready_put.hpp"
#include "lifecycle/file_sketch.hpp"
#include "lifecycle/rebase.hpp"
#include "registry/connection.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;

constexpr std::size_t longest_log = 8UL << 20U;
constexpr auto builder_label = "io.build-service.builder";

// Reasons as people want to read them: a commit with its subject.
std::vector<builds::Change> shown(std::vector<builds::Change> changes, const builds::Origin& now,
                                  const builds::Origin& before) {
  const auto with_subject = [](std::string& commit, const builds::Origin& origin) {
    if (!origin.subject.empty() && commit == origin.commit) commit += " " + origin.subject;
  };
  for (auto& change : changes) {
    if (change.reason != builds::Reason::commit) continue;
    with_subject(change.before, before);
    with_subject(change.now, now);
  }
  return changes;
}

// "pushed r/app@sha256:...: image build #2, by a rebase, in 312 ms"
std::string summary_of(const builds::BuildRecord& record) {
  return fmt::format("pushed {}: image build #{}, {} for {}, in {}", record.image, record.number,
                     record.kind == "rebase" ? "rebased" : "built", builds::names_of(record.changes),
                     base::human_seconds(record.seconds));
}

// Does what the preparation has decided.
class Put {
 public:
  Put(const PutContext& context, Preparation prepared, PublishingOptions options)
      : context_(context),
        source_(context.source),
        params_(context.params),
        client_(context.client),
        log_(context.step.log),
        phases_(context.phases),
        prepared_(std::move(prepared)),
        found_(prepared_.found),
        options_(std::move(options)) {
    if (params_.rebase == Rebase::only) {
      builder_ = found_.record ? found_.record->record.builder : "";
    } else {
      builder_ = builder_name(params_, context.inputs, context.step.environment);
    }
  }

  concourse::VersionAndMetadata run() {
    switch (prepared_.decision.action) {
      case Action::unchanged:
        return unchanged();
      case Action::rebase:
        explain();
        if (!try_to_rebase()) build_instead();
        break;
      case Action::build:
        explain();
        build();
        break;
    }
    log_.success(summary_of(*published_));
    const Version version{watched_tag(source_), *digest_};
    return {write_version(version.tag, version.digest), metadata_of(source_, version, std::nullopt, published_)};
  }

 private:
  void explain() {
    const auto& decision = prepared_.decision;
    const auto& before = found_.record ? found_.record->record : builds::BuildRecord();
    builds::print(shown(decision.changes, prepared_.wanted.inputs.origin, before.origin), log_);
    const auto is_commit = [](const builds::Change& change) { return change.reason == builds::Reason::commit; };
    const auto changed = lifecycle::changed_files(before.files, prepared_.files);
    if (changed && std::any_of(decision.changes.begin(), decision.changes.end(), is_commit)) log_.info(*changed);
    if (!decision.no_rebase.empty()) log_.info("no rebase: " + decision.no_rebase);
  }

  // No build: the digest that stands is the answer, under every tag that is asked for.
  concourse::VersionAndMetadata unchanged() {
    const auto& image = found_.standing.previous.image->image;
    tag_again(client_, source_, params_.additional_tags.tags, image.raw, log_);
    const auto* record = found_.record ? &found_.record->record : nullptr;
    if (record != nullptr && !params_.builder.empty() && !record->builder.empty() && record->builder != builder_) {
      log_.info("the builder is new, and holds the same buildpacks:");
      log_.difference(record->builder, builder_);
    }
    log_.success(fmt::format("nothing has changed since {}: {} stands",
                             record != nullptr ? fmt::format("image build #{}", record->number) : "it was built",
                             image_name(source_, image.raw.digest)));
    const Version version{watched_tag(source_), image.raw.digest};
    return {write_version(version.tag, version.digest),
            metadata_of(source_, version, image, record != nullptr ? std::optional(*record) : std::nullopt)};
  }

  // False: the registry lost a layer of the application, which only a build can bring back.
  bool try_to_rebase() {
    phases_.begin("REBASING");
    try {
      const auto rebased = lifecycle::rebase(client_, *found_.standing.previous.image, *found_.run_image);
      publish_image(rebased.manifest, {"rebase", rebased.kept, rebased.kept, rebased.uploaded, rebased.size});
      const auto kept = base::counted(rebased.kept, "layer");
      phases_.end(fmt::format("{} of the application kept, {} uploaded", kept, base::human_bytes(rebased.uploaded)));
      return true;
    } catch (const Error& error) {
      if (!lifecycle::names_lost_blob(error)) throw;
    }
    phases_.end("not done: the registry lost layers of the image");
    return false;
  }

  void build_instead() {
    prepared_.decision = decide_without_lost(context_, prepared_);
    explain();
    prepared_.make_workspace();
    build();
  }

  void build() {
    const EmbeddedBuildOptions options{
        {source_.repository, params_.process, lifecycle::to_label(prepared_.wanted.inputs), labels(),
         creation_time(context_.step.environment)},
        source_.platform,
        cache_of(source_),
        params_.clear_cache,
        context_.inputs,
        [&](const lifecycle::Exported& image) {
          publish_image(image.manifest, {"build", image.layers, image.reused, image.uploaded, image.size});
        }};
    build_embedded(client_, prepared_.platform, {*found_.run_image, found_.standing.previous.image}, options,
                   context_.step.environment, phases_, log_);
  }

  struct Facts {
    const char* kind;
    std::uint64_t layers;
    std::uint64_t reused;
    std::uint64_t uploaded;
    std::uint64_t size;
  };

  void publish_image(const registry::RawManifest& manifest, const Facts& facts) {
    builds::BuildRecord record;
    record.kind = facts.kind;
    record.layers = facts.layers;
    record.reused = facts.reused;
    record.uploaded = facts.uploaded;
    record.size = facts.size;
    record.changes = prepared_.decision.changes;
    record.origin = prepared_.wanted.inputs.origin;
    record.files = prepared_.files;
    record.builder = builder_;
    record.run_image = found_.run_image->reference.text();
    published_ = publish(client_, source_, options_,
                         {manifest, std::move(record), found_.standing.previous.named, found_.seen, found_.record,
                          found_.record_unknown},
                         phases_, context_.step);
    digest_ = manifest.digest;
  }

  // Only what the user names goes into the image: what a builder calls itself would change images without a reason.
  [[nodiscard]] std::map<std::string, std::string> labels() const {
    auto labels = params_.labels;
    if (!params_.builder.empty()) labels.emplace(builder_label, builder_);
    return labels;
  }

  const PutContext& context_;
  const Source& source_;
  const PutParams& params_;
  registry::Client& client_;
  base::Log& log_;
  builds::Phases& phases_;
  Preparation prepared_;
  Found& found_;
  PublishingOptions options_;
  std::string builder_;
  std::optional<builds::BuildRecord> published_;
  std::optional<registry::Digest> digest_;
};

}  // namespace

concourse::VersionAndMetadata put(const Source& source, const PutParams& given, const fs::path& inputs,
                                  concourse::Context& context) {
  auto params = given;
  params.additional_tags.tags = additional_tags(given, inputs, context.log);
  if (!params.image.empty()) return put_ready(source, params, inputs, context);
  const Start start{context.clock.now(), context.clock.steady_now()};
  context.log.keep_transcript(longest_log);
  // Modes in the image come from files that are made here; a worker's own mask must not show in them.
  umask(022);
  const auto connection = registry::connect(source.hosts, context);
  builds::Phases phases(context.log);
  const PutContext all{source, params, inputs, *connection.registry, context, phases};
  auto prepared = params.rebase == Rebase::only ? prepare_rebase(all) : prepare(all);
  PublishingOptions options{params.additional_tags.tags, prepared.secrets, start};
  return Put(all, std::move(prepared), std::move(options)).run();
}

}  // namespace image
