// `git describe` for one commit: its options as a pipeline writes them, and its answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git/working_copy.hpp"

namespace git {

struct DescribeOptions {
  enum class Candidates { annotated_tags, all_tags, all_refs } candidates = Candidates::annotated_tags;
  enum class Parents { all, first } parents = Parents::all;
  enum class Fallback { none, abbreviated_id } fallback = Fallback::none;
  enum class Long { when_needed, always } long_form = Long::when_needed;
  unsigned abbreviation = 0;  // digits of the id; 0: as many as are unique, at least seven
  bool without_id = false;    // --abbrev=0: the tag alone
  unsigned most_candidates = 10;
  // Globs for names without "refs/tags/" and the like: one of the former must match, none of the latter.
  std::vector<std::string> match;
  std::vector<std::string> exclude;

  // From "--always --dirty --broken". Error{usage} naming `field` for options that are not supported.
  [[nodiscard]] static DescribeOptions parse(std::string_view text, const std::string& field);
};

// Nothing when no tag describes the commit and there is no fallback.
[[nodiscard]] std::optional<std::string> describe(const WorkingCopy& copy, const ObjectId& commit,
                                                  const DescribeOptions& options);

}  // namespace git
