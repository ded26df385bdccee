#include "source/summary.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using concourse::Version;
using source::Course;
using source::Outcome;
using source::Source;

const std::string first(40, 'a');
const std::string second(40, 'b');
const std::string third(40, 'c');

Source source_of(const json::Value& fields = json::Value::object()) {
  json::Value value{{"uri", "https://example.com/app.git"}};
  value.update(fields);
  return source::read_source(value);
}

Outcome outcome(const std::vector<std::string>& refs, const std::string& subject = "", Course course = Course::onward) {
  Outcome result;
  for (const auto& ref : refs) result.versions.push_back({{"ref", ref}});
  result.subject = subject;
  result.since_known = true;
  result.course = course;
  return result;
}

Outcome newest(const std::vector<std::string>& refs, const std::string& subject = "") {
  auto result = outcome(refs, subject);
  result.since_known = false;
  return result;
}

std::string told(const Outcome& given, const std::optional<std::string>& known = std::nullopt,
                 const json::Value& fields = json::Value::object()) {
  return summary(given, known ? std::optional(Version{{"ref", *known}}) : std::nullopt, source_of(fields));
}

}  // namespace

TEST_CASE("new commits are counted without the version that is known") {
  CHECK(told(outcome({first, second}, "Say Hello"), first) == "1 new commit: bbbbbbb Say Hello");
  CHECK(told(outcome({second}, "Say Hello"), first) == "1 new commit: bbbbbbb Say Hello");
  CHECK(told(outcome({first, second, third}, "Say Hello"), first) == "2 new commits, the newest is ccccccc Say Hello");
  CHECK(told(outcome({first, second}), first) == "1 new commit: bbbbbbb");
  CHECK(told(outcome({second, third}, "Again", Course::apart), first) == "2 new commits, the newest is ccccccc Again");
  CHECK(told(outcome({first}), first) == "nothing newer than aaaaaaa");
}

TEST_CASE("a first check tells of the newest version") {
  CHECK(told(newest({first}, "Say Hello")) == "the newest version is aaaaaaa Say Hello");
  CHECK(told(newest({first, second})) == "2 versions, the newest is bbbbbbb");
  CHECK(told(newest({second}, "Say Hello"), first) == "the newest version is bbbbbbb Say Hello");
}

TEST_CASE("new tags are told as tags") {
  Outcome tags;
  tags.since_known = true;
  tags.versions = {{{"ref", "v1"}, {"commit", first}}, {{"ref", "v2"}, {"commit", second}}};
  CHECK(told(tags, "v1", {{"tag_filter", "v*"}}) == "1 new tag: v2");
  CHECK(told(tags, "v0", {{"tag_filter", "v*"}}) == "2 new tags, the newest is v2");
}

TEST_CASE("a branch that was set back is told, and what Concourse does then") {
  CHECK(told(outcome({}, "", Course::behind), first) ==
        "the branch was set back and no longer has aaaaaaa; Concourse goes on with aaaaaaa, the newer version, until "
        "there are new commits");
  CHECK(told(outcome({}, "", Course::apart), first, {{"paths", {"src"}}}) ==
        "aaaaaaa is no longer on the branch, and no other commit passes the filters; Concourse goes on with aaaaaaa");
}

TEST_CASE("only filters that are set are blamed for an answer without versions") {
  CHECK(told(newest({}), std::nullopt, {{"paths", {"src"}}}) == "no commit passes the filters");
  CHECK(told(newest({}), std::nullopt, {{"commit_filter", {{"exclude", {"x"}}}}}) == "no commit passes the filters");
  CHECK(told(newest({}), std::nullopt, {{"tag_filter", "v*"}}) == "no tag passes the filters");
  CHECK(told(newest({})) == "every commit is marked [ci skip]");
  CHECK(told(outcome({}), first) == "every commit from aaaaaaa on is marked [ci skip]");
  CHECK(told(outcome({}), first, {{"paths", {"src"}}}) == "no commit from aaaaaaa on passes the filters");
  Outcome empty;
  empty.has_commits = false;
  CHECK(told(empty) == "the repository has no commits yet");
}

TEST_CASE("a subject cannot forge a line of the log") {
  CHECK(told(newest({first}, "a\x1b[2Jb\rc")) == "the newest version is aaaaaaa a?[2Jb?c");
}
