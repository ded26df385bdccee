#include "git/file_names.hpp"

#include <catch2/catch_test_macros.hpp>

using git::folded;
using git::is_git_directory;
using git::leads_into_git_directory;

TEST_CASE("names that another file system takes for .git are told") {
  for (const char* name : {".git", ".GIT", ".git ", ".git. .", "git~1", "GIT~12", ".git::$INDEX_ALLOCATION",
                           ".g\u200Cit", "\uFEFF.git", ".gi\u206Ft"}) {
    CHECK(is_git_directory(name));
  }
  for (const char* name : {"", "git", ".gitmodules", ".gitx", "git~", "git~x", "x.git", ".g\u2010it"}) {
    CHECK_FALSE(is_git_directory(name));
  }
}

TEST_CASE("names that differ by case or composition alone are one when they are folded") {
  CHECK(folded("ReadMe") == "readme");
  CHECK(folded("\u00C9t\u00e9") == folded("e\u0301te\u0301"));
  CHECK(folded("\u017D") == folded("z\u030C"));
  CHECK(folded("\u0416\u03A9") == folded("\u0436\u03C9"));
  CHECK(folded("a\u200Db") == "ab");
  CHECK(folded("\u00E6") != folded("ae"));
  CHECK(folded("e") != folded("\u00E9"));
  CHECK(folded("\xC3") == "\xC3");
  CHECK(folded("\u00D7") == "\u00D7");
}

TEST_CASE("links into a git directory are told, and those to what tools keep there are not") {
  for (const char* target : {".git", ".git/", "../.git", "a/.GIT/.", ".git/hooks", ".git/modules/s/hooks",
                             "/x/.git//./hooks/y", ".git/../x", ".git/annex/../hooks", "git~1/modules"}) {
    CHECK(leads_into_git_directory(target));
  }
  for (const char* target :
       {"", ".", "..", "a", ".gitmodules", "hooks", ".git/annex/objects/x", "../.git/annex", "a.git/hooks"}) {
    CHECK_FALSE(leads_into_git_directory(target));
  }
}
