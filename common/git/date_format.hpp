// Dates as `git log --date=<format>` prints them (git-log, "--date"): in the author's own time zone unless the format
// ends with "-local", which means UTC here, as in every container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace git {

// `offset` in minutes east of UTC. `now` is what relative and human dates are told by: theirs is the one text of a
// checkout that another get of the same version may not give again. Error{usage} naming `field` for what is not a
// format.
[[nodiscard]] std::string format_date(std::int64_t time, int offset, std::string_view format, const std::string& field,
                                      base::WallTime now);

}  // namespace git
