#include "image/put.hpp"

#include <charconv>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "build_version.hpp"
#include "builds/phases.hpp"
#include "builds/publication.hpp"
#include "builds/secrets.hpp"
#include "builds/store.hpp"
#include "concourse/inputs.hpp"
#include "image/embedded_build.hpp"
#include "image/metadata.hpp"
#include "lifecycle/changes.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/prepare.hpp"
#include "lifecycle/rebase.hpp"
#include "registry/connection.hpp"
#include "registry/input.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;
using builds::Change;
using builds::Reason;

constexpr std::size_t longest_log = 8UL << 20U;

// The launcher lies beside this program; where /proc is missing, at the place where a resource's programs are.
fs::path launcher_path() {
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  auto path = (error ? fs::path("/opt/resource") : program.parent_path()) / "launcher";
  if (!fs::exists(path)) {
    throw Error(ErrorKind::internal, {"find the launcher", path.string(), "there is no such file",
                                      "install the programs of this resource together"});
  }
  return path;
}

// All times in the image are 1980, or what SOURCE_DATE_EPOCH says (reproducible-builds.org).
std::string creation_time(const base::Environment& environment) {
  const auto text = environment.get_or("SOURCE_DATE_EPOCH", "");
  std::int64_t seconds = lifecycle::layer_time;
  if (!text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0) {
      throw Error(ErrorKind::usage, {"read", "SOURCE_DATE_EPOCH", "it is no number of seconds", ""});
    }
  }
  return base::rfc3339(base::WallTime(std::chrono::seconds(seconds)));
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// What the image is built by: the builder's name, where its image tells it, and the system that it is.
std::string builder_name(const base::Environment& environment) {
  const auto name = environment.get_or("BUILD_SERVICE_BUILDER", "");
  if (!name.empty()) return name;
  const auto system = lifecycle::read_distribution("/etc/os-release");
  return system.name.empty() ? "" : system.name + " " + system.version;
}

class Put {
 public:
  Put(const Source& source, const PutParams& params, fs::path sources, concourse::Context& context)
      : source_(source),
        params_(params),
        sources_(std::move(sources)),
        context_(context),
        log_(context.log),
        phases_(context.log),
        connection_(registry::connect(source.hosts, context)),
        client_(*connection_.registry) {}

  concourse::VersionAndMetadata run() {
    log_.keep_transcript(longest_log);
    started_ = context_.clock.now();
    steady_start_ = context_.clock.steady_now();
    // Modes in the image come from files that are made here; a worker's own mask must not show in them.
    umask(022);
    if (params_.rebase == Rebase::only) return rebase_alone();
    const auto directory = concourse::input_directory(sources_, params_.source, "params.source");
    platform_.launcher = launcher_path();
    platform_.launcher_version = BUILD_SERVICE_VERSION;
    platform_ = lifecycle::read_platform(context_.environment, std::move(platform_));
    prepare(directory);
    if (changes_.empty()) return unchanged();
    builds::print(changes_, log_);
    if (rebases()) {
      rebase();
    } else {
      build();
    }
    return answer();
  }

 private:
  // What is asked for, what stands, and how they differ.
  void prepare(const fs::path& directory) {
    phases_.begin("PREPARING");
    base::Workers beside(1);
    auto looking = beside.submit([&] { look_up_run_image(run_images_of_builder()); });
    lifecycle::SourceSettings settings{std::nullopt, params_.env};
    if (!params_.project.empty()) settings.project = params_.project;
    const auto prepared = lifecycle::prepare(platform_, directory, settings);
    if (prepared.project.names_buildpacks) {
      log_.warning("the project descriptor names buildpacks or a builder: those of the builder image are used");
    }
    inputs_ = lifecycle::build_inputs(prepared, {params_.process, params_.labels, created()}, platform_);
    if (!inputs_.origin.commit.empty()) log_.info("commit " + inputs_.origin.commit);
    looking.get();
    look_up_previous_image();
    changes_ = find_changes();
    phases_.end(fmt::format("copied {}, {}", plural(prepared.workspace.files, "file"),
                            base::human_bytes(prepared.workspace.bytes)));
  }

