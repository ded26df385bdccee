#include "fleet/survey.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "lifecycle/rebase.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_config = 16ULL << 20U;
constexpr std::size_t most_images = 64;  // of an index
constexpr std::uint64_t largest_index = 4ULL << 20U;
constexpr std::string_view attested_digest = "vnd.docker.reference.digest";

[[noreturn]] void refuse(const registry::Reference& reference, std::string cause) {
  throw Error(ErrorKind::protocol, {"read", "image " + reference.text(), std::move(cause), ""});
}

registry::Image read_image(registry::Client& client, const registry::Reference& reference,
                           const registry::RawManifest& raw) {
  const auto name = "image " + reference.text();
  auto manifest = registry::parse_manifest(raw, name);
  const auto& type = manifest.config.media_type;
  if (type != registry::media_type::oci_config && type != registry::media_type::docker_config) {
    refuse(reference, fmt::format("it is an artifact of the type {}, not an image", base::printable(type, 128)));
  }
  auto config =
      json::parse(client.blob(reference.repository, manifest.config, largest_config), "the configuration of " + name);
  if (!config.is_object()) refuse(reference, "its configuration is not an object");
  registry::Image image{raw, std::move(manifest), std::move(config)};
  if (image.diff_ids().size() != image.manifest.layers.size()) {
    refuse(reference, fmt::format("its manifest has {} layers, its configuration {} diffIDs",
                                  image.manifest.layers.size(), image.diff_ids().size()));
  }
  return image;
}

bool is_image(const registry::Descriptor& entry) {
  return entry.artifact_type.empty() && !(entry.platform && entry.platform->os == "unknown");
}

std::string text_at(const json::Value& entry, std::string_view object, std::string_view name) {
  const auto* found = json::find(entry, object);
  return found == nullptr ? "" : json::text_or(*found, name);
}

// The index with each rebased child in the place of what it was. Attestations of what was replaced are left out: they
// speak of another image. All else stays, also what no one here knows.
std::string rebased_index(const registry::RawManifest& raw, const std::map<std::string, const Rebasing*>& rebased) {
  auto value = raw.value;
  value["mediaType"] = registry::media_type::oci_index;
  auto entries = json::Value::array();
  for (auto entry : raw.value.at("manifests")) {
    if (rebased.contains(text_at(entry, "annotations", attested_digest))) continue;
    const auto found = rebased.find(json::text_or(entry, "digest"));
    if (found != rebased.end()) {
      entry["mediaType"] = registry::media_type::oci_manifest;
      entry["digest"] = found->second->digest.text();
      entry["size"] = found->second->manifest.size();
    }
    entries.push_back(std::move(entry));
  }
  value["manifests"] = std::move(entries);
  return json::dump(value);
}

}  // namespace

// One image below a tag: itself, or a child of an index.
struct Survey::Read {
  registry::Digest digest;
  registry::Platform platform;
  std::optional<lifecycle::PreviousImage> app;  // nothing: buildpacks did not build it
  std::optional<std::string> pin;
  std::vector<NeededBuild> needs;
  const lifecycle::RunImage* base = nullptr;
};

std::size_t Surveyed::writes() const {
  // An upload's two, its mounts, the manifest; and once the index, the build record (a mount, its manifest,
  // the list of referrers), the tag.
  std::size_t result = is_index ? 5 : 4;
  for (const auto& rebasing : rebasings) result += 3 + rebasing.missing.size();
  return result;
}

Verdict verdict_of(const Error& error, State otherwise) {
  const auto& cause = error.report().cause;
  switch (error.kind()) {
    case ErrorKind::denied:
      return {State::refused, cause};
    case ErrorKind::not_found:
    case ErrorKind::protocol:
    case ErrorKind::usage:
      if (error.status() >= 400 && error.status() < 500) return {State::refused, cause};
      return {otherwise, cause};
    case ErrorKind::transient:
    case ErrorKind::internal:
      return {State::failed, cause};
  }
  return {State::failed, cause};
}

