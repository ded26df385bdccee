#include "git/submodules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "git/config_text.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_file = 1ULL << 20U;
constexpr std::size_t most_submodules = 10'000;
constexpr unsigned gitlink_mode = 0160000;
constexpr unsigned file_type_mask = 0170000;
constexpr unsigned regular_file = 0100000;

[[noreturn]] void refuse(std::string cause) {
  throw Error(ErrorKind::protocol, {"read", ".gitmodules of the repository", std::move(cause), ""});
}

// A relative path that stays where it starts (CVE-2018-11235: a name "../../modules" led out of .git/modules).
bool is_contained(std::string_view path) {
  if (path.empty() || path.starts_with('/') || path.starts_with('-')) return false;
  if (path.find_first_of(std::string_view("\\:\0", 3)) != std::string_view::npos) return false;
  while (true) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    const std::string lower = base::lowered(component);
    if (lower == ".git" || lower.starts_with("git~")) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::map<std::string, Submodule> parse(const std::string& text) {
  std::map<std::string, Submodule> found;
  for (const auto& [key, value] : read_config_text(text, ".gitmodules of the repository")) {
    constexpr std::string_view prefix = "submodule.";
    const auto dot = key.rfind('.');
    if (!key.starts_with(prefix) || dot <= prefix.size()) continue;
    const std::string name(key.substr(prefix.size(), dot - prefix.size()));
    const auto field = key.substr(dot + 1);
    auto& submodule = found[name];
    if (found.size() > most_submodules) refuse("it names too many submodules");
    submodule.name = name;
    if (field == "path") submodule.path = value;
    if (field == "url") submodule.url = value;
    if (field == "branch") submodule.branch = value;
  }
  return found;
}

// The gitlink at a path, by the trees on the way to it.
std::optional<ObjectId> gitlink_at(const ObjectStore& store, const ObjectId& root, std::string_view path) {
  ObjectId tree_id = root;
  while (true) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    const auto tree = store.find_tree(tree_id);
    if (!tree) return std::nullopt;
    const auto entry =
        std::find_if(tree->begin(), tree->end(), [&](const TreeEntry& one) { return one.name == component; });
    if (entry == tree->end()) return std::nullopt;
    if (slash == std::string_view::npos) return entry->mode == gitlink_mode ? std::optional(entry->id) : std::nullopt;
    if (!entry->is_tree()) return std::nullopt;
    tree_id = entry->id;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::vector<Submodule> submodules_of(const ObjectStore& store, const ObjectId& commit_id) {
  const auto commit = store.find_commit(commit_id);
  const auto tree = commit ? store.find_tree(commit->tree) : std::nullopt;
  if (!tree) return {};
  const auto file =
      std::find_if(tree->begin(), tree->end(), [](const TreeEntry& entry) { return entry.name == ".gitmodules"; });
  if (file == tree->end()) return {};
  if ((file->mode & file_type_mask) != regular_file) refuse("it is no regular file");
  const auto text = store.find_blob(file->id, largest_file);
  if (!text) return {};
  std::vector<Submodule> result;
  for (auto& [name, submodule] : parse(*text)) {
    if (submodule.path.empty()) continue;
    if (!is_contained(name)) refuse(fmt::format("\"{}\" is no name for a submodule", base::printable(name, 128)));
    if (!is_contained(submodule.path)) {
      refuse(fmt::format("the path \"{}\" leads out of the repository", base::printable(submodule.path, 128)));
    }
    submodule.commit = gitlink_at(store, commit->tree, submodule.path);
    if (submodule.commit && submodule.url.empty()) refuse(fmt::format("submodule {} has no url", name));
    result.push_back(std::move(submodule));
  }
  return result;
}

}  // namespace git
