#include "base/presence.hpp"

#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace fs = std::filesystem;

TEST_CASE("absence is an answer: no name, a name below a file, a link that leads nowhere") {
  const base::TemporaryDirectory directory("presence-test");
  base::write_file(directory.path() / "file", "x");
  fs::create_symlink("nowhere", directory.path() / "dangling");
  CHECK_FALSE(base::status_if_exists(directory.path() / "none"));
  CHECK_FALSE(base::status_if_exists(directory.path() / "file/below"));
  CHECK_FALSE(base::target_if_exists(directory.path() / "dangling"));
  CHECK(base::status_if_exists(directory.path() / "dangling"));
  CHECK(base::entries_if_exists(directory.path() / "none").empty());
  CHECK(base::is_regular_file(directory.path() / "file"));
  CHECK_FALSE(base::is_directory(directory.path() / "file"));
  CHECK(base::entries_if_exists(directory.path()) ==
        std::vector{directory.path() / "dangling", directory.path() / "file"});
}

TEST_CASE("what cannot be looked at is an error: a circle of links, and what may not be entered") {
  const base::TemporaryDirectory directory("presence-test");
  fs::create_symlink("circle", directory.path() / "circle");
  CHECK_THROWS_AS(base::target_if_exists(directory.path() / "circle"), base::Error);
  if (geteuid() == 0) return;  // root may enter everything
  fs::create_directories(directory.path() / "closed/below");
  fs::permissions(directory.path() / "closed", fs::perms::none);
  CHECK_THROWS_AS(base::status_if_exists(directory.path() / "closed/below"), base::Error);
  CHECK_THROWS_AS(base::entries_if_exists(directory.path() / "closed"), base::Error);
  fs::permissions(directory.path() / "closed", fs::perms::owner_all);
}
