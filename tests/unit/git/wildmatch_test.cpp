#include "git/wildmatch.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>

using git::LetterCase;
using git::Slashes;
using git::wildmatch;

TEST_CASE("shell patterns match as git's do") {
  CHECK(wildmatch("v*", "v1.2"));
  CHECK(wildmatch("v?.?", "v1.2"));
  CHECK_FALSE(wildmatch("v?", "v1.2"));
  CHECK(wildmatch("[a-c]x", "bx"));
  CHECK_FALSE(wildmatch("[!a-c]x", "bx"));
  CHECK(wildmatch("[]]x", "]x"));
  CHECK(wildmatch("[[:digit:]]*", "7up"));
  CHECK(wildmatch("\\*", "*"));
  CHECK_FALSE(wildmatch("\\*", "x"));
  CHECK_FALSE(wildmatch("[a", "a"));
  CHECK(wildmatch("*", "a/b"));
  CHECK_FALSE(wildmatch("*", "a/b", Slashes::special));
  CHECK(wildmatch("**", "a/b", Slashes::special));
  CHECK(wildmatch("a/**/b", "a/b", Slashes::special));
  CHECK(wildmatch("a/**/b", "a/x/y/b", Slashes::special));
  CHECK_FALSE(wildmatch("?", "/", Slashes::special));
  CHECK(wildmatch("READ*", "readme", Slashes::ordinary, LetterCase::ignored));
  CHECK(wildmatch("", ""));
  CHECK_FALSE(wildmatch("", "a"));
}

TEST_CASE("a hostile pattern ends in time") {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  CHECK_FALSE(wildmatch(pattern + "b", std::string(4000, 'a')));
}
