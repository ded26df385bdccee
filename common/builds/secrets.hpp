// Masking in logs that are kept: whoever may pull an image may read the log in its build record, so the values that a
// build was given in confidence are taken out of it, wherever a buildpack printed them.
#pragma once

#include <string>
#include <vector>

namespace builds {

struct NamedSecret {
  std::string name;  // shown in its place: "((BP_TOKEN))"
  std::string value;
};

// Short values ("true", "17") are not secrets, and stand in every other line: they stay. Of a value of several lines
// each line is masked, since a log prints them one by one.
[[nodiscard]] std::string masked(std::string text, const std::vector<NamedSecret>& secrets);

}  // namespace builds
