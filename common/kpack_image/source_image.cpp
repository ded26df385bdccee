#include "kpack_image/source_image.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <vector>

#include "archive/gzip_writer.hpp"
#include "archive/tar_writer.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"
#include "http/message.hpp"

namespace kpack_image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::int64_t layer_time = 315'532'801;  // 1980-01-01T00:00:01Z, as buildpacks' layers have it
constexpr std::size_t most_entries = 1'000'000;
constexpr std::size_t chunk_size = 256UL * 1024;
constexpr std::uint32_t plain_mode = 0644;
constexpr std::uint32_t program_mode = 0755;

struct Entry {
  std::string name;  // from the directory on
  struct stat status {};
};

// Sorted by their names' bytes: the order in which a file system gives them is its own.
void list(const fs::path& directory, const std::string& prefix, std::vector<Entry>& entries) {
  base::throw_if_terminated();
  std::error_code code;
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, code), end; !code && it != end; it.increment(code)) {
    names.push_back(it->path().filename().string());
  }
  if (code) throw base::system_error("read", directory.string(), code.value());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (name == ".git") continue;
    Entry entry{prefix + name, {}};
    const auto path = directory / name;
    if (lstat(path.c_str(), &entry.status) != 0) throw base::system_error("read", path.string(), errno);
    const bool is_directory = S_ISDIR(entry.status.st_mode);
    if (entries.size() >= most_entries) {
      throw Error(ErrorKind::usage,
                  {"push the source", directory.string(), fmt::format("it has more than {} files", most_entries), ""});
    }
    entries.push_back(std::move(entry));
    if (is_directory) list(path, prefix + name + "/", entries);
  }
}

Error changing(const fs::path& path) {
  return {ErrorKind::usage, {"push the source", path.string(), "it changes while it is read", ""}};
}

void write_file(archive::TarWriter& tar, const archive::TarEntry& entry, const fs::path& path) {
  const auto file = base::open_file(path, base::Links::refused);
  tar.begin(entry);
  std::vector<char> buffer(chunk_size);
  std::uint64_t left = entry.size;
  while (const auto count = base::read_some(file, buffer.data(), buffer.size(), path)) {
    base::throw_if_terminated();
    if (count > left) throw changing(path);
    left -= count;
    tar.data({buffer.data(), count});
  }
  if (left > 0) throw changing(path);
}

void write(archive::TarWriter& tar, const Entry& found, const fs::path& directory) {
  const auto path = directory / found.name;
  const auto mode = found.status.st_mode;
  archive::TarEntry entry;
  entry.name = found.name;
  entry.modified = layer_time;
  if (S_ISDIR(mode)) {
    entry.type = archive::EntryType::directory;
    entry.mode = program_mode;
    tar.begin(entry);
  } else if (S_ISLNK(mode)) {
    entry.type = archive::EntryType::symbolic_link;
    entry.mode = 0777;
    entry.target = fs::read_symlink(path).string();
    tar.begin(entry);
  } else if (S_ISREG(mode)) {
    // Whether it is a program is the file's, all else of the mode the worker's.
    entry.mode = (mode & S_IXUSR) != 0 ? program_mode : plain_mode;
    entry.size = static_cast<std::uint64_t>(found.status.st_size);
    write_file(tar, entry, path);
  } else {
    throw Error(ErrorKind::usage, {"push the source", path.string(), "it is neither a file nor a directory nor a link",
                                   "remove it from the source"});
  }
}

archive::CompressedFile make_layer(const fs::path& directory, const std::vector<Entry>& entries, const fs::path& to) {
  archive::CompressionPool pool;
  archive::GzipWriter gzip(pool, to);
  archive::TarWriter tar([&](std::string_view bytes) { gzip.write(bytes); });
  for (const auto& entry : entries) write(tar, entry, directory);
  tar.finish();
  return gzip.finish();
}

// The same on every machine: kpack reads the files, and does not run them.
json::Value config_of(const archive::CompressedFile& layer) {
  return {{"architecture", "amd64"},
          {"os", "linux"},
          {"created", base::rfc3339(base::WallTime(std::chrono::seconds(layer_time)))},
          {"config", json::Value::object()},
          {"rootfs", {{"type", "layers"}, {"diff_ids", {layer.content_digest.text()}}}}};
}

registry::Descriptor descriptor_of(std::string_view media_type, const base::Digest& digest, std::uint64_t size) {
  return {std::string(media_type), digest, size, {}, std::nullopt, ""};
}

}  // namespace

registry::Repository source_repository(const registry::Reference& tag) {
  return {tag.repository.host, tag.repository.path + "-source"};
}

std::string push_source_image(const fs::path& directory, const registry::Repository& repository, const std::string& tag,
                              registry::Client& client, base::Log& log) {
  std::vector<Entry> entries;
  list(directory, "", entries);
  const base::TemporaryDirectory temporary("source");
  const auto layer = make_layer(directory, entries, temporary.path() / "layer");
  const auto config = json::dump(config_of(layer));
  const auto config_digest = base::Sha256::of(config);
  const registry::Manifest manifest{std::string(registry::media_type::oci_manifest),
                                    descriptor_of(registry::media_type::oci_config, config_digest, config.size()),
                                    {descriptor_of(registry::media_type::oci_layer_gzip, layer.digest, layer.size)},
                                    {},
                                    std::nullopt,
                                    ""};
  const auto sent = client.put_blob(repository, manifest.layers.front(), http::file_body(layer.path, 0, layer.size));
  client.put_blob(repository, manifest.config, http::text_body(config));
  const auto raw = registry::serialize(manifest);
  client.put_manifest({repository, tag, std::nullopt}, raw);
  auto image = fmt::format("{}@{}", repository.text(), raw.digest.text());
  log.info(fmt::format("source image {} ({} files, {}{})", image, entries.size(), base::human_bytes(layer.size),
                       sent == registry::Client::Upload::existed ? ", as it was there already" : ""));
  return image;
}

}  // namespace kpack_image
