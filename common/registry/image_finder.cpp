#include "registry/image_finder.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "registry/storage.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int deepest_index = 3;
// Entries without a platform are opened to find it, and somebody may have written many.
constexpr int most_look_ups = 16;

std::string shown(const Platform& platform) {
  return base::printable(fmt::format("{}/{}{}{}", platform.os, platform.architecture,
                                     platform.variant.empty() ? "" : "/", platform.variant),
                         64);
}

// Attestations are listed as images of the platform unknown/unknown.
bool is_attestation(const Descriptor& entry) {
  return (entry.platform && entry.platform->os == "unknown") || entry.annotations.contains("vnd.docker.reference.type");
}

class Finder {
 public:
  Finder(const std::string& object, const Platform& wanted, const ImageReader& reader)
      : object_(object), wanted_(wanted), reader_(reader) {}

  Image find(RawManifest raw) {
    auto found = find_in(std::move(raw), 0);
    if (found) return *std::move(found);
    throw Error(ErrorKind::not_found,
                {"find", object_, fmt::format("it is not there for the platform {}", shown(wanted_)),
                 known_.empty() ? "" : fmt::format("set source.platform to one of {}", known_)});
  }

 private:
  std::optional<Image> find_in(RawManifest raw, int depth) {
    if (!raw.is_index()) return open(std::move(raw));
    if (depth == deepest_index) fail(fmt::format("indexes are nested deeper than {}", deepest_index));
    const auto index = parse_index(raw, object_);
    if (const auto* entry = choose(index.entries, wanted_)) return find_in(child(*entry), depth + 1);
    for (const auto& flawed : index.flawed) {
      if (flawed.platform && flawed.platform->os == wanted_.os &&
          flawed.platform->architecture == wanted_.architecture) {
        fail(flawed.cause);
      }
    }
    for (const auto& entry : index.entries) note(entry);
    return look_up(index.entries, depth);
  }

  // An index of indexes says nothing of platforms, nor do old tools of their images.
  std::optional<Image> look_up(const std::vector<Descriptor>& entries, int depth) {
    std::vector<const Descriptor*> silent;
    for (const auto& entry : entries) {
      if (!entry.platform && !is_attestation(entry)) silent.push_back(&entry);
    }
    for (const auto* entry : silent) {
      if (++look_ups_ > most_look_ups) return std::nullopt;
      auto manifest = child(*entry);
      if (manifest.is_index()) {
        auto found = find_in(std::move(manifest), depth + 1);
        if (found) return found;
        continue;
      }
      auto image = open(std::move(manifest));
      Descriptor described = *entry;
      described.platform = image.platform();
      // Where there is no choice, and the image itself says nothing either, it is the one.
      const bool is_only = entries.size() == 1 && described.platform->architecture.empty();
      if (is_only || choose({described}, wanted_) != nullptr) return image;
      note(described);
    }
    return std::nullopt;
  }

  void note(const Descriptor& entry) {
    if (!entry.platform || is_attestation(entry)) return;
    known_ += (known_.empty() ? "" : ", ") + shown(*entry.platform);
  }

  RawManifest child(const Descriptor& entry) {
    auto manifest = reader_.manifest(entry.digest);
    if (manifest) return *std::move(manifest);
    throw Error(ErrorKind::not_found,
                {"read", object_, fmt::format("its index names {}, which is not there", entry.digest.text()), ""});
  }

  Image open(RawManifest raw) {
    Manifest manifest = parse_manifest(raw, object_);
    json::Value config = json::parse(reader_.config(manifest.config), "the configuration of " + object_);
    if (!config.is_object()) fail("its configuration is not an object");
    Image image{std::move(raw), std::move(manifest), std::move(config)};
    image.require_sound(object_);
    return image;
  }

  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", object_, std::move(cause), ""});
  }

  const std::string& object_;
  const Platform& wanted_;
  const ImageReader& reader_;
  std::string known_;
  int look_ups_ = 0;
};

}  // namespace

Image read_image(RawManifest raw, const std::string& object, const Platform& platform, const ImageReader& reader) {
  return Finder(object, platform, reader).find(std::move(raw));
}

std::string read_blob(Storage& storage, const Descriptor& blob, std::uint64_t limit) {
  if (blob.size > limit) {
    throw Error(ErrorKind::protocol, {"read", fmt::format("blob {} of {}", blob.digest.text(), storage.name()),
                                      fmt::format("it is larger than {}", base::human_bytes(limit)), ""});
  }
  std::string result;
  storage.open_blob(blob)->stream([&](std::string_view bytes) { result += bytes; });
  return result;
}

std::optional<Image> find_image(Storage& storage, const ManifestName& name, const Platform& platform) {
  auto raw = storage.find_manifest(name);
  if (!raw) return std::nullopt;
  const auto object = fmt::format("image {}{}", storage.name(), name.tag ? ":" + *name.tag : "");
  return read_image(*std::move(raw), object, platform,
                    {[&](const Digest& digest) {
                       return storage.find_manifest({std::nullopt, digest});
                     },
                     [&](const Descriptor& config) { return read_blob(storage, config, largest_config); }});
}

}  // namespace registry
