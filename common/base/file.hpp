// Whole files in and out, with bounds and with errors that name the path. For trees from outside use archive/ and its
// rooted writes: these functions follow symbolic links.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// Nothing when there is no such file; an Error{protocol} when it is larger than `limit` bytes or not a regular file
// (base/regular_file.hpp): the reader waits for nobody.
[[nodiscard]] std::optional<std::string> read_file_if_exists(const std::filesystem::path& path,
                                                             std::uint64_t limit = 16ULL << 20U);
// As above; an Error{usage} when there is no such file.
[[nodiscard]] std::string read_file(const std::filesystem::path& path, std::uint64_t limit = 16ULL << 20U);

// Written whole or not at all: a temporary file in the same directory, then a rename.
void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);

// Removes what is inside `directory` and leaves it; never follows a symbolic link. Failures are ignored: it serves
// the clean-up after another error.
void empty_directory(const std::filesystem::path& directory) noexcept;

// Where large temporary data belongs: the worker's /scratch volume when there is one, else TMPDIR or /tmp.
[[nodiscard]] std::filesystem::path scratch_directory();

// A directory of its own below `parent`, mode 0700, removed with all that is in it at the end of its life.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(std::string_view purpose, const std::filesystem::path& parent = scratch_directory());
  ~TemporaryDirectory();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace base
