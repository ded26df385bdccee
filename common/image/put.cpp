#include "image/put.hpp"

#include <charconv>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "build_version.hpp"
#include "image/connection.hpp"
#include "image/put_params.hpp"
#include "image/source.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/build.hpp"
#include "lifecycle/cache.hpp"
#include "lifecycle/detect.hpp"
#include "lifecycle/export.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/prepare.hpp"
#include "lifecycle/restore.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

// A phase of the log: its heading, and at its end what it did and how long it took.
class Phase {
 public:
  Phase(base::Log& log, std::string_view title) : log_(log), started_(log.clock().steady_now()) { log.heading(title); }
  void end(std::string_view what) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(log_.clock().steady_now() - started_);
    log_.info(fmt::format("{} ({})", what, base::human_duration(took)));
  }

 private:
  base::Log& log_;
  base::SteadyTime started_;
};

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

class Put {
 public:
  Put(const Source& source, const PutParams& params, fs::path sources, concourse::Context& context)
      : source_(source),
        params_(params),
        sources_(std::move(sources)),
        context_(context),
        log_(context.log),
        connection_(connect(source, context)),
        client_(*connection_.registry) {}

  concourse::VersionAndMetadata run() {
    const auto directory = directory_below(sources_, params_.source, "params.source");
    lifecycle::Platform defaults;
    defaults.launcher = launcher_path();
    defaults.launcher_version = BUILD_SERVICE_VERSION;
    platform_ = lifecycle::read_platform(context_.environment, std::move(defaults));
    // Modes in the image come from files that are made here; a worker's own mask must not show in them.
    umask(022);
    const auto source = prepare(directory);
    const auto analysis = analyze();
    auto target = analysis.run_image.target;
    if (target.distributions.empty()) target.distributions = {lifecycle::read_distribution("/etc/os-release")};
    const auto detected = detect(target);
    const auto cache = restore(detected, analysis);
    const auto metadata = build(detected, target);
    const auto image = push(metadata, analysis, source, cache);
    return answer(image, analysis, source);
  }

 private:
  lifecycle::PreparedSource prepare(const fs::path& directory) {
    Phase phase(log_, "PREPARING");
    auto prepared = lifecycle::prepare(platform_, directory, params_.env);
    if (!prepared.commit.empty()) log_.info("commit " + prepared.commit);
    phase.end(fmt::format("copied {}, {}", plural(prepared.files, "file"), base::human_bytes(prepared.bytes)));
    return prepared;
  }

  lifecycle::Analysis analyze() {
    Phase phase(log_, "ANALYZING");
    const lifecycle::RunImageChoice choice{
        named_run_image(sources_, params_.run_image),
        buildpacks::read_run_images(platform_.cnb / "run.toml", platform_.cnb / "stack.toml")};
    auto run_image = lifecycle::find_run_image(client_, choice, source_.repository, source_.platform);
    log_.info("run image " + run_image.reference.text());
    auto previous = lifecycle::find_previous_image(client_, target(), source_.platform, log_);
    phase.end(previous ? "previous image " + std::string(previous->image.raw.digest.short_hex()) : "no previous image");
    return {std::move(run_image), std::move(previous)};
  }

  lifecycle::Resolution detect(const buildpacks::Target& target) {
    Phase phase(log_, "DETECTING");
    auto detected = lifecycle::detect(platform_, target, context_.environment, log_);
    phase.end(fmt::format("{} will build", plural(detected.group.size(), "buildpack")));
    return detected;
  }

  std::optional<lifecycle::CacheImage> restore(const lifecycle::Resolution& detected,
                                               const lifecycle::Analysis& analysis) {
    Phase phase(log_, "RESTORING");
    if (params_.clear_cache) {
      phase.end("nothing: params.clear_cache is set");
      return std::nullopt;
    }
    auto cache = lifecycle::find_cache(client_, cache_reference(), source_.platform, log_);
    const auto restored = lifecycle::restore(client_, platform_, detected.group, analysis.previous, cache, log_);
    phase.end(fmt::format("restored {}, {}; described {}", plural(restored.layers, "layer"),
                          base::human_bytes(restored.bytes), plural(restored.described, "layer")));
    return cache;
  }

