// Writing to an open file what does not fit into one call of the system.
#pragma once

#include <filesystem>
#include <string_view>

namespace base {

// All of `content`, from where the descriptor stands; interrupted calls go on. `path` names the file in the error.
void write_all(int descriptor, std::string_view content, const std::filesystem::path& path);

}  // namespace base