  [[nodiscard]] std::vector<buildpacks::RunImage> run_images_of_builder() const {
    return buildpacks::read_run_images(platform_.cnb / "run.toml", platform_.cnb / "stack.toml");
  }

  void look_up_run_image(std::vector<buildpacks::RunImage> known) {
    lifecycle::RunImageChoice choice{std::nullopt, std::move(known)};
    if (!params_.run_image.empty()) {
      choice.named = registry::image_of_input(sources_, params_.run_image, "params.run_image");
    }
    run_image_ = lifecycle::find_run_image(client_, choice, source_.repository, source_.platform);
  }

  void look_up_previous_image() {
    previous_ = lifecycle::find_previous_image(client_, target(), source_.platform, log_);
    if (previous_) record_ = builds::find_record(client_, source_.repository, previous_->image.raw.digest, log_);
  }

  [[nodiscard]] std::vector<Change> find_changes() {
    std::vector<Change> changes;
    const auto add = [&](std::vector<Change> more) { changes.insert(changes.end(), more.begin(), more.end()); };
    if (params_.force) add({{Reason::trigger, "", "params.force is set"}});
    if (!previous_) {
      add({{Reason::config, "", "the first build of " + target().text()}});
      return changes;
    }
    const auto label = previous_->image.label(lifecycle::label::project_metadata).value_or("{}");
    add(lifecycle::compare(lifecycle::parse_build_inputs(label), inputs_));
    add(lifecycle::compare_buildpacks(*previous_, platform_));
    add(lifecycle::compare_run_image(*previous_, *run_image_));
    if (changes.empty() || is_stack_alone(changes)) {
      if (const auto damage = damage_of_previous_image()) changes.insert(changes.begin(), *damage);
    }
    return changes;
  }

  static bool is_stack_alone(const std::vector<Change>& changes) {
    return changes.size() == 1 && changes.front().reason == Reason::stack;
  }

  // What stands cannot be the answer, nor be rebased, when it is one of several under the tag or is not whole any more.
  std::optional<Change> damage_of_previous_image() {
    if (previous_->in_index) {
      return Change{Reason::config, "an index of several platforms", "an image of one platform"};
    }
    lifecycle::find_layers(client_, *previous_, log_);
    if (previous_->layers.size() == previous_->image.manifest.layers.size()) return std::nullopt;
    return Change{Reason::trigger, "layers that the registry lost", "the image made whole"};
  }

  // No build: the digest that stands is the answer, under every tag that is asked for.
  concourse::VersionAndMetadata unchanged() {
    for (const auto& tag : params_.additional_tags) {
      client_.put_manifest({source_.repository, tag, std::nullopt}, previous_->image.raw);
      log_.info("tagged " + tag);
    }
    log_.success(fmt::format("nothing has changed since {}: {} stands",
                             record_ ? fmt::format("build #{}", record_->record.number) : "it was built",
                             image_name(source_, previous_->image.raw.digest)));
    const Version version{tag(), previous_->image.raw.digest};
    return {write_version(version.tag, version.digest),
            metadata_of(source_, version, previous_->image, record_ ? std::optional(record_->record) : std::nullopt)};
  }

  [[nodiscard]] bool rebases() {
    if (!is_stack_alone(changes_) || params_.rebase == Rebase::never) return false;
    const auto built_instead = [&](const std::string& why) {
      log_.info(fmt::format("no rebase: {}", why));
      return false;
    };
    if (const auto obstacle = lifecycle::obstacle_to_rebase(*previous_, *run_image_)) return built_instead(*obstacle);
    if (!lifecycle::is_own_run_image(*previous_, *run_image_)) {
      return built_instead("the image was built on " + previous_->metadata.run_image.name.image);
    }
    return true;
  }

