// An image that somebody else made and params.image names: an archive of `docker save`, an OCI image layout in an
// archive or in a directory. All of it is known when it is open: manifests, and where the bytes of each blob lie; what
// is missing, of another size or not a file is refused then, and digests before a byte is sent.
//
// Errors name params.image, the cause and what to do: Error{usage, protocol}.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "image/package.hpp"
#include "registry/manifest.hpp"
#include "registry/reference.hpp"

namespace image {

struct ReadyBlob {
  registry::Descriptor descriptor;
  Stretch bytes;
  // What it has to unpack to, where its digest was made of what lay there.
  std::optional<registry::Digest> diff_id = std::nullopt;
  bool is_verified = false;
};

struct ReadyImage {
  registry::RawManifest top;  // what gets the tags
  // Of an index: what it names, each after those that it names itself.
  std::vector<registry::RawManifest> parts;
  std::vector<ReadyBlob> blobs;  // each once
  std::string kind;              // "an archive of docker save"
  // Repositories that may have some of the blobs: the base's, those that the image was named after.
  std::vector<registry::Repository> origins;
  // What says of it or of a part (image-spec, manifest.md, "subject"), as signatures do; and their own blobs.
  std::vector<registry::RawManifest> referrers = {};
  std::vector<ReadyBlob> referrer_blobs = {};
};

struct ReadyOptions {
  std::string name;               // as the user wrote it, or what the pattern matched: "app/image.tar"
  std::filesystem::path scratch;  // for what must be unpacked or compressed; lives as long as the image
  std::map<std::string, std::string> annotations;  // of the top manifest
};

[[nodiscard]] ReadyImage open_ready_image(const std::filesystem::path& path, const ReadyOptions& options,
                                          base::Log& log);

// Reads all bytes of a blob once; Error{protocol} when they are not of its digest, or unpack to something else.
void verify(const ReadyBlob& blob, const std::string& name);

// "cannot push params.image app/image.tar: <cause>; <remedy>".
[[noreturn]] void refuse_image(const std::string& name, std::string cause, std::string remedy = "");

// The repositories of a registry that the annotations of a manifest and of a blob say have it
// (org.opencontainers.image.base.name, and containerd's containerd.io/distribution.source.<host>).
[[nodiscard]] std::vector<registry::Repository> origins_in(const std::map<std::string, std::string>& annotations);

}  // namespace image
