#include "registry/copy.hpp"

#include <atomic>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int deepest_index = 3;
constexpr std::size_t most_manifests = 2000;

// What is to be copied: manifests in an order in which each comes after those it names, and the blobs of all of them.
class Plan {
 public:
  Plan(Storage& from, const CopyOptions& options) : from_(from), options_(options) {}

  void add(const RawManifest& manifest, int depth = 0) {
    if (!seen_.insert(manifest.digest).second) return;
    if (seen_.size() > most_manifests) refuse(manifest, fmt::format("it names more than {} manifests", most_manifests));
    if (depth > deepest_index) refuse(manifest, fmt::format("indexes are nested deeper than {}", deepest_index));
    const std::string object = name_of(manifest.digest);
    if (manifest.is_index()) {
      for (const auto& entry : parse_whole_index(manifest, object)) {
        parts_.insert(entry.digest);
        add(child(entry, object), depth + 1);
      }
    } else {
      const auto parsed = parse_manifest(manifest, object);
      add_blob(parsed.config);
      for (const auto& layer : parsed.layers) add_blob(layer);
    }
    manifests_.push_back(manifest);
    if (options_.referrers == CopyOptions::Referrers::copied) add_referrers(manifest.digest, depth);
  }

  [[nodiscard]] const std::vector<RawManifest>& manifests() const { return manifests_; }
  [[nodiscard]] const std::vector<Descriptor>& blobs() const { return blobs_; }
  [[nodiscard]] Storage::Role role_of(const Digest& manifest) const {
    return parts_.contains(manifest) ? Storage::Role::part : Storage::Role::whole;
  }

 private:
  [[nodiscard]] std::string name_of(const Digest& digest) const {
    return fmt::format("image {}@{}", from_.name(), digest.text());
  }

  [[noreturn]] void refuse(const RawManifest& manifest, std::string cause) const {
    throw Error(ErrorKind::protocol, {"copy", name_of(manifest.digest), std::move(cause), ""});
  }

  RawManifest child(const Descriptor& entry, const std::string& object) {
    auto manifest = from_.find_manifest({std::nullopt, entry.digest});
    if (manifest) return *std::move(manifest);
    throw Error(ErrorKind::not_found,
                {"copy", object, fmt::format("it names {}, which is not there", entry.digest.text()), ""});
  }

  void add_blob(const Descriptor& blob) {
    if (known_blobs_.insert(blob.digest).second) blobs_.push_back(blob);
  }

  void add_referrers(const Digest& subject, int depth) {
    for (const auto& entry : from_.referrers(subject, "")) {
      if (auto artifact = from_.find_manifest({std::nullopt, entry.digest})) add(*artifact, depth + 1);
    }
  }

  Storage& from_;
  const CopyOptions& options_;
  std::set<Digest> seen_;
  std::set<Digest> parts_;
  std::set<Digest> known_blobs_;
  std::vector<RawManifest> manifests_;
  std::vector<Descriptor> blobs_;
};

class BlobCopier {
 public:
  BlobCopier(Storage& from, Storage& to) : from_(from), to_(to) {}

  void copy(const Descriptor& blob) {
    if (to_.has_blob(blob)) {
      ++present_;
    } else if (to_.mount_blob(blob, from_)) {
      ++mounted_;
    } else {
      to_.put_blob(blob, *from_.open_blob(blob));
      ++sent_;
      bytes_ += blob.size;
    }
  }

  [[nodiscard]] Copied result(const RawManifest& manifest) const {
    return {manifest, present_, mounted_, sent_, bytes_};
  }

 private:
  Storage& from_;
  Storage& to_;
  std::atomic<std::size_t> present_ = 0;
  std::atomic<std::size_t> mounted_ = 0;
  std::atomic<std::size_t> sent_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
};

RawManifest named(Storage& from, const ManifestName& name, const CopyOptions& options) {
  auto manifest = from.find_manifest(name);
  if (manifest && manifest->is_index() && options.platform) {
    auto image = find_image(from, name, *options.platform);
    if (image) return std::move(image->raw);
    manifest.reset();
  }
  if (manifest) return *std::move(manifest);
  throw Error(ErrorKind::not_found,
              {"copy", fmt::format("image {}{}", from.name(), name.tag ? ":" + *name.tag : ""), "it is not there", ""});
}

}  // namespace

Copied copy(Storage& from, const ManifestName& name, Storage& to, const std::optional<std::string>& tag,
            const CopyOptions& options) {
  const auto top = named(from, name, options);
  Plan plan(from, options);
  plan.add(top);
  BlobCopier copier(from, to);
  const auto& blobs = plan.blobs();
  base::for_each_parallel(blobs.size(), options.transfers, [&](std::size_t i) { copier.copy(blobs[i]); });
  for (const auto& manifest : plan.manifests()) {
    if (manifest.digest != top.digest) to.put_manifest(manifest, std::nullopt, plan.role_of(manifest.digest));
  }
  to.put_manifest(top, tag, Storage::Role::whole);
  return copier.result(top);
}

}  // namespace registry