  void rebase() {
    phases_.begin("REBASING");
    log_.info("run image " + run_image_->reference.text());
    const auto rebased = lifecycle::rebase(client_, *previous_, *run_image_);
    result_.kind = "rebase";
    result_.layers = rebased.kept;
    result_.reused = rebased.kept;
    result_.uploaded = rebased.uploaded;
    result_.size = rebased.size;
    publish(rebased.manifest);
    phases_.end(fmt::format("{} of the application kept, {} uploaded", plural(rebased.kept, "layer"),
                            base::human_bytes(rebased.uploaded)));
    log_.success("pushed " + image_name(source_, version_->digest));
  }

  // No source, and so no builder either: what is to be known stands in the image.
  concourse::VersionAndMetadata rebase_alone() {
    phases_.begin("PREPARING");
    look_up_previous_image();
    if (!previous_) {
      throw Error(ErrorKind::not_found, {"rebase", target().text(), "there is no image that buildpacks built",
                                         "build it first: params.source, without rebase: only"});
    }
    look_up_run_image({previous_->metadata.run_image.name});
    const auto label = previous_->image.label(lifecycle::label::project_metadata).value_or("{}");
    inputs_ = lifecycle::parse_build_inputs(label);
    changes_ = lifecycle::compare_run_image(*previous_, *run_image_);
    if (const auto damage = damage_of_previous_image()) {
      throw Error(ErrorKind::usage, {"rebase", target().text(), "it is " + damage->before, "build it anew"});
    }
    if (!lifecycle::is_own_run_image(*previous_, *run_image_) && !params_.force) {
      throw Error(ErrorKind::usage, {"rebase", target().text(),
                                     "it was built on " + previous_->metadata.run_image.name.image + ", not on " +
                                         run_image_->reference.repository.text(),
                                     "set params.force if that is meant"});
    }
    phases_.end("previous image " + std::string(previous_->image.raw.digest.short_hex()));
    if (changes_.empty()) return unchanged();
    builds::print(changes_, log_);
    rebase();
    return answer();
  }

  void build() {
    EmbeddedBuildOptions options{
        {source_.repository, params_.process, lifecycle::to_label(inputs_), params_.labels, created()},
        source_.platform,
        std::nullopt};
    if (!params_.clear_cache) options.cache = cache_reference();
    const auto built =
        build_embedded(client_, platform_, {*run_image_, previous_}, options, context_.environment, phases_, log_);
    result_.kind = "build";
    result_.layers = built.image.layers;
    result_.reused = built.image.reused;
    result_.uploaded = built.image.uploaded;
    result_.size = built.image.size;
    publish(built.image.manifest);
    const auto cached = save_cache(built, options.image);
    phases_.end(fmt::format("{}, {} of them reused, {} uploaded", plural(built.image.layers, "layer"),
                            built.image.reused, base::human_bytes(built.image.uploaded + cached)));
    log_.success("pushed " + image_name(source_, version_->digest));
  }

  void publish(const registry::RawManifest& image) {
    builds::Publication publication{source_.repository, image, {tag()}, {}, std::nullopt, {}, {}};
    publication.tags.insert(publication.tags.end(), params_.additional_tags.begin(), params_.additional_tags.end());
    publication.looked = [&](const auto& standing) { warn_of_known_digest(image.digest, standing); };
    publication.record = [&](const auto& standing) { record_build(image, standing); };
    static_cast<void>(builds::publish(client_, publication));
    version_ = Version{tag(), image.digest};
  }

  void warn_of_known_digest(const registry::Digest& digest, const std::optional<registry::Descriptor>& standing) {
    if (standing && standing->digest == digest) {
      log_.info("the image is the same as before, byte for byte");
    } else if (client_.resolve({source_.repository, std::nullopt, digest})) {
      log_.warning(
          fmt::format("{} has been in the registry before: Concourse runs no job again for a version that the "
                      "job has used",
                      digest.text()));
    }
  }

