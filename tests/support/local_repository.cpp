#include "support/local_repository.hpp"

namespace test {
namespace {

using git::made;
using git::require;
using git::to_id;
using git::to_oid;

}  // namespace

LocalRepository::LocalRepository() : directory_("repository", "/tmp") {
  git::initialize_library();
  require(
      made(repository_, [&](git_repository** out) { return git_repository_init(out, directory_.path().c_str(), 1); }),
      "create", "a repository");
}

git::ObjectId LocalRepository::blob(const std::string& content) const {
  git_oid oid;
  require(git_blob_create_from_buffer(&oid, repository_.get(), content.data(), content.size()), "write", "a blob");
  return to_id(oid);
}

git::ObjectId LocalRepository::tree(const std::map<std::string, Entry>& entries) const {
  // Written byte by byte: libgit2's builder refuses the names that tests of hostile trees need.
  std::string content;
  for (const auto& [name, entry] : entries) {
    const git_oid oid = to_oid(entry.id);
    content += (entry.mode == GIT_FILEMODE_TREE     ? "40000 "
                : entry.mode == GIT_FILEMODE_COMMIT ? "160000 "
                : entry.mode == GIT_FILEMODE_LINK   ? "120000 "
                                                    : "100644 ") +
               name + '\0';
    content.append(std::begin(oid.id), std::end(oid.id));
  }
  return write(content, GIT_OBJECT_TREE);
}

git::ObjectId LocalRepository::write(const std::string& content, git_object_t type) const {
  git::OdbHandle odb;
  require(made(odb, [&](git_odb** out) { return git_repository_odb(out, repository_.get()); }), "open", "the objects");
  git_oid oid;
  require(git_odb_write(&oid, odb.get(), content.data(), content.size(), type), "write", "an object");
  return to_id(oid);
}

git::ObjectId LocalRepository::commit(const std::vector<git::ObjectId>& parents, std::int64_t time) const {
  const std::string person = "A <a@example.com> " + std::to_string(time) + " +0000\n";
  std::string text = "tree " + tree({}).text() + "\n";
  for (const auto& parent : parents) text += "parent " + parent.text() + "\n";
  return write(text + "author " + person + "committer " + person + "\nmessage\n", GIT_OBJECT_COMMIT);
}

git::ObjectId LocalRepository::commit(const git::ObjectId& tree, const std::optional<std::string>& signature) const {
  const std::string text = "tree " + tree.text() +
                           "\nauthor A <a@example.com> 1700000000 +0000"
                           "\ncommitter C <c@example.com> 1700000000 +0000\n\nmessage\n";
  git_oid oid;
  require(git_commit_create_with_signature(&oid, repository_.get(), text.c_str(),
                                           signature ? signature->c_str() : nullptr, nullptr),
          "write", "a commit");
  return to_id(oid);
}

}  // namespace test
