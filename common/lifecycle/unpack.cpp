#include "lifecycle/unpack.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/extract.hpp"
#include "archive/input.hpp"
#include "archive/reader.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "lifecycle/layer_maker.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;

// As the builder's user: the tree is its own, and no entry can reach what it may not write.
void extract(const fs::path& file, const fs::path& root, const std::string& diff_id, const std::string& name) {
  archive::HashingInput input(archive::decompressing(archive::file_input(file), name));
  archive::Reader reader(input, name);
  archive::Extractor extractor(root, archive::Whiteouts::literal, archive::Owners::ours);
  extractor.apply(reader);
  if (input.finish().text() != diff_id) {
    throw base::Error(base::ErrorKind::protocol, {"restore", name, "its content is not what its image says", ""});
  }
  extractor.finish();
}

}  // namespace

void unpack_layer(registry::Client& client, const registry::Repository& repository, const registry::Descriptor& blob,
                  const std::string& diff_id, const fs::path& wanted, const Platform& platform) {
  const auto name = fmt::format("layer {}", blob.digest.short_hex());
  // Beside the layers, so that the tree only needs a new name at the end.
  const base::TemporaryDirectory staging("restore", platform.layers);
  const base::TemporaryDirectory temporary("restore");
  const auto file = temporary.path() / "blob";
  fetch_blob(client, repository, blob, file);
  if (chown(staging.path().c_str(), platform.identity.user, platform.identity.group) != 0 ||
      chmod(file.c_str(), 0644) != 0 || chmod(temporary.path().c_str(), 0755) != 0) {
    throw base::system_error("give away", staging.path().string(), errno);
  }
  {
    const FilesAsBuilder as_builder(platform.identity);
    extract(file, staging.path(), diff_id, name);
    fs::create_directories(wanted.parent_path());
  }
  const auto unpacked = staging.path() / wanted.relative_path();
  std::error_code error;
  if (fs::symlink_status(unpacked, error).type() != fs::file_type::directory) {
    throw base::Error(base::ErrorKind::protocol,
                      {"restore", name, fmt::format("it does not hold {}", wanted.string()), ""});
  }
  fs::rename(unpacked, wanted);
}

}  // namespace lifecycle
