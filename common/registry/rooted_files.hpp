// Files below a directory that somebody else filled: no symbolic link is followed there, and nothing but a regular file
// is opened, without waiting for what may never come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.hpp"

namespace registry {

class RootedFiles {
 public:
  // The directory itself may be reached through links: who names it means it. Error as base::system_error gives.
  explicit RootedFiles(std::filesystem::path directory);

  struct File {
    base::FileDescriptor descriptor;
    std::uint64_t size = 0;
  };
  // `path` has the names of folders and last that of the file. Nothing when there is no such file; Error{protocol} when
  // it, or a folder before it, is something else.
  [[nodiscard]] std::optional<File> open(const std::vector<std::string>& path) const;
  // Whole; Error{protocol} beyond `limit` bytes.
  [[nodiscard]] std::optional<std::string> read(const std::vector<std::string>& path, std::uint64_t limit) const;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
  base::FileDescriptor root_;
};

}  // namespace registry
