#include "image/sbom_files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <unistd.h>

#include "archive/input.hpp"
#include "archive/reader.hpp"
#include "archive/rooted.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/wording.hpp"
#include "base/write_all.hpp"
#include "lifecycle/layer_maker.hpp"
#include "lifecycle/metadata.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_layer = 256ULL << 20U;
constexpr std::uint64_t largest_content = 1ULL << 30U;

Error sbom_error(ErrorKind kind, const registry::Reference& reference, std::string cause) {
  return {kind, {"write the SBOM of", "image " + reference.text(), std::move(cause), "leave params.sbom out"}};
}

// "<buildpack>/<layer>/sbom.cdx.json" of "layers/sbom/launch/<buildpack>/<layer>/sbom.cdx.json", and of any other
// layers directory; nothing for what lies elsewhere.
std::optional<fs::path> place_of(const archive::Entry& entry) {
  const auto names = archive::components_of(entry.path);
  if (!names || entry.type != archive::Entry::Type::file) return std::nullopt;
  for (std::size_t i = 0; i + 2 < names->size(); ++i) {
    if ((*names)[i] != "sbom" || (*names)[i + 1] != "launch") continue;
    fs::path place;
    for (auto name = names->begin() + static_cast<std::ptrdiff_t>(i) + 2; name != names->end(); ++name) place /= *name;
    return place;
  }
  return std::nullopt;
}

// Block by block: an SBOM may be larger than what is good to hold. Nothing but files and directories is made below the
// target, so no link leads out of it.
void write_content(archive::Reader& reader, const fs::path& path) {
  const base::FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));  // NOLINT: variadic
  if (!file) throw base::system_error("create", path.string(), errno);
  archive::Block block;
  while (reader.read(block)) {
    if (lseek(file.get(), static_cast<off_t>(block.offset), SEEK_SET) < 0) {
      throw base::system_error("write", path.string(), errno);
    }
    base::write_all(file.get(), block.bytes, path);
  }
}

std::size_t unpack(const fs::path& file, const std::string& diff_id, const std::string& name, const fs::path& target) {
  archive::HashingInput input(archive::decompressing(archive::file_input(file), name));
  archive::Limits limits;
  limits.bytes = largest_content;
  archive::Reader reader(input, name, limits);
  std::size_t written = 0;
  while (const auto* entry = reader.next()) {
    const auto place = place_of(*entry);
    if (!place) continue;
    std::error_code error;
    fs::create_directories((target / *place).parent_path(), error);
    if (error) throw base::system_error("create directory", (target / *place).parent_path().string(), error.value());
    write_content(reader, target / *place);
    ++written;
  }
  if (input.finish().text() == diff_id) return written;
  throw Error(ErrorKind::protocol, {"unpack", name, "its content is not what its image says", ""});
}

const registry::Descriptor* find_layer(const registry::Image& image, const std::string& diff_id) {
  const auto diff_ids = image.diff_ids();
  for (std::size_t i = 0; i < diff_ids.size() && i < image.manifest.layers.size(); ++i) {
    if (diff_ids[i].text() == diff_id) return &image.manifest.layers[i];
  }
  return nullptr;
}

}  // namespace

void write_sbom(registry::Client& client, const registry::Reference& reference,
                const std::optional<registry::Image>& image, const fs::path& directory, base::Log& log) {
  const auto text = image ? image->label(lifecycle::label::lifecycle_metadata) : std::nullopt;
  const auto metadata = text ? lifecycle::parse_layers_metadata(*text) : std::nullopt;
  if (!metadata) throw sbom_error(ErrorKind::not_found, reference, "it was not built by buildpacks");
  fs::create_directory(directory / "sbom");
  if (metadata->sbom.empty()) return log.warning("the buildpacks wrote no SBOM: sbom/ is empty");
  const auto* layer = find_layer(*image, metadata->sbom);
  if (layer == nullptr) throw sbom_error(ErrorKind::protocol, reference, "it lacks the layer that its metadata name");
  if (layer->size > largest_layer) throw sbom_error(ErrorKind::protocol, reference, "its layer is too large for one");
  const base::TemporaryDirectory temporary("sbom");
  const auto file = temporary.path() / "layer";
  lifecycle::fetch_blob(client, reference.repository, *layer, file);
  const auto count =
      unpack(file, metadata->sbom, fmt::format("layer sha256:{}", layer->digest.short_hex()), directory / "sbom");
  log.info(base::counted(count, "SBOM file") + " in sbom/");
}

}  // namespace image
