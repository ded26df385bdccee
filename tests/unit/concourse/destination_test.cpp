#include "concourse/destination.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

namespace fs = std::filesystem;

TEST_CASE("a failed get leaves what was there before and nothing else") {
  const base::TemporaryDirectory temporary("destination");
  const auto outside = temporary.path() / "outside";
  fs::create_directories(outside);
  base::write_file(outside / "kept", "kept");
  const auto directory = temporary.path() / "directory";
  fs::create_directories(directory / "earlier/deeper");
  base::write_file(directory / "note", "earlier");
  {
    const concourse::Destination destination(directory);
    fs::create_directories(directory / "rootfs/usr/bin");
    base::write_file(directory / "digest", "sha256:1");
    fs::create_symlink(outside, directory / "link");
  }
  std::set<std::string> left;
  for (const auto& entry : fs::directory_iterator(directory)) left.insert(entry.path().filename());
  CHECK(left == std::set<std::string>{"earlier", "note"});
  CHECK(fs::exists(directory / "earlier/deeper"));
  CHECK(fs::exists(outside / "kept"));
}

TEST_CASE("a destination that had to be made is left empty") {
  const base::TemporaryDirectory temporary("destination");
  const auto directory = temporary.path() / "a/b/c/";
  {
    const concourse::Destination destination(directory);
    base::write_file(destination.path() / "file", "");
  }
  CHECK(fs::is_empty(directory));
}

TEST_CASE("a get that succeeds keeps what it made") {
  const base::TemporaryDirectory temporary("destination");
  {
    concourse::Destination destination(temporary.path() / "a");
    base::write_file(destination.path() / "file", "");
    destination.keep();
  }
  CHECK(fs::exists(temporary.path() / "a/file"));
}

TEST_CASE("a destination that is a file is refused and stays") {
  const base::TemporaryDirectory temporary("destination");
  const auto file = temporary.path() / "file";
  base::write_file(file, "mine");
  CHECK_THROWS_AS(concourse::Destination(file), base::Error);
  CHECK(base::read_file(file) == "mine");
}