  void record_build(const registry::RawManifest& image, const std::optional<registry::Descriptor>& standing) {
    const bool moved = standing && (!previous_ || standing->digest != previous_->image.raw.digest);
    if (moved) {
      log_.info(fmt::format("the tag {} was moved meanwhile, to {}", tag(), standing->digest.text()));
      if (auto other = builds::find_record(client_, source_.repository, standing->digest, log_))
        record_ = std::move(other);
    }
    result_.image = image_name(source_, image.digest);
    result_.tag = tag();
    result_.changes = changes_;
    result_.origin = inputs_.origin;
    result_.builder = builder_name(context_.environment);
    if (params_.rebase == Rebase::only) result_.builder = record_ ? record_->record.builder : "";
    result_.run_image = run_image_->reference.text();
    result_.build_url = concourse::build_url(context_.environment).value_or("");
    result_.started = base::rfc3339(started_);
    result_.finished = base::rfc3339(context_.clock.now());
    result_.seconds = std::chrono::duration<double>(context_.clock.steady_now() - steady_start_).count();
    result_.phases = phases_.times();
    builds::follow(result_, record_);
    builds::try_to_write_record(client_, source_.repository, image, result_, log_for_record(), log_);
  }

  std::string log_for_record() {
    std::vector<builds::NamedSecret> secrets;
    for (const auto& [name, value] : params_.env) secrets.push_back({name, value});
    return builds::masked(log_.transcript(), secrets);
  }

  // The image is there by now: a cache that cannot be written makes the next build slower, and this one no failure.
  std::uint64_t save_cache(const EmbeddedBuild& built, const lifecycle::ExportOptions& options) {
    try {
      const auto saved = lifecycle::save_cache(client_, platform_, built.metadata.buildpacks, cache_reference(),
                                               built.cache, built.image, options, log_);
      if (saved.pushed)
        log_.info(fmt::format("cached {} in {}", plural(saved.layers, "layer"), cache_reference().text()));
      return saved.uploaded;
    } catch (const Error& error) {
      log_.warning(fmt::format("the cache is not saved: {}", error.what()));
      return 0;
    }
  }

  [[nodiscard]] concourse::VersionAndMetadata answer() const {
    return {write_version(version_->tag, version_->digest), metadata_of(source_, *version_, std::nullopt, result_)};
  }

  [[nodiscard]] std::string created() const { return creation_time(context_.environment); }
  [[nodiscard]] std::string tag() const { return source_.tag.value_or("latest"); }
  [[nodiscard]] registry::Reference target() const { return {source_.repository, tag(), std::nullopt}; }

  // In the same repository by default: the credentials serve, and layers that image and cache share are sent once.
  [[nodiscard]] registry::Reference cache_reference() const {
    constexpr std::size_t longest_tag = 128;
    return source_.cache.value_or(target().with_tag(("cache-" + tag()).substr(0, longest_tag)));
  }

  const Source& source_;
  const PutParams& params_;
  fs::path sources_;
  concourse::Context& context_;
  base::Log& log_;
  builds::Phases phases_;
  registry::Connection connection_;
  registry::Client& client_;
  lifecycle::Platform platform_;
  base::WallTime started_;
  base::SteadyTime steady_start_;
  lifecycle::BuildInputs inputs_;
  std::optional<lifecycle::RunImage> run_image_;
  std::optional<lifecycle::PreviousImage> previous_;
  std::optional<builds::StoredRecord> record_;  // the previous image's
  std::vector<Change> changes_;
  builds::BuildRecord result_;
  std::optional<Version> version_;
};

}  // namespace

concourse::VersionAndMetadata put(const Source& source, const PutParams& params, const fs::path& sources,
                                  concourse::Context& context) {
  return Put(source, params, sources, context).run();
}

}  // namespace image
