#include "git/commit.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using git::ObjectId;
using git::parse_commit;
using git::parse_signature;

const ObjectId id = *ObjectId::parse(std::string(40, '1'));
const std::string tree = "tree " + std::string(40, 'a') + "\n";
const std::string parent = "parent " + std::string(40, 'b') + "\n";
const std::string author = "author Ann Author <ann@example.com> 1700000000 +0130\n";
const std::string committer = "committer Carl <carl@example.com> 1700000060 -0100\n";

}  // namespace

TEST_CASE("a commit has a tree, parents, people and a message") {
  const auto commit = parse_commit(id, tree + parent + "parent " + std::string(40, 'c') + "\n" + author + committer +
                                           "gpgsig x\n y\n\nsubject\n\nbody\n");
  CHECK(commit.tree.text() == std::string(40, 'a'));
  REQUIRE(commit.parents.size() == 2);
  CHECK(commit.parents[1].text() == std::string(40, 'c'));
  CHECK(commit.author.name == "Ann Author");
  CHECK(commit.author.email == "ann@example.com");
  CHECK(commit.author.time == 1700000000);
  CHECK(commit.author.offset == 90);
  CHECK(commit.committer.offset == -60);
  CHECK(commit.date == 1700000060);
  CHECK(commit.message == "subject\n\nbody\n");
}

TEST_CASE("people that cannot be read are empty, and the commit is read all the same") {
  for (const std::string line : {"", "author\n", "author Ann\n", "author Ann ann@example.com 1 +0000\n",
                                 "author Ann <ann@\nexample.com> 1 +0000\n"}) {
    INFO(line);
    const auto commit = parse_commit(id, tree + parent + line + committer + "\nmessage");
    CHECK(commit.parents.size() == 1);
    CHECK(commit.author.name.empty());
    CHECK(commit.author.time == 0);
    CHECK(commit.committer.name == "Carl");
    CHECK(commit.message == "message");
  }
}

TEST_CASE("git orders by the committer's date where author and committer are the next lines") {
  CHECK(parse_commit(id, tree + author + committer + "\n").date == 1700000060);
  CHECK(parse_commit(id, tree + committer + "\n").date == 0);
  CHECK(parse_commit(id, tree + "author Ann <ann@\nexample.com> 1 +0000\n" + committer + "\n").date == 0);
  CHECK(parse_commit(id, tree + author + "committer C <c@x> soon +0000\n\n").date == 0);
  CHECK(parse_commit(id, tree + author + "committer C <c@x\n\n").date == 0);
  CHECK(parse_commit(id, tree + author + "committer C <c@x> 99999999999999999999 +0000\n\n").date > 1700000060);
}

TEST_CASE("a commit without a tree, or with a parent that is not an object's name, is refused") {
  for (const auto& text : {std::string(), std::string("tree"), "tree " + std::string(40, 'x') + "\n", author,
                           "tree " + std::string(40, 'a'), tree + "parent " + std::string(39, 'b') + "\n" + author,
                           tree + "parent \n" + author}) {
    INFO(text);
    CHECK_THROWS_AS(parse_commit(id, text), base::Error);
  }
}

TEST_CASE("a message ends where C's texts do, and may be missing") {
  CHECK(parse_commit(id, tree + author + committer + std::string("\na\0b", 4)).message == "a");
  CHECK(parse_commit(id, tree + author + committer).message.empty());
}

TEST_CASE("names and message of a declared encoding are UTF-8") {
  const std::string text = tree + "author J\xFCrgen <j@x> 1 +0000\n" + committer;
  const auto commit = parse_commit(id, text +
                                           "encoding ISO-8859-1\n\nGr\xFC\xDF"
                                           "e\n");
  CHECK(commit.author.name == "J\u00FCrgen");
  CHECK(commit.message == "Gr\u00FC\u00DFe\n");
  CHECK(parse_commit(id, text + "\nGr\xFC\xDF"
                                "e\n")
            .message ==
        "Gr\xFC\xDF"
        "e\n");
  CHECK(parse_commit(id, text + "encoding EBCDIC\n\nGr\xFC\xDF"
                                "e\n")
            .message ==
        "Gr\xFC\xDF"
        "e\n");
}

TEST_CASE("a signature is read from the outside in") {
  const auto odd = parse_signature("A <b> <a@x> 1700000000 +0000");
  CHECK(odd.name == "A");
  CHECK(odd.time == 1700000000);
  CHECK(parse_signature("Ann <a@x>").time == 0);
  CHECK(parse_signature("Ann <a@x> 5").time == 5);
  CHECK(parse_signature("Ann <a@x> -5 +0100").time == 0);
  CHECK(parse_signature("Ann <a@x> 99999999999999999999 +0100").time == 0);
  CHECK(parse_signature("Ann <a@x> 5 +99999999999").offset == 0);
  CHECK(parse_signature("Ann <a@x> 5 0100").offset == 0);
}

TEST_CASE("a tag names an object, and its date may be missing") {
  const std::string head = "object " + std::string(40, 'a') + "\ntype commit\ntag v1\n";
  CHECK(git::parse_tag(head + "tagger T <t@x> 7 +0000\n\nwords")->date == 7);
  CHECK(git::parse_tag(head + "tagger T <t@x> never\n\nwords")->date == 0);
  CHECK(git::parse_tag(head + "\nwords")->date == 0);
  CHECK(git::parse_tag(head + "\nwords")->name == "v1");
  CHECK_FALSE(git::parse_tag("object x\ntype commit\ntag v1\n"));
  CHECK_FALSE(git::parse_tag("object " + std::string(40, 'a') + "\n"));
}
