// What a patch of a base is, for people.
#pragma once

#include <string>

#include "base/log.hpp"
#include "fleet/record.hpp"

namespace fleet {

// "openssl 3.0.11-1 -> 3.0.15-1 and 3 more"; empty where it is not known.
[[nodiscard]] std::string summary_of(const BaseStep& step);

// The packages that the step changes, line by line, as many as a log should have.
void show(const BaseStep& step, base::Log& log);

}  // namespace fleet