  lifecycle::BuildMetadata build(const lifecycle::Resolution& detected, const buildpacks::Target& target) {
    Phase phase(log_, "BUILDING");
    auto metadata = lifecycle::build(platform_, detected, target, context_.environment, log_);
    phase.end(fmt::format("{} ran", plural(detected.group.size(), "buildpack")));
    return metadata;
  }

  lifecycle::Exported push(const lifecycle::BuildMetadata& metadata, const lifecycle::Analysis& analysis,
                           const lifecycle::PreparedSource& source, const std::optional<lifecycle::CacheImage>& cache) {
    Phase phase(log_, "EXPORTING");
    const auto options = export_options(source);
    const auto image = lifecycle::export_image(client_, platform_, metadata, analysis, options, log_);
    const auto cached = save_cache(metadata, cache, image, options);
    phase.end(fmt::format("{}, {} of them reused, {} uploaded", plural(image.layers, "layer"), image.reused,
                          base::human_bytes(image.uploaded + cached)));
    log_.success("pushed " + image_name(source_, image.digest));
    return image;
  }

  [[nodiscard]] lifecycle::ExportOptions export_options(const lifecycle::PreparedSource& source) const {
    lifecycle::ExportOptions options;
    options.repository = source_.repository;
    options.tags = {tag()};
    options.tags.insert(options.tags.end(), params_.additional_tags.begin(), params_.additional_tags.end());
    options.process = params_.process;
    options.project_metadata = lifecycle::project_metadata(source);
    options.labels = params_.labels;
    options.created = creation_time(context_.environment);
    return options;
  }

  // The image is there by now: a cache that cannot be written makes the next build slower, and this one no failure.
  std::uint64_t save_cache(const lifecycle::BuildMetadata& metadata, const std::optional<lifecycle::CacheImage>& cache,
                           const lifecycle::Exported& image, const lifecycle::ExportOptions& options) {
    try {
      const auto saved = lifecycle::save_cache(client_, platform_, metadata.buildpacks, cache_reference(), cache, image,
                                               options, log_);
      if (saved.pushed)
        log_.info(fmt::format("cached {} in {}", plural(saved.layers, "layer"), cache_reference().text()));
      return saved.uploaded;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::aborted) throw;
      log_.warning(fmt::format("the cache is not saved: {}", error.what()));
      return 0;
    }
  }

  [[nodiscard]] concourse::VersionAndMetadata answer(const lifecycle::Exported& image,
                                                     const lifecycle::Analysis& analysis,
                                                     const lifecycle::PreparedSource& source) const {
    concourse::VersionAndMetadata result;
    result.version = {{"tag", tag()}, {"digest", image.digest.text()}};
    result.metadata.emplace_back("image", image_name(source_, image.digest));
    if (!source.commit.empty()) result.metadata.emplace_back("commit", source.commit);
    result.metadata.emplace_back("run image", analysis.run_image.reference.text());
    result.metadata.emplace_back("layers", fmt::format("{}, {} reused", image.layers, image.reused));
    result.metadata.emplace_back("size", base::human_bytes(image.size));
    return result;
  }

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
  Connection connection_;
  registry::Client& client_;
  lifecycle::Platform platform_;
};

}  // namespace

concourse::VersionAndMetadata put(const concourse::Request& request, const fs::path& sources,
                                  concourse::Context& context) {
  const auto source = read_source(request.source);
  const auto params = read_put_params(request.params);
  return Put(source, params, sources, context).run();
}

json::Value put_params_schema() { return json::schema<PutParams>(); }

}  // namespace image
