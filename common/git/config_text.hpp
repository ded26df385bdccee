// Configuration that comes with a repository (.gitmodules, .lfsconfig): git-config's format, read as text alone. It
// includes no other file and means nothing by itself; each reader takes the settings that it knows.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace git {

// Names as git writes them ("submodule.Lib.url": only the middle keeps its case), in order, repeated ones repeatedly.
// `object` is what errors name. Error{protocol} for a text that git would refuse.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_config_text(const std::string& text,
                                                                                const std::string& object);

}  // namespace git
