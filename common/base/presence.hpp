// What is at a path, where absence is an answer and failure is not: what cannot be looked at is not "not there".
#pragma once

#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <vector>

namespace base {

// The thing itself, also when it is a link. Nothing when nothing has this name; any other failure is a system_error.
[[nodiscard]] std::optional<struct stat> status_if_exists(const std::filesystem::path& path);
// What a path leads to: nothing also for a link that leads nowhere.
[[nodiscard]] std::optional<struct stat> target_if_exists(const std::filesystem::path& path);
[[nodiscard]] bool is_directory(const std::filesystem::path& path);
[[nodiscard]] bool is_regular_file(const std::filesystem::path& path);

// What a directory holds, sorted by name; empty when there is no such directory.
[[nodiscard]] std::vector<std::filesystem::path> entries_if_exists(const std::filesystem::path& directory);

}  // namespace base
