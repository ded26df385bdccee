// The versions of a branch: which of its commits, along first parents, pass the source's filters.
#pragma once

#include <optional>
#include <vector>

#include "base/file.hpp"
#include "git/object_store.hpp"
#include "source/course.hpp"
#include "source/source.hpp"

namespace source {

class BranchCheck {
 public:
  // Objects go into a directory of their own below `temporary`.
  BranchCheck(const Source& source, git::Remote& remote, git::ObjectId head, const std::filesystem::path& temporary);

  struct News {
    std::vector<git::Commit> commits;  // newest first
    Course course = Course::onward;
  };
  enum class Known {
    left_out,
    examined,  // it is among the commits when the head descends from it and it passes
  };
  // What passes since `known`; nothing when the repository has no such commit.
  [[nodiscard]] std::optional<News> since(const git::ObjectId& known, Known treatment);
  // The newest `count` that pass, newest first.
  [[nodiscard]] std::vector<git::Commit> newest(std::size_t count);

 private:
  [[nodiscard]] News head_alone();
  [[nodiscard]] std::vector<git::Commit> examine(const std::vector<git::Commit>& chain);
  void fetch_known(const git::ObjectId& known, bool with_parent, std::size_t news, const std::string& filter);

  const Source& source_;
  git::Remote& remote_;
  git::ObjectId head_;
  base::TemporaryDirectory directory_;
  git::ObjectStore store_;
};

}  // namespace source
