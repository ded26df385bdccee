// A directory that paths from outside cannot leave. Each component is opened by itself and never followed by the
// kernel; symbolic links on the way are resolved here as a process would that is chrooted into the directory.
// (openat2() with RESOLVE_IN_ROOT would do the same, but sandboxes refuse it.)
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"

namespace archive {

// The components of a path in an archive: "/", "./" and doubled slashes say nothing. Nothing when it holds "..".
[[nodiscard]] std::optional<std::vector<std::string>> components_of(std::string_view path);

// A place below the root: its directory, opened, its name there, and its path without symbolic links in it.
struct Place {
  int directory = -1;  // owned by the Rooted it came from, until its next call
  std::string name;    // empty: the root itself
  std::string path;    // "usr/lib/libc.so"
};

class Rooted {
 public:
  // Error{usage} when the directory is not there. `name` is what errors name: "layer sha256:3f2a...".
  explicit Rooted(const std::filesystem::path& root);

  enum class Parents {
    create,   // missing directories are made, mode 0755, also where a link leads to one: within the root, as all
    require,  // a missing one means that there is no such place
  };
  // Where `path` leads, its last component not followed. Error{protocol} naming `archive_name` when it has "..", when
  // a link on the way climbs above the root, leads to a file, or is one of too many.
  [[nodiscard]] std::optional<Place> find(std::string_view path, Parents parents, std::string_view archive_name);

  // Directories that find() has made, by their paths; for the caller to take.
  std::vector<std::string> created;

  // To be called when something was removed or replaced: what was resolved before may lead elsewhere now.
  void forget() { parent_text_.reset(); }
  [[nodiscard]] int root() const { return root_.get(); }

 private:
  class Walk;
  base::FileDescriptor root_;
  // The parent found last: entries of one directory follow each other.
  std::optional<std::string> parent_text_;
  base::FileDescriptor parent_;
  std::string parent_path_;
};

// Removes a file or a whole tree, following no link. It is not an error when nothing is there.
void remove_tree(int directory, const std::string& name);
// The names in a directory, without "." and "..".
[[nodiscard]] std::vector<std::string> names_in(int directory);
// Opens a directory below `directory` for reading its names, never through a link; empty when it is not a directory.
[[nodiscard]] base::FileDescriptor open_directory(int directory, const std::string& name);

}  // namespace archive
