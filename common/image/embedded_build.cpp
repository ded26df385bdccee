#include "image/embedded_build.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/wording.hpp"
#include "http/trust.hpp"
#include "lifecycle/build.hpp"
#include "lifecycle/closed_directory.hpp"
#include "lifecycle/detect.hpp"
#include "lifecycle/executor.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/restore.hpp"

namespace image {
namespace {

class Builder {
 public:
  Builder(registry::Client& client, const lifecycle::Platform& platform, const EmbeddedBuildOptions& options,
          const base::Environment& environment, builds::Phases& phases, base::Log& log)
      : client_(client),
        platform_(platform),
        options_(options),
        environment_(for_buildpacks(environment)),
        phases_(phases),
        log_(log) {}

  void run(lifecycle::Analysis analysis) {
    analyze(analysis);
    auto target = analysis.run_image.target;
    if (target.distributions.empty()) target.distributions = {lifecycle::read_distribution("/etc/os-release")};
    std::optional<lifecycle::CacheImage> cache;
    lifecycle::BuildMetadata metadata;
    {
      const lifecycle::ClosedDirectory closed(options_.inputs);
      const auto detected = detect(target);
      cache = restore(detected, analysis);
      metadata = build(detected, target);
    }
    export_all(metadata, analysis, cache);
  }

 private:
  // A worker's --certs-dir may hold its authorities under names that the programs of a build do not look for.
  base::Environment for_buildpacks(const base::Environment& environment) {
    const auto pem = http::loose_certificates(environment);
    if (pem.empty()) return environment;
    const auto file = authorities_.emplace(platform_, "authorities").path() / "certificates.pem";
    base::write_file(file, pem);
    auto variables = environment.variables();
    variables["SSL_CERT_FILE"] = file.string();
    return base::Environment(std::move(variables));
  }

  void analyze(lifecycle::Analysis& analysis) {
    phases_.begin("ANALYZING");
    log_.info("run image " + analysis.run_image.reference.text());
    if (analysis.previous) lifecycle::find_layers(client_, *analysis.previous, log_);
    phases_.end(analysis.previous ? fmt::format("previous image {}", analysis.previous->image.raw.digest.short_hex())
                                  : "no previous image");
  }

  lifecycle::Resolution detect(const buildpacks::Target& target) {
    phases_.begin("DETECTING");
    auto detected = lifecycle::detect(platform_, target, environment_, log_);
    phases_.end(fmt::format("{} will build", base::counted(detected.group.size(), "buildpack")));
    return detected;
  }

  std::optional<lifecycle::CacheImage> restore(const lifecycle::Resolution& detected,
                                               const lifecycle::Analysis& analysis) {
    phases_.begin("RESTORING");
    if (options_.clear_cache) {
      phases_.end("nothing: params.clear_cache is set");
      return std::nullopt;
    }
    auto cache = lifecycle::find_cache(client_, options_.cache, options_.platform, log_);
    const auto restored = lifecycle::restore(client_, platform_, detected.group, analysis.previous, cache, log_);
    phases_.end(summary_of(restored));
    return cache;
  }

  static std::string summary_of(const lifecycle::Restored& restored) {
    const auto kept = restored.described - std::min(restored.described, restored.layers);
    std::string text = restored.layers == 0 ? ""
                                            : fmt::format("restored {}, {}", base::counted(restored.layers, "layer"),
                                                          base::human_bytes(restored.bytes));
    if (kept > 0)
      text += fmt::format("{}{} of the image can be kept", text.empty() ? "" : "; ", base::counted(kept, "layer"));
    return text.empty() ? "nothing to restore" : text;
  }

  lifecycle::BuildMetadata build(const lifecycle::Resolution& detected, const buildpacks::Target& target) {
    phases_.begin("BUILDING");
    auto metadata = lifecycle::build(platform_, detected, target, environment_, log_);
    phases_.end(fmt::format("{} ran", base::counted(detected.group.size(), "buildpack")));
    return metadata;
  }

  void export_all(const lifecycle::BuildMetadata& metadata, const lifecycle::Analysis& analysis,
                  const std::optional<lifecycle::CacheImage>& cache) {
    phases_.begin("EXPORTING");
    const auto image = lifecycle::export_image(client_, platform_, metadata, analysis, options_.image, log_);
    options_.publish(image);
    const auto cached = save_cache(metadata, image, cache);
    const auto reused = image.reused == 0 ? "" : fmt::format(", {} of them reused", image.reused);
    const auto more = cached == 0 ? "" : fmt::format(", and {} for the cache", base::human_bytes(cached));
    phases_.end(fmt::format("{}{}, {} uploaded{}", base::counted(image.layers, "layer"), reused,
                            base::human_bytes(image.uploaded), more));
  }

  // The image is there by now: a cache that cannot be written makes the next build slower, and this one no failure.
  std::uint64_t save_cache(const lifecycle::BuildMetadata& metadata, const lifecycle::Exported& image,
                           const std::optional<lifecycle::CacheImage>& earlier) {
    try {
      const auto saved = lifecycle::save_cache(client_, platform_, metadata.buildpacks, options_.cache, earlier, image,
                                               options_.image, log_);
      if (saved.pushed)
        log_.info(fmt::format("cached {} in {}", base::counted(saved.layers, "layer"), options_.cache.text()));
      return saved.uploaded;
    } catch (const base::Error& error) {
      log_.warning(fmt::format("the cache is not saved: {}", error.what()));
      return 0;
    }
  }

  registry::Client& client_;
  const lifecycle::Platform& platform_;
  const EmbeddedBuildOptions& options_;
  std::optional<lifecycle::ExchangeDirectory> authorities_;
  base::Environment environment_;
  builds::Phases& phases_;
  base::Log& log_;
};

}  // namespace

void build_embedded(registry::Client& client, const lifecycle::Platform& platform, lifecycle::Analysis analysis,
                    const EmbeddedBuildOptions& options, const base::Environment& environment, builds::Phases& phases,
                    base::Log& log) {
  Builder(client, platform, options, environment, phases, log).run(std::move(analysis));
}

}  // namespace image
