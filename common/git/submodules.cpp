#include "git/submodules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "git/config_text.hpp"
#include "git/file_names.hpp"

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
  if (path.find_first_of("\\:") != std::string_view::npos) return false;
  while (true) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") return false;
    if (is_git_directory(component)) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Git writes names and paths into files that it reads line by line, and strips what ends a line (CVE-2025-48384: a path
// that ended in a carriage return was another one after that).
bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }) &&
         !text.starts_with(' ') && !text.ends_with(' ');
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
  if ((file->mode & file_type_mask) != regular_file) refuse("it is not a regular file");
  const auto text = store.find_blob(file->id, largest_file);
  if (!text) return {};
  std::vector<Submodule> result;
  for (auto& [name, submodule] : parse(*text)) {
    if (submodule.path.empty()) continue;
    if (!is_contained(name)) refuse(fmt::format("\"{}\" is not a name for a submodule", base::printable(name, 128)));
    for (const std::string_view word : {std::string_view(name), std::string_view(submodule.path)}) {
      if (is_one_line(word)) continue;
      refuse(fmt::format("\"{}\" has a control character, or a blank at its beginning or end",
                         base::printable(word, 128)));
    }
    if (!is_contained(submodule.path)) {
      refuse(fmt::format("the path \"{}\" leads out of the repository", base::printable(submodule.path, 128)));
    }
    submodule.commit = gitlink_at(store, commit->tree, submodule.path);
    if (submodule.commit && submodule.url.empty()) refuse(fmt::format("submodule {} has no url", name));
    result.push_back(std::move(submodule));
  }
  return result;
}

void require_apart(const std::vector<Submodule>& submodules) {
  // Letters are compared as file systems do that know no case.
  std::map<std::string, std::string> by_name;
  std::map<std::string, std::string> by_path;
  for (const auto& submodule : submodules) {
    for (auto [names, text] : {std::pair(&by_name, &submodule.name), std::pair(&by_path, &submodule.path)}) {
      if (!names->emplace(folded(*text) + "/", *text).second) {
        refuse(fmt::format("two submodules have the {} {}", names == &by_name ? "name" : "path", *text));
      }
    }
  }
  std::string_view outer;
  for (const auto& [folded, name] : by_name) {
    if (!outer.empty() && folded.starts_with(outer)) {
      refuse(fmt::format("the git directory of submodule {} would lie in that of {}", name,
                         by_name.at(std::string(outer))));
    }
    outer = folded;
  }
}

}  // namespace git
