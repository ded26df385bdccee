// Dates as `git log --date=<format>` prints them (git-log, "--date"): in the author's own time zone unless the format
// ends with "-local", which means UTC here, as in every container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace git {

// `offset` in minutes east of UTC. Error{usage} naming `field` for a format that is not supported: relative and human
// dates are refused, since the same version must always give the same file.
[[nodiscard]] std::string format_date(std::int64_t time, int offset, std::string_view format, const std::string& field);

}  // namespace git
