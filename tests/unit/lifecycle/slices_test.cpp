#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/file.hpp"
#include "lifecycle/layers.hpp"

namespace {

namespace fs = std::filesystem;

class Application {
 public:
  explicit Application(const std::vector<std::string>& files) {
    for (const auto& file : files) {
      fs::create_directories((directory_.path() / file).parent_path());
      base::write_file(directory_.path() / file, file);
    }
  }

  // For each slice the paths that it holds; "." is the application's directory itself.
  [[nodiscard]] std::vector<std::string> cut(const std::vector<std::vector<std::string>>& patterns) const {
    std::vector<buildpacks::Slice> slices;
    for (const auto& paths : patterns) slices.push_back({paths});
    std::vector<std::string> result;
    for (const auto& entries : lifecycle::slice(directory_.path(), slices)) {
      std::string line;
      for (const auto& entry : entries) {
        line += (line.empty() ? "" : " ") + entry.path.lexically_relative(directory_.path()).string();
      }
      result.push_back(line);
    }
    return result;
  }

 private:
  base::TemporaryDirectory directory_{"slices"};
};

}  // namespace

TEST_CASE("without slices the application is one layer, sorted by the bytes of the path") {
  CHECK(Application({"a/b", "a-b", "B"}).cut({}) == std::vector<std::string>{". B a a-b a/b"});
}

TEST_CASE("a slice holds what its patterns match, with the directories above; the rest is the last layer") {
  const Application application({"lib/x/1", "lib/y", "app", "doc.md"});
  CHECK(application.cut({{"lib/x", "*.md"}}) ==
        std::vector<std::string>{". doc.md lib lib/x lib/x/1", ". app lib lib/y"});
}

TEST_CASE("a path goes to the first slice that matches it") {
  CHECK(Application({"a/1", "b"}).cut({{"a/*"}, {"a", "a/1", "b"}}) == std::vector<std::string>{". a a/1", ". b", ""});
}

TEST_CASE("a slice that matches nothing is empty, also one that points outside") {
  CHECK(Application({"a"}).cut({{"x*"}, {"../../etc"}}) == std::vector<std::string>{"", "", ". a"});
}
