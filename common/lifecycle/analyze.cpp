#include "lifecycle/analyze.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t checks_at_once = 8;

// "docker.io/library/run:base" and "run:base" name the same; tags and digests do not count.
bool names_repository(const std::string& written, const registry::Repository& repository) {
  return registry::Reference::parse(written, "run.toml").repository == repository;
}

buildpacks::RunImage known_name(const RunImageChoice& choice, const registry::Reference& reference) {
  for (const auto& known : choice.known) {
    if (names_repository(known.image, reference.repository)) return known;
    for (const auto& mirror : known.mirrors) {
      if (names_repository(mirror, reference.repository)) return known;
    }
  }
  return {registry::Reference{reference.repository, reference.tag, std::nullopt}.text(), {}};
}

// Mirrors on the registry that the image goes to come first: their layers need not be copied.
std::vector<registry::Reference> candidates(const RunImageChoice& choice, const registry::Repository& target) {
  if (choice.named) return {*choice.named};
  if (choice.known.empty()) {
    throw Error(ErrorKind::usage, {"build", "", "no run image is known: the builder has no run.toml",
                                   "set params.run_image to a reference or to the directory of a get"});
  }
  std::vector<registry::Reference> result = {registry::Reference::parse(choice.known.front().image, "run.toml")};
  for (const auto& mirror : choice.known.front().mirrors) {
    result.push_back(registry::Reference::parse(mirror, "run.toml"));
  }
  std::stable_sort(result.begin(), result.end(), [&](const auto& a, const auto& b) {
    return (a.repository.host == target.host) > (b.repository.host == target.host);
  });
  return result;
}

registry::Image read_image(registry::Client& client, const registry::Repository& repository,
                           registry::RawManifest raw) {
  const auto name = "image " + registry::Reference{repository, std::nullopt, raw.digest}.text();
  auto manifest = registry::parse_manifest(raw, name);
  auto config = json::parse(client.blob(repository, manifest.config), "the configuration of " + name);
  if (!config.is_object()) throw Error(ErrorKind::protocol, {"read", name, "its configuration is not an object", ""});
  return {std::move(raw), std::move(manifest), std::move(config)};
}

}  // namespace

std::map<std::string, registry::Descriptor> available_layers(registry::Client& client,
                                                             const registry::Repository& repository,
                                                             const registry::Image& image, base::Log& log) {
  std::map<std::string, registry::Descriptor> layers;
  const auto diff_ids = image.diff_ids();
  if (diff_ids.size() != image.manifest.layers.size()) return layers;
  std::vector<char> present(diff_ids.size());
  base::for_each_parallel(diff_ids.size(), checks_at_once, [&](std::size_t i) {
    present[i] = client.has_blob(repository, image.manifest.layers[i].digest) ? 1 : 0;
  });
  for (std::size_t i = 0; i < diff_ids.size(); ++i) {
    if (present[i] != 0) {
      layers.emplace(diff_ids[i].text(), image.manifest.layers[i]);
    } else {
      // A registry's clean-up may have taken blobs that a manifest still names: such a layer is built again.
      log.warning(fmt::format("{} lost layer {}; it is built again", repository.text(), diff_ids[i].short_hex()));
    }
  }
  return layers;
}

buildpacks::Target target_of(const registry::Image& image) {
  const auto platform = image.platform();
  buildpacks::Target target{platform.os, platform.architecture, platform.variant, {}};
  const auto name = image.label(label::distribution_name);
  const auto version = image.label(label::distribution_version);
  if (name || version) target.distributions.push_back({name.value_or(""), version.value_or("")});
  return target;
}

RunImage find_run_image(registry::Client& client, const RunImageChoice& choice, const registry::Repository& target,
                        const registry::Platform& platform) {
  const auto references = candidates(choice, target);
  for (std::size_t i = 0; i < references.size(); ++i) {
    try {
      auto image = client.find_image(references[i], platform);
      if (image) {
        if (image->diff_ids().empty()) {
          throw Error(ErrorKind::usage, {"use run image", references[i].text(), "it has no layers", ""});
        }
        auto reference = references[i].with(image->raw.digest);
        auto image_target = target_of(*image);
        return {std::move(reference), *std::move(image), std::move(image_target), known_name(choice, references[i])};
      }
    } catch (const Error&) {
      // A mirror that does not answer is passed over while there is another one.
      if (i + 1 == references.size()) throw;
    }
  }
  throw Error(ErrorKind::not_found, {"find run image", references.back().text(), "there is no such image",
                                     choice.named ? "check params.run_image" : "set params.run_image"});
}

std::optional<PreviousImage> find_previous_image(registry::Client& client, const registry::Reference& reference,
                                                 const registry::Platform& platform, base::Log& log) {
  std::optional<registry::Image> image;
  bool in_index = false;
  try {
    auto raw = client.find_manifest(reference);
    if (!raw) return std::nullopt;
    in_index = raw->is_index();
    image = in_index ? client.find_image(reference.with(raw->digest), platform)
                     : read_image(client, reference.repository, *std::move(raw));
  } catch (const Error& error) {
    // Some registries answer "denied" for a repository that is not there yet; a push will tell.
    if (error.kind() != ErrorKind::denied && error.kind() != ErrorKind::not_found &&
        error.kind() != ErrorKind::protocol) {
      throw;
    }
    log.detail(fmt::format("no previous image: {}", error.what()));
    return std::nullopt;
  }
  if (!image) return std::nullopt;
  const auto text = image->label(label::lifecycle_metadata);
  auto metadata = text ? parse_layers_metadata(*text) : std::nullopt;
  if (!metadata) {
    log.info(fmt::format("the image at {} was not built by buildpacks: nothing of it is reused", reference.text()));
    return std::nullopt;
  }
  auto by_digest = reference.with(image->raw.digest);
  return PreviousImage{std::move(by_digest), *std::move(image), *std::move(metadata), {}, in_index};
}

void find_layers(registry::Client& client, PreviousImage& previous, base::Log& log) {
  previous.layers = available_layers(client, previous.reference.repository, previous.image, log);
}

}  // namespace lifecycle
