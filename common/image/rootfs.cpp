#include "image/rootfs.hpp"

#include <fmt/format.h>

#include "archive/extract.hpp"
#include "archive/read_ahead.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "image/layers.hpp"

namespace image {
namespace {

// The lines of larger layers show that it goes on; smaller ones are there in a moment.
constexpr std::uint64_t worth_a_line = 1'000'000;

using base::Error;
using base::ErrorKind;

std::string layer_name(const registry::Descriptor& layer) {
  return fmt::format("layer sha256:{}", layer.digest.short_hex());
}

void unpack_layer(archive::ReadAhead& contents, const std::string& name, const registry::Digest& diff_id,
                  archive::Extractor& extractor) {
  archive::Reader reader(contents.next(), name);
  extractor.apply(reader);
  const auto found = contents.digest();
  if (found == diff_id) return;
  throw Error(ErrorKind::protocol,
              {"unpack", name,
               fmt::format("its content has the diffID {}, not {} as the image says", found.text(), diff_id.text()),
               "the image is damaged: build it again"});
}

class Cancelling {
 public:
  explicit Cancelling(Layers& layers) : layers_(layers) {}
  ~Cancelling() { layers_.cancel(); }
  Cancelling(const Cancelling&) = delete;
  Cancelling& operator=(const Cancelling&) = delete;

 private:
  Layers& layers_;
};

void note_omissions(const archive::Omissions& omissions, base::Log& log) {
  if (omissions.devices > 0) {
    log.warning(fmt::format("{} device files are left out, since they may not be made here (the first is {})",
                            omissions.devices, base::printable(omissions.first_device)));
  }
  if (omissions.attributes > 0) {
    log.warning(fmt::format("{} extended attributes are left out, since they may not be set here (the first is {})",
                            omissions.attributes, base::printable(omissions.first_attribute)));
  }
}

json::Value member(const registry::Image& image, std::string_view name, json::Value otherwise) {
  const auto* settings = json::find(image.config, "config");
  const auto* found = settings == nullptr ? nullptr : json::find(*settings, name);
  if (found == nullptr || found->is_null()) return otherwise;
  return *found;
}

}  // namespace

void unpack_rootfs(registry::Client& client, const registry::Repository& repository, const registry::Image& image,
                   const std::filesystem::path& directory, base::Log& log) {
  const auto& layers = image.manifest.layers;
  const auto diff_ids = image.diff_ids();
  if (layers.size() != diff_ids.size()) {
    throw Error(ErrorKind::protocol, {"unpack", repository.text(),
                                      fmt::format("its manifest has {} layers, its configuration {} diffIDs",
                                                  layers.size(), diff_ids.size()),
                                      "if it is not a container image, set params.skip_download"});
  }
  const base::TemporaryDirectory downloads("layers");
  archive::Extractor extractor(directory, archive::Whiteouts::apply);
  const auto fetched = fetch_layers(client, repository, layers, downloads.path());
  archive::ReadAhead contents(
      layers.size(), [&](std::size_t i) { return archive::decompressing(fetched->open(i), layer_name(layers[i])); });
  // What one layer's failure leaves of no use is not waited for.
  const Cancelling cancelling(*fetched);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    try {
      unpack_layer(contents, layer_name(layers[i]), diff_ids[i], extractor);
    } catch (const Error& error) {
      // Bytes that are not the layer's say nothing of the layer: that they are not is what went wrong.
      if (error.kind() == ErrorKind::protocol) fetched->require_whole(i);
      throw;
    }
    const auto line = fmt::format("{} ({}) unpacked", layer_name(layers[i]), base::human_bytes(layers[i].size));
    layers[i].size < worth_a_line ? log.debug(line) : log.detail(line);
  }
  extractor.finish();
  note_omissions(extractor.omissions(), log);
}

std::string metadata_json(const registry::Image& image) {
  // As the registry-image resource writes it: null for what the image does not say.
  return json::dump({{"env", member(image, "Env", nullptr)},
                     {"user", member(image, "User", "")},
                     {"cmd", member(image, "Cmd", nullptr)},
                     {"entrypoint", member(image, "Entrypoint", nullptr)}}) +
         "\n";
}

std::string labels_json(const registry::Image& image) {
  return json::dump(member(image, "Labels", json::Value::object())) + "\n";
}

}  // namespace image
