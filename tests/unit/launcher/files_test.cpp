#include "launcher/files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

TEST_CASE("listings are sorted, and a link to a folder counts as a file") {
  const base::TemporaryDirectory directory("files");
  const std::string root = directory.path().string();
  fs::create_directory(directory.path() / "b");
  fs::create_directory(directory.path() / "a");
  base::write_file(directory.path() / "d", "");
  base::write_file(directory.path() / "c", "");
  fs::create_directory_symlink("a", directory.path() / "link");
  CHECK(launcher::list_directories(root) == Texts{root + "/a", root + "/b"});
  CHECK(launcher::list_files(root) == Texts{root + "/c", root + "/d", root + "/link"});
  CHECK(launcher::list_files(root + "/none").empty());
  CHECK(launcher::list_files(root + "/c").empty());
}

TEST_CASE("a program is looked up as execvp does, but must be an executable file") {
  const base::TemporaryDirectory directory("files");
  const std::string root = directory.path().string();
  for (const std::string name : {"one", "two", "three"}) fs::create_directory(directory.path() / name);
  base::write_file(directory.path() / "one/run", "", 0644);
  fs::create_directory(directory.path() / "two/run");
  base::write_file(directory.path() / "three/run", "", 0755);
  CHECK(launcher::find_program("run", root + "/one:" + root + "/two:" + root + "/three") == root + "/three/run");
  CHECK(launcher::find_program("run", root + "/none:" + root + "/one") == std::nullopt);
  CHECK(launcher::find_program("run", "") == std::nullopt);
  CHECK(launcher::find_program("./run", "") == "./run");
}

TEST_CASE("a missing file names itself") {
  try {
    static_cast<void>(launcher::read_file("/nonexistent/metadata.toml"));
    FAIL("read");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) == "cannot read /nonexistent/metadata.toml: there is no such file");
  }
}
