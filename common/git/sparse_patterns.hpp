// The patterns of a sparse checkout (git-sparse-checkout, "FULL PATTERN SET"): written as in a .gitignore file, they
// say what is checked out. The last pattern that matches a path decides; a directory's decision holds below it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace git {

class SparsePatterns {
 public:
  SparsePatterns() = default;
  explicit SparsePatterns(const std::vector<std::string>& lines);

  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  [[nodiscard]] bool chooses(std::string_view path) const;
  // Those that mean none of the paths, and take nothing away either: slips of the finger, most of the time.
  [[nodiscard]] std::vector<std::string> without_match(const std::vector<std::string_view>& paths) const;
  // For .git/info/sparse-checkout.
  [[nodiscard]] std::string text() const;

 private:
  struct Pattern {
    std::string text;
    bool negated = false;
    bool directories_only = false;
    bool anchored = false;  // with a '/' in it: the whole path, not the last component, is matched

    // A path of a tree from its top: a file, or a directory on the way to one.
    [[nodiscard]] bool matches(std::string_view path, bool is_directory) const;
  };

  std::vector<std::string> lines_;
  std::vector<Pattern> patterns_;
};

}  // namespace git
