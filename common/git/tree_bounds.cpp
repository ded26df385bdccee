#include "git/tree_bounds.hpp"

#include <fmt/format.h>
#include <map>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "git/file_names.hpp"

namespace git {
namespace {

constexpr std::uint64_t most_files = 5'000'000;
// A path has at most 4,096 bytes, and libgit2 reads trees by recursion.
constexpr int deepest_tree = 2048;
constexpr unsigned link_mode = 0120000;
constexpr unsigned submodule_mode = 0160000;

struct Extent {
  std::uint64_t files = 0;
  int depth = 0;
};

class Measurement {
 public:
  explicit Measurement(const ObjectStore& store) : store_(store) {}

  Extent of(const ObjectId& id, int depth) {
    if (const auto found = known_.find(id); found != known_.end()) {
      require_shallow(depth + found->second.depth);
      return found->second;
    }
    require_shallow(depth);
    base::throw_if_terminated();
    Extent extent;
    const Tree tree = store_.find_tree(id).value_or(Tree());
    require_names(tree);
    for (const auto& entry : tree) {
      const Extent inner = entry.is_tree() ? of(entry.id, depth + 1) : Extent{1, 0};
      extent.files += inner.files;
      extent.depth = std::max(extent.depth, inner.depth + 1);
      if (extent.files > most_files) refuse(fmt::format("it has more than {} files", most_files));
    }
    known_.emplace(id, extent);
    return extent;
  }

 private:
  static void require_names(const Tree& tree) {
    std::set<std::string_view> names;
    for (const auto& entry : tree) {
      const std::string_view name = entry.name;
      if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) {
        refuse(fmt::format("\"{}\" is not the name of a file", base::printable(name, 128)));
      }
      if (!names.insert(name).second) refuse(fmt::format("it has \"{}\" twice", base::printable(name, 128)));
    }
    require_no_twin_of_a_link(tree);
  }

  // Where names are one that differ by case alone, what is written into the directory goes through the link
  // (CVE-2024-32002).
  static void require_no_twin_of_a_link(const Tree& tree) {
    std::map<std::string, std::string_view> links;
    for (const auto& entry : tree) {
      if (entry.mode == link_mode) links.emplace(folded(entry.name), entry.name);
    }
    if (links.empty()) return;
    for (const auto& entry : tree) {
      if (entry.mode != submodule_mode && !entry.is_tree()) continue;
      if (const auto link = links.find(folded(entry.name)); link != links.end()) {
        refuse(fmt::format("the link \"{}\" and the directory \"{}\" are one where case does not count",
                           base::printable(link->second, 128), base::printable(entry.name, 128)));
      }
    }
  }

  static void require_shallow(int depth) {
    if (depth > deepest_tree) refuse("its directories are nested too deep");
  }
  [[noreturn]] static void refuse(std::string cause) {
    throw base::Error(base::ErrorKind::protocol, {"check out", "the commit's tree", std::move(cause), ""});
  }

  const ObjectStore& store_;
  std::map<ObjectId, Extent> known_;
};

}  // namespace

void require_sound(const ObjectStore& store, const ObjectId& tree) { Measurement(store).of(tree, 0); }

}  // namespace git
