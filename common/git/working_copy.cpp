#include "git/working_copy.hpp"

#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/checkout.hpp"
#include "git/tree_bounds.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

using ConfigHandle = Handle<git_config, git_config_free>;

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

ConfigHandle config_of(git_repository* repository) {
  ConfigHandle config;
  require(made(config, [&](git_config** out) { return git_repository_config(out, repository); }), "read",
          configuration_name);
  return config;
}

// What a tree may not hold on any system, it may not hold here: names that HFS+ or NTFS would take for ".git". Written
// to the repository's own file and taken back after the checkout, for libgit2 1.9 frees the entries of a configuration
// made from a string while it still uses them.
constexpr std::array<const char*, 2> protections{"core.protectHFS", "core.protectNTFS"};

// Where neither the tree nor the settings of source.git_config can ask for a filter, libgit2 need not look for
// attributes: it resolves the whole path of every file for it.
bool may_filter(git_repository* repository, const CheckedTree& tree) {
  if (tree.has_attributes) return true;
  const auto config = config_of(repository);
  const auto is_set = [&](const char* name) {
    Handle<git_config_entry, git_config_entry_free> entry;
    return made(entry, [&](git_config_entry** out) { return git_config_get_entry(out, config.get(), name); }) == 0;
  };
  return is_set("core.autocrlf") || is_set("core.eol") || is_set("core.attributesfile");
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

WorkingCopy::WorkingCopy(const std::filesystem::path& directory, const std::string& origin)
    : WorkingCopy(directory, directory / ".git", origin) {}

WorkingCopy::WorkingCopy(const std::filesystem::path& directory, const std::filesystem::path& git_directory,
                         const std::string& origin)
    : directory_(directory),
      git_directory_(git_directory),
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

void WorkingCopy::check_out(const ObjectId& commit, const SparsePatterns& sparse) {
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
  const auto checked = require_sound(store_, object->tree);
  IndexHandle index;
  require(made(index, [&](git_index** out) { return git_repository_index(out, repository.get()); }), "create",
          "the index");
  require(git_index_read_tree(index.get(), tree.get()), "check out", "commit " + commit.text());
  if (!sparse.empty()) leave_out(index.get(), sparse);
  write_files(repository.get(), index.get(), *git_tree_id(tree.get()), directory_,
              may_filter(repository.get(), checked) ? Filtering::as_attributes_say : Filtering::off);
  require(git_index_write(index.get()), "write", "the index");
  if (!sparse.empty()) configuration_.set("core.sparseCheckout", "true");
  write_configuration(configuration_);
  base::write_file(git_directory() / "HEAD", commit.text() + "\n");
  if (sparse.empty()) return;
  std::filesystem::create_directories(git_directory() / "info");
  base::write_file(git_directory() / "info/sparse-checkout", sparse.text());
}

}  // namespace git
