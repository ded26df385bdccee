// A checkout as `git clone` leaves it: a real repository with its remote, refs, index and files, which the git program
// calls clean. Nothing from the repository is ever run (no hooks, no filters of its configuration), and no path of a
// tree leaves the directory or touches .git.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "git/checkout.hpp"
#include "git/configuration.hpp"
#include "git/field_names.hpp"
#include "git/library.hpp"
#include "git/object_store.hpp"
#include "git/refs.hpp"
#include "git/sparse_patterns.hpp"

namespace git {

class WorkingCopy {
 public:
  // Makes an empty repository in `directory`, which exists. `origin` is written to its configuration.
  WorkingCopy(const std::filesystem::path& directory, const std::string& origin, FieldNames fields);
  // The same with its .git elsewhere, as submodules have it (gitsubmodules, "FORMS").
  WorkingCopy(const std::filesystem::path& directory, const std::filesystem::path& git_directory,
              const std::string& origin, FieldNames fields);

  [[nodiscard]] ObjectStore& store() { return store_; }
  [[nodiscard]] const ObjectStore& store() const { return store_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const std::filesystem::path& git_directory() const { return git_directory_; }

  enum class Earlier { replaced, kept };
  // Error{usage} naming `field` for a name that git would not take. `earlier` is what becomes of values that the
  // setting has: some are lists (git-config(1), "url.<base>.insteadOf").
  void configure(const std::string& name, const std::string& value, const std::string& field,
                 Earlier earlier = Earlier::replaced);
  void add_fetch_refspec(const std::string& refspec);
  // A branch that follows the remote's.
  void track(const std::string& branch);

  // All refs at once. Only refs whose objects are in the store may be given.
  void write_refs(const std::map<std::string, ObjectId>& refs);
  void write_symbolic_ref(const std::string& name, const std::string& target);
  // The commits whose parents were not fetched (gitformat: .git/shallow).
  void write_shallow(const std::vector<ObjectId>& commits);
  // What was written so.
  [[nodiscard]] const std::map<std::string, ObjectId>& refs() const { return refs_; }
  [[nodiscard]] const std::set<ObjectId>& shallow() const { return shallow_; }

  struct CheckedOut {
    WrittenFiles written;
    std::vector<std::string> unmatched;  // sparse patterns that mean no file of the commit
  };
  // Writes files and index of a commit and detaches HEAD there. With sparse patterns only the files that they choose
  // are written; the index says of the others that they are left out on purpose.
  CheckedOut check_out(const ObjectId& commit, const SparsePatterns& sparse = {});
  // Of the commit that was checked out.
  [[nodiscard]] const Attributes& attributes() const { return attributes_; }

  // libgit2's handle, opened anew so that it sees all that was written.
  [[nodiscard]] RepositoryHandle open() const;

 private:
  void write_configuration(const Configuration& configuration) const;

  std::filesystem::path directory_;
  std::filesystem::path git_directory_;
  FieldNames fields_;
  RepositoryHandle repository_;
  ObjectStore store_;
  Configuration configuration_;  // as it stands in .git/config
  std::map<std::string, ObjectId> refs_;
  std::set<ObjectId> shallow_;
  Attributes attributes_;
};

}  // namespace git
