// The versions of a branch: which of its commits, along first parents, pass the source's filters.
#pragma once

#include <optional>
#include <vector>

#include "base/file.hpp"
#include "git/object_store.hpp"
#include "source/source.hpp"

namespace source {

class BranchCheck {
 public:
  // Objects go into a directory of their own below `temporary`.
  BranchCheck(const Source& source, git::Remote& remote, git::ObjectId head, const std::filesystem::path& temporary);

  struct News {
    std::vector<git::ObjectId> commits;  // newest first
    bool descends = false;               // the head comes from the known commit by first parents
  };
  // What passes since `known`, itself left out; nothing when the repository has no such commit.
  [[nodiscard]] std::optional<News> since(const git::ObjectId& known);
  // Whether a commit passes by itself; false when the repository has it not.
  [[nodiscard]] bool passes(const git::ObjectId& commit);
  // The newest `count` that pass, newest first.
  [[nodiscard]] std::vector<git::ObjectId> newest(std::size_t count);

 private:
  [[nodiscard]] std::vector<git::ObjectId> examine(const std::vector<git::Commit>& chain);

  const Source& source_;
  git::Remote& remote_;
  git::ObjectId head_;
  base::TemporaryDirectory directory_;
  git::ObjectStore store_;
  std::uint32_t news_length_ = 0;  // commits between the head and the known one
};

}  // namespace source
