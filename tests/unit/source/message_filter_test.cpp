#include "source/message_filter.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using source::PatternList;
using source::Quantifier;

PatternList any(const std::vector<std::string>& texts) { return PatternList::parse(texts, Quantifier::any, "f"); }
PatternList all(const std::vector<std::string>& texts) { return PatternList::parse(texts, Quantifier::all, "f"); }

}  // namespace

TEST_CASE("commits can ask to be skipped") {
  CHECK(source::asks_to_skip_ci("docs [ci skip]"));
  CHECK(source::asks_to_skip_ci("docs\n\nlong\n[skip ci] text"));
  CHECK_FALSE(source::asks_to_skip_ci("docs [CI SKIP]"));
  CHECK_FALSE(source::asks_to_skip_ci("docs [ciskip]"));
  CHECK_FALSE(source::asks_to_skip_ci("docs [ci\nskip]"));
}

TEST_CASE("patterns are basic regular expressions, matched line by line") {
  CHECK(any({"^fix"}).matches("subject\nfix it"));
  CHECK_FALSE(any({"subject.fix"}).matches("subject\nfix it"));
  CHECK(any({"a\\|b"}).matches("xb"));
  CHECK_FALSE(any({"a|b"}).matches("xb"));
  CHECK(any({"one\ntwo"}).matches("two"));
  CHECK(all({"one", "two"}).matches("two\none"));
  CHECK_FALSE(all({"one", "two"}).matches("two"));
}

TEST_CASE("include, exclude and skip work together") {
  source::MessageFilter filter{any({"feat"}), all({"no", "deploy"}), source::CiSkip::honoured};
  CHECK(filter.accepts("feat: x"));
  CHECK(filter.accepts("feat: x, no"));
  CHECK_FALSE(filter.accepts("feat: no deploy"));
  CHECK_FALSE(filter.accepts("fix: x"));
  CHECK_FALSE(filter.accepts("feat [ci skip]"));
}

TEST_CASE("what is not an expression is refused, and a command in one is only text") {
  CHECK_THROWS_AS(any({"\\(open"}), base::Error);
  CHECK_THROWS_AS(any({std::string(5000, 'a')}), base::Error);
  CHECK(any({"$(id)"}).matches("say $(id) now"));
}

TEST_CASE("a whole name must match an extended expression") {
  const source::Pattern pattern("v[0-9]+|w", source::Syntax::extended, "f");
  CHECK(pattern.matches_whole("v12"));
  CHECK(pattern.matches_whole("w"));
  CHECK_FALSE(pattern.matches_whole("v12-rc"));
  CHECK_FALSE(pattern.matches_whole("xv12"));
}
