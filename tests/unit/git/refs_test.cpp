#include "git/refs.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

const std::string one(40, '1');
const std::string two(40, '2');

}  // namespace

TEST_CASE("ref names follow git's rules") {
  for (const char* name :
       {"HEAD", "refs/heads/main", "refs/heads/feature/x-1", "refs/tags/v1.0", "refs/heads/\xc3\xa4"}) {
    CHECK(git::is_valid_ref_name(name));
  }
  for (const char* name : {"",
                           "main",
                           "@",
                           "refs/heads/",
                           "refs//x",
                           "/refs/x",
                           "refs/heads/a..b",
                           "refs/heads/.a",
                           "refs/heads/a.lock",
                           "refs/heads/a.lock/b",
                           "refs/heads/a b",
                           "refs/heads/a\tb",
                           "refs/heads/a\x1b[2J",
                           "refs/heads/a~1",
                           "refs/heads/a^",
                           "refs/heads/a:b",
                           "refs/heads/a?",
                           "refs/heads/a*",
                           "refs/heads/a[",
                           "refs/heads/a\\b",
                           "refs/heads/a@{1}",
                           "refs/heads/a.",
                           "refs/../config",
                           "refs/heads/../../config"}) {
    INFO(name);
    CHECK_FALSE(git::is_valid_ref_name(name));
  }
}

TEST_CASE("a line of a ref list gives name, id, peeled id and symbolic target") {
  const auto ref = git::parse_ref_line(one + " refs/tags/v1 peeled:" + two);
  REQUIRE(ref);
  CHECK(ref->name == "refs/tags/v1");
  CHECK(ref->id.text() == one);
  CHECK(ref->commit().text() == two);
  const auto head = git::parse_ref_line(one + " HEAD symref-target:refs/heads/main");
  REQUIRE(head);
  CHECK(head->symbolic_target == "refs/heads/main");
  CHECK(head->commit().text() == one);
}

TEST_CASE("refs that could not be stored are left out") {
  CHECK_FALSE(git::parse_ref_line("unborn HEAD symref-target:refs/heads/main"));
  CHECK_FALSE(git::parse_ref_line(one + " refs/heads/../../config"));
  CHECK_FALSE(git::parse_ref_line(one + " refs/heads/a\nb"));
}

TEST_CASE("what is not a line of a ref list is refused, and SHA-256 gets an answer of its own") {
  CHECK_THROWS_AS(git::parse_ref_line("xyz refs/heads/main"), base::Error);
  CHECK_THROWS_AS(git::parse_ref_line(std::string(40, '0') + " refs/heads/main"), base::Error);
  try {
    (void)git::parse_ref_line(std::string(64, 'a') + " refs/heads/main");
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    CHECK(std::string(error.what()) ==
          "cannot read the refs of the repository: its object names are SHA-256; use a repository with SHA-1 names: no "
          "other kind is supported");
  }
}
