#include "lifecycle/file_sketch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>

using namespace lifecycle;

namespace {

SourceTree tree_of(int files) {
  SourceTree tree;
  tree.entries.push_back({"directory", S_IFDIR | 0755U, 0, ""});
  for (int i = 0; i < files; ++i) {
    tree.entries.push_back({"directory/" + std::to_string(i), S_IFREG | 0644U, 1, base::Sha256::of("x").text()});
  }
  return tree;
}

}  // namespace

TEST_CASE("files that changed, came and went are counted by a sketch of those before") {
  const auto before = sketch_of(tree_of(1000));
  CHECK(changed_files(before, sketch_of(tree_of(1000))) == "0 files changed");
  auto tree = tree_of(1000);
  tree.entries[1].content = base::Sha256::of("other").text();
  CHECK(changed_files(before, sketch_of(tree)) == "1 file changed");
  tree.entries[2].mode = S_IFREG | 0755U;
  tree.entries.erase(tree.entries.begin() + 3);
  tree.entries.push_back({"new", S_IFLNK | 0777U, 0, "aim"});
  CHECK(changed_files(before, sketch_of(tree)) == "4 files changed");
}

TEST_CASE("more changes than can be told apart are said to be more") {
  CHECK(changed_files(sketch_of(tree_of(10)), sketch_of(tree_of(2000))) == "more than 64 files changed");
}

TEST_CASE("a record without a sketch, or with another text in its place, gives no number") {
  const auto sketch = sketch_of(tree_of(10));
  CHECK_FALSE(changed_files("", sketch));
  CHECK_FALSE(changed_files(sketch, ""));
  CHECK_FALSE(changed_files("not a sketch", sketch));
}

TEST_CASE("a sketch stays small however many files there are") {
  CHECK(sketch_of(tree_of(50'000)).size() <= 7UL * 4096);
}
