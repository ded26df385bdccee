// What the launcher reads of the image's layers: sorted listings with whole paths, and small files. The image is
// trusted as its process is: links are followed. Errors are those of base::system_error.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace launcher {

// Folders and non-folders of a directory in the order of their names; empty when there is no such directory. A link to
// a folder counts as a file, as in the reference.
[[nodiscard]] std::vector<std::string> list_directories(const std::string& directory);
[[nodiscard]] std::vector<std::string> list_files(const std::string& directory);

[[nodiscard]] bool exists(const std::string& path);
// Follows links, unlike the listings.
[[nodiscard]] bool is_file(const std::string& path);
[[nodiscard]] std::string read_file(const std::string& path);
// The rest of a descriptor; `name` is for the error.
[[nodiscard]] std::string read_all(int descriptor, const std::string& name);

// A name without a slash is looked up in `path`, whose empty entries mean the current directory; nothing when there is
// no executable file of that name. A name with a slash is itself.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name, const std::string& path);

}  // namespace launcher
