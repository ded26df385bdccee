#include "packages/layers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"

namespace packages {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_layer = 4ULL << 30U;     // compressed
constexpr std::uint64_t largest_content = 16ULL << 30U;  // of a layer, unpacked
constexpr std::uint64_t largest_database = 16ULL << 20U;
constexpr std::uint64_t largest_databases = 32ULL << 20U;  // of one layer together
constexpr std::size_t most_files = 20'000;                 // of status.d

constexpr std::string_view dpkg_status = "var/lib/dpkg/status";
constexpr std::string_view dpkg_directory = "var/lib/dpkg/status.d";
// The second since apk-tools 3 with a merged /usr.
constexpr std::array<std::string_view, 2> apk_databases{"lib/apk/db/installed", "usr/lib/apk/db/installed"};
constexpr std::array<std::string_view, 2> rpm_directories{"var/lib/rpm", "usr/lib/sysimage/rpm"};
constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";

// "./var//lib/" and "/var/lib" are "var/lib"; nothing for a path that climbs.
std::string normalized(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto component = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (component.empty() || component == ".") continue;
    if (component == "..") return "";
    result += (result.empty() ? "" : "/") + std::string(component);
  }
  return result;
}

bool is_below(std::string_view path, std::string_view directory) {
  return directory.empty() ||
         (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/');
}

// distroless keeps checksums beside the packages: libc6 and libc6.md5sums.
bool is_status_d(std::string_view path) { return is_below(path, dpkg_directory) && !path.ends_with(".md5sums"); }

bool is_database(std::string_view path) {
  return path == dpkg_status || is_status_d(path) ||
         std::find(apk_databases.begin(), apk_databases.end(), path) != apk_databases.end();
}

// Whether something at this path, or its absence, says anything of a database.
bool concerns_databases(std::string_view path) {
  const auto concerns = [&](std::string_view database) {
    return path == database || is_below(database, path) || is_below(path, database);
  };
  return concerns(dpkg_status) || concerns(dpkg_directory) ||
         std::any_of(apk_databases.begin(), apk_databases.end(), concerns);
}

std::string read_content(archive::Reader& layer, const archive::Entry& entry) {
  if (entry.size > largest_database) {
    throw Error(ErrorKind::protocol,
                {"read", entry.path, fmt::format("it is larger than {}", base::human_bytes(largest_database)), ""});
  }
  std::string content;
  archive::Block block;
  while (layer.read(block)) {
    if (block.offset + block.bytes.size() > largest_database) {
      throw Error(ErrorKind::protocol, {"read", entry.path, "it is larger than its entry says", ""});
    }
    content.resize(static_cast<std::size_t>(block.offset), '\n');
    content += block.bytes;
  }
  return content;
}

class Scan {
 public:
  void take(const archive::Entry& entry, archive::Reader& layer) {
    const std::string path = normalized(entry.path);
    const auto slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string_view name = std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
    if (name == opaque) {
      if (concerns_databases(directory) || directory.empty()) result.emptied.push_back(directory);
    } else if (name.starts_with(whiteout)) {
      hide((directory.empty() ? "" : directory + "/") + std::string(name.substr(whiteout.size())));
    } else if (is_database(path) && entry.type == archive::Entry::Type::file) {
      keep(path, read_content(layer, entry));
    } else if (entry.type != archive::Entry::Type::directory) {
      note_rpm(path);
      hide(path);
    }
  }

  LayerFiles result;

 private:
  void keep(const std::string& path, std::string content) {
    bytes_ += content.size();
    if (bytes_ > largest_databases || result.files.size() >= most_files) {
      throw Error(ErrorKind::protocol, {"read", "the package databases", "they are larger than any that is known", ""});
    }
    result.files[path] = std::move(content);
  }

  void hide(std::string path) {
    if (!concerns_databases(path)) return;
    if (result.hidden.size() >= most_files) {
      throw Error(ErrorKind::protocol, {"read", "the package databases", "too many of their files are removed", ""});
    }
    result.hidden.push_back(std::move(path));
  }

  void note_rpm(std::string_view path) {
    result.has_rpm = result.has_rpm || std::any_of(rpm_directories.begin(), rpm_directories.end(),
                                                   [&](auto directory) { return is_below(path, directory); });
  }

  std::uint64_t bytes_ = 0;
};

void apply(const LayerFiles& layer, std::map<std::string, std::string_view>& files) {
  for (const auto& directory : layer.emptied) {
    std::erase_if(files, [&](const auto& file) { return is_below(file.first, directory); });
  }
  for (const auto& path : layer.hidden) {
    std::erase_if(files, [&](const auto& file) { return file.first == path || is_below(file.first, path); });
  }
  for (const auto& [path, content] : layer.files) files[path] = content;
}

// The layer as a file, so that nothing of it is used before its last byte was verified.
void fetch(registry::Client& client, const registry::Repository& repository, const registry::Descriptor& layer,
           const std::filesystem::path& path) {
  const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) throw base::system_error("create", path.string(), errno);
  client.stream_blob(repository, layer,
                     [&](std::string_view bytes) { base::write_all(file.get(), bytes, path.string()); });
}

}  // namespace

