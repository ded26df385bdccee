// The inputs of a put: directories that other steps made, below the one that Concourse names as argv[1] of out.
#pragma once

#include <filesystem>
#include <string>

namespace concourse {

// The directory that a param names, which neither ".." nor a symbolic link can move out of `inputs`. Error{usage}
// naming `field` when there is no such directory.
[[nodiscard]] std::filesystem::path input_directory(const std::filesystem::path& inputs, const std::string& path,
                                                    const std::string& field);
// Whether a param that may also be something else names a directory of the inputs.
[[nodiscard]] bool names_input(const std::filesystem::path& inputs, const std::string& path);

// The first line of a small file that a get wrote; empty when there is no such file.
[[nodiscard]] std::string first_line(const std::filesystem::path& file);

}  // namespace concourse
