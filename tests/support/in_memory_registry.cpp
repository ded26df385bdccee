#include "support/in_memory_registry.hpp"

#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "registry/image_finder.hpp"

namespace test {
namespace {

using base::Error;
using base::ErrorKind;
using registry::Descriptor;
using registry::Digest;
using registry::RawManifest;
using registry::Reference;
using registry::Repository;

Error refused(ErrorKind kind, std::string action, std::string object, std::string cause) {
  return {kind, {std::move(action), std::move(object), std::move(cause), ""}};
}

std::string read_all(http::Body& body) {
  std::string bytes;
  body.rewind(0);
  std::array<char, 65536> buffer{};
  while (const std::size_t count = body.read(buffer.data(), buffer.size())) bytes.append(buffer.data(), count);
  return bytes;
}

}  // namespace

InMemoryRegistry::Contents& InMemoryRegistry::enter(std::string_view operation, const Repository& repository,
                                                    std::string_view what) {
  operations_.push_back(fmt::format("{} {} {}", operation, repository.text(), what));
  if (before_each) before_each(operations_.back());
  return repositories_[repository.text()];
}

const RawManifest* InMemoryRegistry::lookup(Contents& contents, const Reference& reference) const {
  std::string digest;
  if (reference.digest) {
    digest = reference.digest->text();
  } else if (const auto tag = contents.tags.find(*reference.tag); tag != contents.tags.end()) {
    digest = tag->second;
  }
  const auto found = contents.manifests.find(digest);
  return found == contents.manifests.end() ? nullptr : &found->second;
}

std::optional<Descriptor> InMemoryRegistry::resolve(const Reference& reference) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("resolve", reference.repository, reference.manifest_name());
  const auto* manifest = lookup(contents, reference);
  if (manifest == nullptr) return std::nullopt;
  return Descriptor{manifest->media_type, manifest->digest, manifest->bytes.size(), {}, {}, ""};
}

std::optional<RawManifest> InMemoryRegistry::find_manifest(const Reference& reference) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("find_manifest", reference.repository, reference.manifest_name());
  const auto* manifest = lookup(contents, reference);
  if (manifest == nullptr) return std::nullopt;
  return *manifest;
}

std::optional<registry::Image> InMemoryRegistry::find_image(const Reference& reference,
                                                            const registry::Platform& platform) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("find_image", reference.repository, reference.manifest_name());
  const auto* raw = lookup(contents, reference);
  if (raw == nullptr) return std::nullopt;
  const auto manifest = [&](const Digest& digest) -> std::optional<RawManifest> {
    const auto* found = lookup(contents, reference.with(digest));
    if (found == nullptr) return std::nullopt;
    return *found;
  };
  const auto config = [&](const Descriptor& descriptor) {
    return blob(reference.repository, descriptor, registry::largest_config);
  };
  return registry::read_image(*raw, "image " + reference.text(), platform, {manifest, config});
}

std::vector<std::string> InMemoryRegistry::tags(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> result;
  for (const auto& [tag, digest] : enter("tags", repository, "").tags) result.push_back(tag);
  return result;
}

std::string InMemoryRegistry::blob(const Repository& repository, const Descriptor& descriptor, std::uint64_t limit) {
  std::string result;
  stream_blob(repository, descriptor, [&](std::string_view bytes) { result += bytes; });
  if (result.size() > limit) throw refused(ErrorKind::protocol, "read", descriptor.digest.text(), "it is too large");
  return result;
}

void InMemoryRegistry::stream_blob(const Repository& repository, const Descriptor& descriptor, const ByteSink& sink) {
  std::string bytes;
  {
    const std::lock_guard lock(mutex_);
    auto& contents = enter("stream_blob", repository, descriptor.digest.text());
    const auto found = contents.blobs.find(descriptor.digest.text());
    if (found == contents.blobs.end()) {
      throw refused(ErrorKind::not_found, "read", "blob " + descriptor.digest.text(), "HTTP status 404 Not Found");
    }
    bytes = found->second;
  }
  for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 65536))) {
    sink(rest.substr(0, 65536));
  }
  if (Digest::parse(descriptor.digest.text()) != base::Sha256::of(bytes)) {
    throw refused(ErrorKind::protocol, "read", "blob " + descriptor.digest.text(), "its bytes have another digest");
  }
}

bool InMemoryRegistry::has_blob(const Repository& repository, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  return enter("has_blob", repository, digest.text()).blobs.contains(digest.text());
}

bool InMemoryRegistry::mount_blob(const Repository& repository, const Digest& digest, const Repository& from) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("mount_blob", repository, fmt::format("{} from {}", digest.text(), from.path));
  if (repository.host != from.host) return false;
  const auto& source = repositories_[from.text()].blobs;
  const auto found = source.find(digest.text());
  if (found == source.end()) return false;
  contents.blobs[digest.text()] = found->second;
  return true;
}

