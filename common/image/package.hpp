// What params.image names, as files: a directory, or an archive whose files are read where they lie in it. No link
// leads out of it, and nothing of it is unpacked but what cannot be read in place (a compressed archive, files with
// holes), into a directory of our own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "archive/input.hpp"
#include "base/file_descriptor.hpp"
#include "http/message.hpp"

namespace image {

// Bytes of a file, which others may read at the same time. It is opened when they are read: an index may have more
// blobs than a process may have open files.
struct Stretch {
  std::function<std::shared_ptr<const base::FileDescriptor>()> open;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string name;  // for errors: "blobs/sha256/3f2a..."
};

// Whole; Error{protocol} beyond `limit`.
[[nodiscard]] std::string read_all(const Stretch& bytes, std::uint64_t limit);
[[nodiscard]] std::unique_ptr<archive::Input> input_of(const Stretch& bytes);
[[nodiscard]] std::shared_ptr<http::Body> body_of(const Stretch& bytes);

class Package {
 public:
  virtual ~Package() = default;
  enum class Links { refused, followed };  // where they lead within the package
  // Nothing when there is no such file; Error{protocol} when it is not a regular one.
  [[nodiscard]] virtual std::optional<Stretch> open(const std::string& path, Links links) = 0;
};

// A file of our own.
[[nodiscard]] Stretch file_stretch(const std::filesystem::path& file, std::uint64_t size, std::string name);

[[nodiscard]] std::unique_ptr<Package> directory_package(const std::filesystem::path& directory);
// Plain, or compressed by gzip or zstd. What has to be unpacked goes below `scratch`, which must live as long.
[[nodiscard]] std::unique_ptr<Package> archive_package(const std::filesystem::path& file, const std::string& name,
                                                       const std::filesystem::path& scratch);

}  // namespace image
