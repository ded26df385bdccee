#include "image/formats.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>

#include "archive/tar_writer.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"
#include "registry/copy.hpp"
#include "registry/oci_layout.hpp"

namespace image {
namespace {

// As docker load names them; whatever the compression, which it finds out by itself.
std::string layer_file(const registry::Descriptor& layer) { return fmt::format("{}.tar.gz", layer.digest.hex()); }

archive::TarEntry file_entry(std::string name, std::uint64_t size) {
  archive::TarEntry entry;
  entry.name = std::move(name);
  entry.mode = 0644;
  entry.size = size;
  return entry;
}

}  // namespace

void write_archive(registry::Client& client, const registry::Repository& repository, const registry::Image& image,
                   const std::string& name, const std::filesystem::path& directory) {
  const auto path = directory / "image.tar";
  const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) throw base::system_error("create", path.string(), errno);
  archive::TarWriter tar([&](std::string_view bytes) { base::write_all(file.get(), bytes, path); });
  const auto add = [&](const std::string& entry, const registry::Descriptor& blob) {
    tar.begin(file_entry(entry, blob.size));
    client.stream_blob(repository, blob, [&](std::string_view bytes) { tar.data(bytes); });
  };
  const auto& config = image.manifest.config;
  add(config.digest.text(), config);
  json::Value layers = json::Value::array();
  std::set<registry::Digest> written;
  for (const auto& layer : image.manifest.layers) {
    layers.push_back(layer_file(layer));
    if (written.insert(layer.digest).second) add(layer_file(layer), layer);
  }
  const json::Value manifest = {
      {{"Config", config.digest.text()}, {"RepoTags", {name}}, {"Layers", std::move(layers)}}};
  const auto text = json::dump(manifest);
  tar.begin(file_entry("manifest.json", text.size()));
  tar.data(text);
  tar.finish();
}

void write_layout(registry::Client& client, const registry::Reference& reference, const std::string& tag,
                  const std::optional<registry::Platform>& platform, const std::filesystem::path& directory) {
  const auto target = directory / "oci";
  const auto from = registry::repository_storage(client, reference.repository);
  const auto layout = registry::create_oci_layout(target);
  registry::CopyOptions options;
  options.platform = platform;
  const auto copied = registry::copy(*from, {reference.tag, reference.digest}, *layout, tag, options);
  if (!copied.manifest.is_index()) base::write_file(target / "single-image-digest", copied.manifest.digest.text());
}

}  // namespace image
