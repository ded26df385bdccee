// What a check tells a person of its answer, in one line: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "concourse/version.hpp"
#include "source/course.hpp"
#include "source/source.hpp"

namespace source {

struct Outcome {
  std::vector<concourse::Version> versions;  // oldest first
  std::string subject;                       // of the newest one's commit; empty where it was not looked at
  // Whether they are those since the known version, and not the newest because it is not there (any more).
  bool since_known = false;
  Course course = Course::onward;
  bool has_commits = true;  // of the repository
};

[[nodiscard]] std::string summary(const Outcome& outcome, const std::optional<concourse::Version>& known,
                                  const Source& source);

}  // namespace source