LayerFiles scan(archive::Reader& layer) {
  Scan scan;
  while (const auto* entry = layer.next()) scan.take(*entry, layer);
  return std::move(scan.result);
}

Installed merge(const std::vector<const LayerFiles*>& layers) {
  std::map<std::string, std::string_view> files;
  bool has_rpm = false;
  for (const auto* layer : layers) {
    apply(*layer, files);
    has_rpm = has_rpm || layer->has_rpm;
  }
  Installed result;
  // An image with dpkg itself keeps the whole list in `status`.
  if (const auto status = files.find(std::string(dpkg_status)); status != files.end()) {
    add_dpkg(status->second, result.list);
  }
  if (result.list.empty()) {
    for (const auto& [path, content] : files) {
      if (is_status_d(path)) add_dpkg(content, result.list);
    }
  }
  for (const auto database : apk_databases) {
    if (const auto installed = files.find(std::string(database)); installed != files.end()) {
      add_apk(installed->second, result.list);
    }
  }
  if (result.list.empty()) {
    result.unknown = has_rpm ? "its packages are in an rpm database, which is not read" : "it has no list of packages";
  }
  return result;
}

const LayerFiles& Inspector::layer(const registry::Repository& repository, const registry::Descriptor& layer) {
  const auto known = known_.find(layer.digest);
  if (known != known_.end()) return known->second;
  const std::string name = fmt::format("layer sha256:{}", layer.digest.short_hex());
  if (layer.size > largest_layer) {
    throw Error(ErrorKind::protocol,
                {"read", name, fmt::format("it is larger than {}", base::human_bytes(largest_layer)), ""});
  }
  const base::TemporaryDirectory directory("packages");
  const auto path = directory.path() / "layer";
  fetch(client_, repository, layer, path);
  const auto content = archive::decompressing(archive::file_input(path), name);
  archive::Limits limits;
  limits.bytes = largest_content;
  archive::Reader reader(*content, name, limits);
  return known_.emplace(layer.digest, scan(reader)).first->second;
}

Installed Inspector::read(const registry::Repository& repository, const std::vector<registry::Descriptor>& layers) {
  const std::lock_guard lock(mutex_);
  try {
    std::vector<const LayerFiles*> files;
    for (const auto& descriptor : layers) files.push_back(&layer(repository, descriptor));
    return merge(files);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

Comparison compare(const Installed& before, const Installed& now) {
  if (!now.unknown.empty()) return {{}, now.unknown};
  if (!before.unknown.empty()) return {{}, "of the old base: " + before.unknown};
  return {compare(before.list, now.list), ""};
}

}  // namespace packages
