// A bare repository in a temporary directory, filled object by object, for tests of what reads objects.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "git/library.hpp"
#include "git/object_id.hpp"

namespace test {

class LocalRepository {
 public:
  LocalRepository();

  struct Entry {
    git_filemode_t mode = GIT_FILEMODE_BLOB;
    git::ObjectId id;
  };
  [[nodiscard]] git::ObjectId blob(const std::string& content) const;
  [[nodiscard]] git::ObjectId tree(const std::map<std::string, Entry>& entries) const;
  // With `signature`, a gpgsig header of that text.
  [[nodiscard]] git::ObjectId commit(const git::ObjectId& tree, const std::optional<std::string>& signature = {}) const;
  // With these parents, committed at that time.
  [[nodiscard]] git::ObjectId commit(const std::vector<git::ObjectId>& parents, std::int64_t time) const;

  [[nodiscard]] std::filesystem::path objects() const { return directory_.path() / "objects"; }

 private:
  [[nodiscard]] git::ObjectId write(const std::string& content, git_object_t type) const;

  base::TemporaryDirectory directory_;
  git::RepositoryHandle repository_;
};

}  // namespace test
