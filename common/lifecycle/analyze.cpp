#include "lifecycle/analyze.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "registry/limits.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t checks_at_once = registry::HostLimits{}.questions;

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
    throw Error(ErrorKind::usage,
                {"build", "", "no run image is known: the builder has no run.toml", "name one in " + choice.field});
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

enum class Taken { yes, lost_blob, unknown };

// A manifest put once more by its digest changes nothing; a registry refuses it where it lost a blob of it.
Taken takes_again(registry::Client& client, const registry::Repository& repository, const registry::RawManifest& raw) {
  try {
    client.put_manifest({repository, std::nullopt, raw.digest}, raw);
    return Taken::yes;
  } catch (const Error& error) {
    if (names_lost_blob(error)) return Taken::lost_blob;
    // A registry that takes no manifest a second time, or not by its digest, says so in any of these ways: that it may
    // be written to is proven otherwise.
    const auto kind = error.kind();
    if (kind != ErrorKind::protocol && kind != ErrorKind::not_found && kind != ErrorKind::denied) throw;
    return Taken::unknown;
  }
}

std::vector<char> present_blobs(registry::Client& client, const registry::Repository& repository,
                                const registry::Image& image) {
  const auto& layers = image.manifest.layers;
  std::vector<char> present(layers.size());
  base::for_each_parallel(layers.size(), checks_at_once,
                          [&](std::size_t i) { present[i] = client.has_blob(repository, layers[i].digest) ? 1 : 0; });
  return present;
}

}  // namespace

bool names_lost_blob(const base::Error& error) {
  // distribution-spec, "Error Codes"; docker-registry says MANIFEST_BLOB_UNKNOWN, some others BLOB_UNKNOWN.
  return error.code() == "MANIFEST_BLOB_UNKNOWN" || error.code() == "BLOB_UNKNOWN";
}

std::map<std::string, registry::Descriptor> available_layers(registry::Client& client,
                                                             const registry::Repository& repository,
                                                             const registry::Image& image, base::Log& log) {
  std::map<std::string, registry::Descriptor> layers;
  const auto diff_ids = image.diff_ids();
  if (diff_ids.size() != image.manifest.layers.size()) return layers;
  const bool all = takes_again(client, repository, image.raw) == Taken::yes;
  const auto present = all ? std::vector<char>(diff_ids.size(), 1) : present_blobs(client, repository, image);
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
  std::exception_ptr refused;
  for (const auto& candidate : references) {
    try {
      auto image = client.find_image(candidate, platform);
      if (image) {
        if (image->diff_ids().empty()) {
          throw Error(ErrorKind::usage, {"use run image", candidate.text(), "it has no layers", ""});
        }
        auto reference = candidate.with(image->raw.digest);
        auto image_target = target_of(*image);
        return {std::move(reference), *std::move(image), std::move(image_target), known_name(choice, candidate)};
      }
    } catch (const Error&) {
      // A mirror that does not answer is passed over while there is another one.
      if (!refused) refused = std::current_exception();
    }
  }
  // That one lacks it says nothing of one that refused.
  if (refused) std::rethrow_exception(refused);
  throw Error(ErrorKind::not_found, {"find run image", references.back().text(), "there is no such image",
                                     (choice.named ? "check " : "name another one in ") + choice.field});
}

PreviousLookup look_up_previous_image(registry::Client& client, const registry::Reference& reference,
                                      const registry::Platform& platform) {
  auto raw = client.find_manifest(reference);
  if (!raw) return {};
  const bool in_index = raw->is_index();
  const auto named = raw->digest;
  std::optional<registry::Image> image;
  try {
    image = in_index ? client.find_image(reference.with(raw->digest), platform)
                     : read_image(client, reference.repository, *std::move(raw));
  } catch (const Error& error) {
    // It is there, but what it is made of is not, or is not to be understood.
    if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::protocol) throw;
    return {std::nullopt, error.what(), named};
  }
  if (!image) return {std::nullopt, "its index names an image that the registry lost", named};
  const auto text = image->label(label::lifecycle_metadata);
  auto metadata = text ? parse_layers_metadata(*text) : std::nullopt;
  if (!metadata) return {std::nullopt, "it was not built by buildpacks", named};
  auto by_digest = reference.with(image->raw.digest);
  return {PreviousImage{std::move(by_digest), *std::move(image), *std::move(metadata), {}, in_index}, "", named};
}

bool is_whole(registry::Client& client, const PreviousImage& image) {
  const auto& repository = image.reference.repository;
  const auto taken = takes_again(client, repository, image.image.raw);
  if (taken != Taken::unknown) return taken == Taken::yes;
  const auto present = present_blobs(client, repository, image.image);
  return std::all_of(present.begin(), present.end(), [](char there) { return there != 0; });
}

void find_layers(registry::Client& client, PreviousImage& previous, base::Log& log) {
  previous.layers = available_layers(client, previous.reference.repository, previous.image, log);
}

}  // namespace lifecycle