Surveyed Survey::look_at(const registry::Reference& reference) {
  Surveyed result;
  result.reference = reference;
  try {
    if (auto out = left_out(reference, params_)) {
      result.verdict = *std::move(out);
      if (reachability_.verdict(reference.repository.host)) return result;
      if (const auto named = client_.resolve(reference)) result.digest = named->digest;
      return result;
    }
    if (auto away = reachability_.verdict(reference.repository.host)) {
      result.verdict = *std::move(away);
      return result;
    }
    read(result);
  } catch (const Error& error) {
    reachability_.note(reference.repository.host, error);
    // What is left out need not be readable.
    if (result.verdict.state != State::left_out) result.verdict = verdict_of(error, State::unreadable);
  }
  return result;
}

void Survey::read(Surveyed& result) {
  const auto raw = client_.find_manifest(result.reference);
  if (!raw) {
    result.verdict = {State::unreadable, "there is no such image"};
    return;
  }
  result.digest = raw->digest;
  const auto images = read_images(result.reference, *raw);
  Examined examined{raw->is_index(), {}};
  for (const auto& image : images) {
    examined.images.push_back(stand(image));
    result.needs.insert(result.needs.end(), image.needs.begin(), image.needs.end());
    if (result.run_image.empty()) result.run_image = base::printable(examined.images.back().stands_on);
  }
  result.verdict = judge(result.reference, examined, params_.pin);
  if (result.verdict.state == State::planned) {
    try {
      make(result, *raw, images);
    } catch (const Error&
                 error) {  // nothing is asked for: it would have more layers, or be larger, than what there is takes
      result.verdict = {State::not_rebasable, error.report().cause};
      return;
    }
    keep_or_drop(result);
    for (const auto& image : images) note_old_base(image);
    if (!params_.tag.empty()) {
      const auto staged = client_.resolve(result.reference.with_tag(params_.tag));
      if (staged && staged->digest == *result.target) result.verdict = {State::current, "staged already"};
    }
  } else if (result.verdict.state == State::not_rebasable && !result.run_image.empty()) {
    result.needs.push_back({"run image", result.run_image, bases_.reference.text()});
  }
}

std::vector<Survey::Read> Survey::read_images(const registry::Reference& reference,
                                              const registry::RawManifest& raw) const {
  std::vector<Read> result;
  const auto add = [&](const registry::RawManifest& manifest) {
    const auto by_digest = reference.with(manifest.digest);
    auto image = read_image(client_, by_digest, manifest);
    Read read{manifest.digest, image.platform(), std::nullopt, image.label(pin_label), {}, nullptr};
    if (builder_ != nullptr) read.needs = needs_of(image, *builder_);
    read.base = bases_.find(read.platform);
    const auto label = image.label(lifecycle::label::lifecycle_metadata);
    if (auto metadata = label ? lifecycle::parse_layers_metadata(*label) : std::nullopt) {
      read.app = lifecycle::PreviousImage{by_digest, std::move(image), *std::move(metadata), {}, raw.is_index()};
    }
    result.push_back(std::move(read));
  };
  if (!raw.is_index()) {
    add(raw);
    return result;
  }
  for (const auto& entry : registry::parse_index(raw, "image " + reference.text()).entries) {
    if (!is_image(entry)) continue;
    if (result.size() == most_images) refuse(reference, fmt::format("it lists more than {} images", most_images));
    const auto child = client_.find_manifest(reference.with(entry.digest));
    if (!child) refuse(reference, fmt::format("it lists {}, which is not there", entry.digest.text()));
    if (child->is_index()) refuse(reference, "it lists another index");
    add(*child);
  }
  return result;
}

