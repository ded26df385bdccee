#include "git/working_copy.hpp"

#include <array>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/checkout.hpp"
#include "git/tree_bounds.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* configuration_name = "the repository's configuration";

RepositoryHandle initialize(const std::filesystem::path& directory, const std::filesystem::path& git_directory,
                            const std::string& origin) {
  initialize_library();
  git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
  options.flags = GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_NO_DOTGIT_DIR | GIT_REPOSITORY_INIT_MKPATH;
  const std::string work_tree = directory.string();
  if (git_directory != directory / ".git") {
    options.flags |= GIT_REPOSITORY_INIT_RELATIVE_GITLINK;
    options.workdir_path = work_tree.c_str();
  }
  options.initial_head = "main";
  options.origin_url = origin.c_str();
  RepositoryHandle repository;
  require(made(repository,
               [&](git_repository** out) { return git_repository_init_ext(out, git_directory.c_str(), &options); }),
          "create a repository in", directory.string());
  return repository;
}

// What a tree may not hold on any system, it may not hold here: names that HFS+ or NTFS would take for ".git". Written
// to the repository's own file and taken back after the checkout, for libgit2 1.9 frees the entries of a configuration
// made from a string while it still uses them.
constexpr std::array<const char*, 2> protections{"core.protectHFS", "core.protectNTFS"};

// What the .gitattributes files of an index say. A link is not followed, and is not read as one.
Attributes attributes_of(git_index* index, const ObjectStore& store, const Configuration& configuration) {
  constexpr std::string_view file_name = ".gitattributes";
  constexpr std::uint64_t largest = 100ULL << 20U;  // git passes over what is larger
  Attributes attributes;
  for (std::size_t i = 0; i < git_index_entrycount(index); ++i) {
    const git_index_entry* entry = git_index_get_byindex(index, i);
    const std::string_view path = entry->path;
    if (!path.ends_with(file_name) || (entry->mode & S_IFMT) != S_IFREG) continue;
    const auto directory = path.substr(0, path.size() - file_name.size());
    if (!directory.empty() && !directory.ends_with('/')) continue;
    const auto content = store.find_blob(to_id(entry->id), largest);
    if (content)
      attributes.add_file(std::string(directory.substr(0, directory.size() - (directory.empty() ? 0 : 1))), *content);
  }
  if (const auto common = configuration.get("core.attributesFile")) {
    attributes.add_common_file(base::read_file_if_exists(*common).value_or(""));
  }
  return attributes;
}

std::vector<std::string_view> paths_of(git_index* index) {
  std::vector<std::string_view> paths;
  for (std::size_t i = 0; i < git_index_entrycount(index); ++i)
    paths.emplace_back(git_index_get_byindex(index, i)->path);
  return paths;
}

// The files that a sparse checkout does not write stay in the index, marked.
void leave_out(git_index* index, const SparsePatterns& patterns) {
  for (std::size_t i = 0; i < git_index_entrycount(index); ++i) {
    git_index_entry entry = *git_index_get_byindex(index, i);
    if (patterns.chooses(entry.path)) continue;
    entry.flags_extended |= GIT_INDEX_ENTRY_SKIP_WORKTREE;
    require(git_index_add(index, &entry), "write", "the index");
  }
}

}  // namespace

WorkingCopy::WorkingCopy(const std::filesystem::path& directory, const std::string& origin, FieldNames fields)
    : WorkingCopy(directory, directory / ".git", origin, std::move(fields)) {}

WorkingCopy::WorkingCopy(const std::filesystem::path& directory, const std::filesystem::path& git_directory,
                         const std::string& origin, FieldNames fields)
    : directory_(directory),
      git_directory_(git_directory),
      fields_(std::move(fields)),
      repository_(initialize(directory, git_directory, origin)),
      store_(git_directory / "objects"),
      configuration_(Configuration::parse(base::read_file(git_directory / "config"), configuration_name)) {
  // libgit2 writes the refspec of all branches, and which ones are wanted is not known yet; the path of a working tree
  // it may write so that git reads another one.
  configuration_.remove("remote.origin.fetch");
  write_configuration(configuration_);
}

