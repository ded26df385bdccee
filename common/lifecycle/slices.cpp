#include <algorithm>
#include <map>
#include <set>

#include "lifecycle/glob.hpp"
#include "lifecycle/layers.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;

struct Node {
  struct stat status {};
  std::vector<std::string> children;
  bool taken = false;  // by a slice before
};

// Paths compare as bytes: a map by text is in the order in which the entries of a slice are written.
class Slicer {
 public:
  explicit Slicer(const fs::path& root) : root_(root.string()) {
    for (const auto& entry : list_tree(root)) {
      nodes_[entry.path.string()].status = entry.status;
      if (entry.path != root) nodes_[entry.path.parent_path().string()].children.push_back(entry.path.string());
    }
  }

  std::vector<TreeEntry> take(const buildpacks::Slice& slice) {
    std::set<std::string> matched;
    for (const auto& pattern : slice.paths.value_or(std::vector<std::string>())) {
      for (const auto& path : matches(pattern)) take_tree(path, matched);
    }
    return with_parents(matched);
  }

  std::vector<TreeEntry> rest() {
    std::vector<TreeEntry> result;
    for (const auto& [path, node] : nodes_) {
      if (!node.taken) result.push_back({path, node.status});
    }
    return result;
  }

 private:
  [[nodiscard]] std::vector<std::string> matches(const std::string& pattern) const {
    auto cleaned = fs::path(pattern).lexically_normal().string();
    while (cleaned.size() > 1 && cleaned.back() == '/') cleaned.pop_back();
    std::vector<std::string> result;
    for (const auto& [path, node] : nodes_) {
      if (path != root_ && glob_matches(cleaned, std::string_view(path).substr(root_.size() + 1)))
        result.push_back(path);
    }
    return result;
  }

  void take_tree(const std::string& path, std::set<std::string>& matched) {
    auto& node = nodes_.at(path);
    if (node.taken) return;
    for (const auto& child : node.children) take_tree(child, matched);
    matched.insert(path);
    node.taken = true;
  }

  // A slice holds the directories above its files too; one whose children have all been taken is taken with them.
  std::vector<TreeEntry> with_parents(const std::set<std::string>& matched) {
    std::set<std::string> parents;
    for (const auto& path : matched) {
      for (auto parent = fs::path(path).parent_path(); parent.string().size() >= root_.size();
           parent = parent.parent_path()) {
        if (!matched.contains(parent.string())) parents.insert(parent.string());
      }
    }
    std::vector<std::string> deepest_first(parents.begin(), parents.end());
    const auto depth = [](const std::string& path) { return std::count(path.begin(), path.end(), '/'); };
    std::stable_sort(deepest_first.begin(), deepest_first.end(),
                     [&](const auto& a, const auto& b) { return depth(a) > depth(b); });
    for (const auto& parent : deepest_first) {
      auto& node = nodes_.at(parent);
      node.taken = std::all_of(node.children.begin(), node.children.end(),
                               [&](const std::string& child) { return nodes_.at(child).taken; });
    }
    parents.insert(matched.begin(), matched.end());
    std::vector<TreeEntry> result;
    for (const auto& path : parents) result.push_back({path, nodes_.at(path).status});
    return result;
  }

  std::string root_;
  std::map<std::string, Node> nodes_;
};

}  // namespace

std::vector<std::vector<TreeEntry>> slice(const fs::path& application, const std::vector<buildpacks::Slice>& slices) {
  Slicer slicer(application);
  std::vector<std::vector<TreeEntry>> result;
  for (const auto& one : slices) result.push_back(slicer.take(one));
  result.push_back(slicer.rest());
  return result;
}

}  // namespace lifecycle
