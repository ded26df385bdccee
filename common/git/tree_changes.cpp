#include "git/tree_changes.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.hpp"

namespace git {
namespace {

// Deeper than any real path, and shallow enough for the stack.
constexpr int deepest_tree = 1024;
// More than any repository has directories; one tree that is used again and again in another can be counted no end.
constexpr std::size_t most_trees = 1'000'000;

struct Comparison {
  const ObjectStore& store;
  const Pathspec& paths;
  std::set<ObjectId>& missing;
  std::size_t compared = 0;

  // The entries by name; nothing, and `id` noted, when the tree is not there.
  std::optional<std::map<std::string, TreeEntry>> entries(const std::optional<ObjectId>& id) {
    std::map<std::string, TreeEntry> result;
    if (!id) return result;
    const auto tree = store.find_tree(*id);
    if (!tree) {
      missing.insert(*id);
      return std::nullopt;
    }
    for (const auto& entry : *tree) result.emplace(entry.name, entry);
    return result;
  }

  Change entry(const std::string& path, const TreeEntry* before, const TreeEntry* after, int depth) {
    const auto is_file = [](const TreeEntry* one) { return one != nullptr && !one->is_tree(); };
    const auto tree_of = [](const TreeEntry* one) {
      return one != nullptr && one->is_tree() ? std::optional(one->id) : std::nullopt;
    };
    if ((is_file(before) || is_file(after)) && paths.matches(path)) return Change::some;
    const auto old_tree = tree_of(before);
    const auto new_tree = tree_of(after);
    if (!old_tree && !new_tree) return Change::none;
    switch (paths.below(path)) {
      case Pathspec::Below::nothing:
        return Change::none;
      case Pathspec::Below::all:
        return Change::some;
      case Pathspec::Below::something:
        return trees(path + "/", old_tree, new_tree, depth + 1);
    }
    return Change::none;
  }

  Change trees(const std::string& prefix, const std::optional<ObjectId>& before, const std::optional<ObjectId>& after,
               int depth) {
    if (before == after) return Change::none;
    if (depth > deepest_tree || ++compared > most_trees) {
      throw base::Error(
          base::ErrorKind::protocol,
          {"read", "a tree of the repository", depth > deepest_tree ? "it is nested too deep" : "it is too large", ""});
    }
    // Both are asked for before either decides, so that one fetch brings both.
    const auto old_entries = entries(before);
    const auto new_entries = entries(after);
    if (!old_entries || !new_entries) return Change::unknown;
    Change result = Change::none;
    const auto consider = [&](const std::string& name, const TreeEntry* one, const TreeEntry* other) {
      const Change found = entry(prefix + name, one, other, depth);
      if (found != Change::none && result != Change::some) result = found;
    };
    for (const auto& [name, one] : *new_entries) {
      const auto old = old_entries->find(name);
      const TreeEntry* previous = old == old_entries->end() ? nullptr : &old->second;
      if (previous != nullptr && previous->id == one.id && previous->mode == one.mode) continue;
      consider(name, previous, &one);
      if (result == Change::some) return result;
    }
    for (const auto& [name, one] : *old_entries) {
      if (new_entries->contains(name)) continue;
      consider(name, &one, nullptr);
      if (result == Change::some) return result;
    }
    return result;
  }
};

}  // namespace

Change changes(const ObjectStore& store, const std::optional<ObjectId>& before, const ObjectId& after,
               const Pathspec& paths, std::set<ObjectId>& missing) {
  std::set<ObjectId> needed;
  Comparison comparison{store, paths, needed, 0};
  const Change result = comparison.trees("", before, after, 0);
  if (result == Change::unknown) missing.merge(needed);
  return result;
}

}  // namespace git