void WorkingCopy::write_configuration(const Configuration& configuration) const {
  base::write_file(git_directory_ / "config", configuration.text());
}

void WorkingCopy::configure(const std::string& name, const std::string& value, const std::string& field,
                            Earlier earlier) {
  if (!Configuration::is_name(name)) {
    throw Error(ErrorKind::usage, {"read", field, fmt::format("\"{}\" is not the name of a git setting", name),
                                   "write it as section.name"});
  }
  earlier == Earlier::kept ? configuration_.add(name, value) : configuration_.set(name, value);
  write_configuration(configuration_);
}

void WorkingCopy::add_fetch_refspec(const std::string& refspec) {
  const std::string name = "remote.origin.fetch";
  configure(name, refspec, name, Earlier::kept);
}

void WorkingCopy::track(const std::string& branch) {
  const std::string section = "branch." + branch;
  configuration_.set(section + ".remote", "origin");
  configuration_.set(section + ".merge", "refs/heads/" + branch);
  write_configuration(configuration_);
}

void WorkingCopy::write_refs(const std::map<std::string, ObjectId>& refs) {
  // One file for all: a repository may have thousands of tags (git-pack-refs). Peeled lines are left out, so the
  // header does not promise them.
  std::string text = "# pack-refs with: sorted \n";
  for (const auto& [name, id] : refs) text += fmt::format("{} {}\n", id.text(), name);
  base::write_file(git_directory() / "packed-refs", text);
  refs_ = refs;
}

void WorkingCopy::write_symbolic_ref(const std::string& name, const std::string& target) {
  const auto path = git_directory() / name;
  std::filesystem::create_directories(path.parent_path());
  base::write_file(path, "ref: " + target + "\n");
  if (const auto found = refs_.find(target); found != refs_.end()) refs_.insert_or_assign(name, found->second);
}

void WorkingCopy::write_shallow(const std::vector<ObjectId>& commits) {
  if (commits.empty()) return;
  std::string text;
  for (const auto& id : commits) text += id.text() + "\n";
  base::write_file(git_directory() / "shallow", text);
  shallow_ = {commits.begin(), commits.end()};
}

RepositoryHandle WorkingCopy::open() const {
  RepositoryHandle repository;
  require(made(repository, [&](git_repository** out) { return git_repository_open(out, git_directory_.c_str()); }),
          "open", directory_.string());
  return repository;
}

WorkingCopy::CheckedOut WorkingCopy::check_out(const ObjectId& commit, const SparsePatterns& sparse) {
  Configuration during = configuration_;
  for (const char* name : protections) during.set(name, "true");
  write_configuration(during);
  const auto repository = open();
  const auto object = store_.find_commit(commit);
  if (!object) throw Error(ErrorKind::protocol, {"read", "commit " + commit.text(), "the server did not send it", ""});
  const git_oid tree_oid = to_oid(object->tree);
  TreeHandle tree;
  require(made(tree, [&](git_tree** out) { return git_tree_lookup(out, repository.get(), &tree_oid); }), "read",
          "the tree of commit " + commit.text());
  require_sound(store_, object->tree);
  IndexHandle index;
  require(made(index, [&](git_index** out) { return git_repository_index(out, repository.get()); }), "create",
          "the index");
  require(git_index_read_tree(index.get(), tree.get()), "check out", "commit " + commit.text());
  if (!sparse.empty()) leave_out(index.get(), sparse);
  attributes_ = attributes_of(index.get(), store_, configuration_);
  const auto endings = LineEndings::of(configuration_.get("core.autocrlf"), configuration_.get("core.eol"));
  CheckedOut result{write_files(git_directory_ / "objects", index.get(), directory_, {attributes_, endings, fields_}),
                    sparse.without_match(paths_of(index.get()))};
  require(git_index_write(index.get()), "write", "the index");
  if (!sparse.empty()) configuration_.set("core.sparseCheckout", "true");
  write_configuration(configuration_);
  base::write_file(git_directory() / "HEAD", commit.text() + "\n");
  if (sparse.empty()) return result;
  std::filesystem::create_directories(git_directory() / "info");
  base::write_file(git_directory() / "info/sparse-checkout", sparse.text());
  return result;
}

}  // namespace git
