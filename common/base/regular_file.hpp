// Opening files that others may have made. What lies at a path may be a FIFO, which blocks whoever opens or reads it
// until the end of time, or a device: only regular files are opened, and nothing waits.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "base/file_descriptor.hpp"

namespace base {

enum class Links { followed, refused };  // of the last component of the path

// For reading. Nothing when there is no such file; Error{protocol} when it is not a regular one.
[[nodiscard]] std::optional<FileDescriptor> open_file_if_exists(const std::filesystem::path& path,
                                                                Links links = Links::followed);
// As above; Error{usage} when there is no such file.
[[nodiscard]] FileDescriptor open_file(const std::filesystem::path& path, Links links = Links::followed);

// read(2): at most `capacity` bytes, 0 at the end. `path` is for the error.
[[nodiscard]] std::size_t read_some(const FileDescriptor& file, char* buffer, std::size_t capacity,
                                    const std::filesystem::path& path);

}  // namespace base