Standing Survey::stand(const Read& read) const {
  Standing result{text_of(read.platform), read.app.has_value(), false, read.base != nullptr, false, "", {}, read.pin};
  if (!read.app) return result;
  const auto& metadata = read.app->metadata.run_image;
  result.stands_on = metadata.reference.empty() ? metadata.name.image : metadata.reference;
  // Whose base it is does not depend on the platform.
  result.on_this_base =
      lifecycle::is_own_run_image(*read.app, read.base != nullptr ? *read.base : bases_.images.front());
  if (read.base == nullptr || !result.on_this_base) return result;
  const auto at = metadata.reference.rfind('@');
  result.current = at != std::string::npos && metadata.reference.substr(at + 1) == read.base->reference.digest->text();
  if (!result.current) result.obstacle = lifecycle::obstacle_to_rebase(*read.app, *read.base);
  return result;
}

void Survey::make(Surveyed& surveyed, const registry::RawManifest& raw, const std::vector<Read>& images) const {
  surveyed.rebasings.clear();
  std::vector<std::string> replaced;
  for (const auto& image : images) {
    if (stand(image).current) continue;
    auto made =
        lifecycle::make_manifest(surveyed.reference.repository, lifecycle::compose_rebased(*image.app, *image.base));
    const auto kept = image.app->image.manifest.layers.size() - lifecycle::base_layers(*image.app).value_or(0);
    surveyed.rebasings.push_back({std::move(made.config), std::move(made.config_text), std::move(made.manifest.bytes),
                                  std::move(made.manifest.digest), lifecycle::missing_layers(*image.app, *image.base),
                                  image.base->reference.repository, kept, made.size});
    replaced.push_back(image.digest.text());
  }
  surveyed.is_index = raw.is_index();
  if (surveyed.is_index) {
    std::map<std::string, const Rebasing*> rebased;
    for (std::size_t i = 0; i < replaced.size(); ++i) rebased[replaced[i]] = &surveyed.rebasings[i];
    surveyed.index = rebased_index(raw, rebased);
    if (surveyed.index.size() > largest_index) {
      refuse(surveyed.reference, "on the new base the index would be larger than registries take");
    }
  }
  surveyed.target = surveyed.is_index ? base::Sha256::of(surveyed.index) : surveyed.rebasings.front().digest;
  surveyed.made = true;
}

void Survey::keep_or_drop(Surveyed& surveyed) {
  std::uint64_t size = surveyed.index.size();
  for (const auto& rebasing : surveyed.rebasings) size += rebasing.config_text.size() + rebasing.manifest.size();
  if (kept_.fetch_add(size) + size <= room_) return;
  kept_ -= size;
  surveyed.made = false;
  surveyed.index = {};
  for (auto& rebasing : surveyed.rebasings) {
    rebasing.config_text = {};
    rebasing.manifest = {};
  }
}

void Survey::complete(Surveyed& surveyed) const {
  if (surveyed.made) return;
  const auto by_digest = surveyed.reference.with(*surveyed.digest);
  const auto raw = client_.find_manifest(by_digest);
  if (!raw) refuse(by_digest, "it is not there any more");
  make(surveyed, *raw, read_images(surveyed.reference, *raw));
}

void Survey::note_old_base(const Read& read) {
  if (read.base == nullptr || !read.app) return;
  const auto standing = stand(read);
  if (standing.current) return;
  const std::lock_guard lock(mutex_);
  auto& entry = old_bases_[standing.platform + " " + standing.stands_on];
  ++entry.images;
  if (entry.now != nullptr) return;
  const auto& layers = read.app->image.manifest.layers;
  const auto count = lifecycle::base_layers(*read.app).value_or(0);
  entry.platform = standing.platform;
  entry.reference = base::printable(standing.stands_on);
  entry.repository = read.app->reference.repository;
  entry.layers.assign(layers.begin(), layers.begin() + static_cast<std::ptrdiff_t>(count));
  entry.now = read.base;
}

std::vector<OldBase> Survey::old_bases() const {
  const std::lock_guard lock(mutex_);
  std::vector<OldBase> result;
  for (const auto& [key, base] : old_bases_) result.push_back(base);
  return result;
}

}  // namespace fleet
