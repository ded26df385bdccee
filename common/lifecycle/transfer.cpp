#include "lifecycle/transfer.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "http/message.hpp"
#include "lifecycle/layer_maker.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

// An overlay file system stacks no more (containerd, Docker), and registries take no larger manifests.
constexpr std::size_t most_layers = 127;
constexpr std::uint64_t largest_manifest = 4ULL << 20U;

}  // namespace

Provided provide_blob(registry::Client& client, const registry::Repository& repository,
                      const registry::Repository& from, const registry::Descriptor& blob) {
  if (from == repository) return Provided::there;
  if (from.host == repository.host && client.mount_blob(repository, blob.digest, from)) return Provided::mounted;
  if (client.has_blob(repository, blob.digest)) return Provided::there;
  const base::TemporaryDirectory temporary("transfer");
  const auto path = temporary.path() / "blob";
  fetch_blob(client, from, blob, path);
  client.put_new_blob(repository, blob, http::file_body(path.string(), 0, blob.size));
  return Provided::sent;
}

void require_layer_count(std::size_t layers, const registry::Repository& repository) {
  if (layers <= most_layers) return;
  throw Error(ErrorKind::usage,
              {"make image", repository.text(),
               fmt::format("it would have {} layers, and no container starts from more than {}", layers, most_layers),
               "use a run image, buildpacks or slices with fewer layers"});
}

MadeManifest make_manifest(const registry::Repository& repository, const ComposedImage& image) {
  require_layer_count(image.layers.size(), repository);
  auto text = json::dump(image.config);
  const registry::Descriptor config{
      std::string(registry::media_type::oci_config), base::Sha256::of(text), text.size(), {}, std::nullopt, ""};
  MadeManifest result{registry::serialize({std::string(registry::media_type::oci_manifest), config, image.layers,
                                           image.annotations, std::nullopt, ""}),
                      config, std::move(text), 0};
  result.size = result.manifest.bytes.size();
  if (result.size > largest_manifest) {
    throw Error(ErrorKind::usage, {"make image", repository.text(),
                                   fmt::format("its manifest would have {}, and registries take {}",
                                               base::human_bytes(result.size), base::human_bytes(largest_manifest)),
                                   "use fewer or shorter annotations"});
  }
  for (const auto& layer : image.layers) result.size += layer.size;
  return result;
}

PushedConfig push_config(registry::Client& client, const registry::Repository& repository, const ComposedImage& image,
                         Novelty novelty) {
  auto made = make_manifest(repository, image);
  auto body = http::text_body(made.config_text);
  PushedConfig result{std::move(made.manifest), 0, made.size};
  if (novelty == Novelty::certain) {
    client.put_new_blob(repository, made.config, std::move(body));
    result.uploaded = made.config.size;
  } else if (client.put_blob(repository, made.config, std::move(body)) == registry::Client::Upload::sent) {
    result.uploaded = made.config.size;
  }
  return result;
}

}  // namespace lifecycle
