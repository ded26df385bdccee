// How many files changed between two sources of which only one is at hand: of the other there is a sketch, a few
// kilobytes that a build record keeps where no commit tells more.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lifecycle/source_tree.hpp"

namespace lifecycle {

// Each file falls into one of 4096 buckets by its path; a bucket is the sum of its files' contents. Only those with
// files are written, in their order: three digits for the bucket, four for the sum.
[[nodiscard]] std::string sketch_of(const SourceTree& tree);

// "3 files changed", or "more than 64 files changed" where buckets hold too many of them to be told apart. Nothing when
// one is not a sketch.
[[nodiscard]] std::optional<std::string> changed_files(std::string_view before, std::string_view now);

}  // namespace lifecycle
