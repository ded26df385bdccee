// The answers that Concourse reads from stdout, the only thing ever written there.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "concourse/version.hpp"

namespace concourse {

// check: oldest first; an empty list is written as [].
void write_versions(std::ostream& output, const std::vector<Version>& versions);
// What a check of digests says of its answer, in one line: "WHERE: the newest version is NAME". `names` are the
// versions as people call them, in their order; `known` is the one that Concourse had, where there was one.
[[nodiscard]] std::string news_of(std::string_view where, const std::vector<std::string>& names,
                                  const std::optional<std::string>& known);
// in and out.
void write_version(std::ostream& output, const VersionAndMetadata& answer);

}  // namespace concourse
