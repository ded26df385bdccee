#include "image/embedded_build.hpp"

#include <fmt/format.h>

#include "lifecycle/build.hpp"
#include "lifecycle/detect.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/restore.hpp"

namespace image {
namespace {

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

class Builder {
 public:
  Builder(registry::Client& client, const lifecycle::Platform& platform, const EmbeddedBuildOptions& options,
          const base::Environment& environment, builds::Phases& phases, base::Log& log)
      : client_(client),
        platform_(platform),
        options_(options),
        environment_(environment),
        phases_(phases),
        log_(log) {}

  EmbeddedBuild run(lifecycle::Analysis analysis) {
    analyze(analysis);
    auto target = analysis.run_image.target;
    if (target.distributions.empty()) target.distributions = {lifecycle::read_distribution("/etc/os-release")};
    const auto detected = detect(target);
    auto cache = restore(detected, analysis);
    auto metadata = build(detected, target);
    phases_.begin("EXPORTING");
    auto image = lifecycle::export_image(client_, platform_, metadata, analysis, options_.image, log_);
    return {std::move(image), std::move(metadata), std::move(cache)};
  }

 private:
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
    phases_.end(fmt::format("{} will build", plural(detected.group.size(), "buildpack")));
    return detected;
  }

  std::optional<lifecycle::CacheImage> restore(const lifecycle::Resolution& detected,
                                               const lifecycle::Analysis& analysis) {
    phases_.begin("RESTORING");
    if (!options_.cache) {
      phases_.end("nothing: params.clear_cache is set");
      return std::nullopt;
    }
    auto cache = lifecycle::find_cache(client_, *options_.cache, options_.platform, log_);
    const auto restored = lifecycle::restore(client_, platform_, detected.group, analysis.previous, cache, log_);
    phases_.end(fmt::format("restored {}, {}; described {}", plural(restored.layers, "layer"),
                            base::human_bytes(restored.bytes), plural(restored.described, "layer")));
    return cache;
  }

  lifecycle::BuildMetadata build(const lifecycle::Resolution& detected, const buildpacks::Target& target) {
    phases_.begin("BUILDING");
    auto metadata = lifecycle::build(platform_, detected, target, environment_, log_);
    phases_.end(fmt::format("{} ran", plural(detected.group.size(), "buildpack")));
    return metadata;
  }

  registry::Client& client_;
  const lifecycle::Platform& platform_;
  const EmbeddedBuildOptions& options_;
  const base::Environment& environment_;
  builds::Phases& phases_;
  base::Log& log_;
};

}  // namespace

EmbeddedBuild build_embedded(registry::Client& client, const lifecycle::Platform& platform,
                             lifecycle::Analysis analysis, const EmbeddedBuildOptions& options,
                             const base::Environment& environment, builds::Phases& phases, base::Log& log) {
  return Builder(client, platform, options, environment, phases, log).run(std::move(analysis));
}

}  // namespace image