registry::Client::Upload InMemoryRegistry::put_blob(const Repository& repository, const Descriptor& descriptor,
                                                    std::shared_ptr<http::Body> body) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("put_blob", repository, descriptor.digest.text());
  if (contents.blobs.contains(descriptor.digest.text())) return Upload::existed;
  keep(contents, descriptor, *body);
  return Upload::sent;
}

void InMemoryRegistry::put_new_blob(const Repository& repository, const Descriptor& descriptor,
                                    std::shared_ptr<http::Body> body) {
  const std::lock_guard lock(mutex_);
  keep(enter("put_new_blob", repository, descriptor.digest.text()), descriptor, *body);
}

void InMemoryRegistry::require_write_access(const Repository& repository) {
  const std::lock_guard lock(mutex_);
  enter("require_write_access", repository, "").blobs.emplace(base::Sha256::of("{}").text(), "{}");
}

void InMemoryRegistry::keep(Contents& contents, const Descriptor& descriptor, http::Body& body) {
  std::string bytes = read_all(body);
  if (base::Sha256::of(bytes) != descriptor.digest || bytes.size() != descriptor.size) {
    throw refused(ErrorKind::protocol, "push", "blob " + descriptor.digest.text(), "DIGEST_INVALID");
  }
  contents.blobs[descriptor.digest.text()] = std::move(bytes);
}

void InMemoryRegistry::store(Contents& contents, const Reference& reference, const RawManifest& manifest) const {
  if (!manifest.is_index()) {
    const auto parsed = registry::parse_manifest(manifest, reference.text());
    auto needed = parsed.layers;
    needed.push_back(parsed.config);
    for (const auto& blob : needed) {
      if (contents.blobs.contains(blob.digest.text())) continue;
      throw refused(ErrorKind::protocol, "push", "image " + reference.text(),
                    "MANIFEST_BLOB_UNKNOWN: " + blob.digest.text())
          .answered(400, "MANIFEST_BLOB_UNKNOWN");
    }
  }
  contents.manifests.insert_or_assign(manifest.digest.text(), manifest);
  if (reference.tag) contents.tags[*reference.tag] = manifest.digest.text();
}

void InMemoryRegistry::put_manifest(const Reference& reference, const RawManifest& manifest) {
  const std::lock_guard lock(mutex_);
  store(enter("put_manifest", reference.repository, reference.manifest_name()), reference, manifest);
}

void InMemoryRegistry::delete_manifest(const Repository& repository, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  auto& contents = enter("delete_manifest", repository, digest.text());
  contents.manifests.erase(digest.text());
  std::erase_if(contents.tags, [&](const auto& tag) { return tag.second == digest.text(); });
}

std::vector<Descriptor> InMemoryRegistry::referrers(const Repository& repository, const Digest& subject,
                                                    std::string_view artifact_type) {
  const std::lock_guard lock(mutex_);
  std::vector<Descriptor> result;
  for (const auto& [digest, raw] : enter("referrers", repository, subject.text()).manifests) {
    if (raw.is_index()) continue;
    const auto manifest = registry::parse_manifest(raw, digest);
    if (!manifest.subject || manifest.subject->digest != subject) continue;
    const auto& type = manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    if (!artifact_type.empty() && type != artifact_type) continue;
    result.push_back({raw.media_type, raw.digest, raw.bytes.size(), manifest.annotations, {}, type});
  }
  return result;
}

Descriptor InMemoryRegistry::add_blob(const Repository& repository, const std::string& bytes,
                                      std::string_view media_type) {
  const std::lock_guard lock(mutex_);
  Descriptor descriptor{std::string(media_type), base::Sha256::of(bytes), bytes.size(), {}, {}, ""};
  repositories_[repository.text()].blobs[descriptor.digest.text()] = bytes;
  return descriptor;
}

RawManifest InMemoryRegistry::add_image(const Reference& reference, const json::Value& config,
                                        const std::vector<std::string>& layers, std::string_view layer_type) {
  const std::lock_guard lock(mutex_);
  registry::Manifest manifest{std::string(registry::media_type::oci_manifest),
                              add_blob(reference.repository, json::dump(config), registry::media_type::oci_config),
                              {},
                              {},
                              {},
                              ""};
  for (const auto& layer : layers) manifest.layers.push_back(add_blob(reference.repository, layer, layer_type));
  auto raw = registry::serialize(manifest);
  store(repositories_[reference.repository.text()], reference, raw);
  return raw;
}

void InMemoryRegistry::corrupt_blob(const Repository& repository, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  auto& bytes = repositories_.at(repository.text()).blobs.at(digest.text());
  bytes.at(bytes.size() / 2) = static_cast<char>(bytes.at(bytes.size() / 2) ^ 1);
}

void InMemoryRegistry::lose_blob(const Repository& repository, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  repositories_.at(repository.text()).blobs.erase(digest.text());
}

std::vector<std::string> InMemoryRegistry::operations() {
  const std::lock_guard lock(mutex_);
  return operations_;
}

}  // namespace test
