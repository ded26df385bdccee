// A directory as an image that kpack builds from (spec.source.registry): one layer, whose digest depends on the files
// alone, so that the same files make no new build.
#pragma once

#include <filesystem>
#include <string>

#include "base/log.hpp"
#include "registry/client.hpp"

namespace kpack_image {

// The repository for the source images of what is pushed to `tag`: "<repository>-source".
[[nodiscard]] registry::Repository source_repository(const registry::Reference& tag);

// Pushes the files below `directory`, without what is named .git, and gives "<repository>@<digest>". `tag` keeps a
// registry's garbage collector away. Error{usage} for what is neither a file nor a directory nor a link.
[[nodiscard]] std::string push_source_image(const std::filesystem::path& directory,
                                            const registry::Repository& repository, const std::string& tag,
                                            registry::Client& client, base::Log& log);

}  // namespace kpack_image
