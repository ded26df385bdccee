#include "git/conversion.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using git::Conversion;
using git::LineEndings;

const git::ObjectId id = *git::ObjectId::parse(std::string(40, 'a'));
const std::string expanded = "$Id: " + id.text() + " $";

Conversion conversion(std::string_view attributes, const LineEndings& endings = {}) {
  git::Attributes files;
  files.add_file("", "* " + std::string(attributes));
  return {files.of("x"), endings};
}

std::string converted(std::string_view attributes, std::string_view content, const LineEndings& endings = {}) {
  const auto found = conversion(attributes, endings);
  if (!found.streams()) return found.apply(content, id, {}).content.value_or(std::string(content));
  auto stream = found.stream(id);
  // Byte by byte, so that each state is held over a border.
  std::string result;
  for (const char c : content) result += stream.convert({&c, 1});
  return result + stream.finish();
}

}  // namespace

TEST_CASE("line endings are what attributes and settings say") {
  const LineEndings automatic = LineEndings::of("true", std::nullopt);
  const LineEndings crlf = LineEndings::of(std::nullopt, "crlf");
  CHECK(converted("text eol=crlf", "a\nb\r\n\r") == "a\r\nb\r\n\r");
  CHECK(converted("eol=crlf", "a\n") == "a\r\n");
  CHECK(converted("-text eol=crlf", "a\n") == "a\n");
  CHECK(converted("text", "a\n") == "a\n");
  CHECK(converted("text", "a\n", crlf) == "a\r\n");
  CHECK(converted("text", "a\n", automatic) == "a\r\n");
  CHECK(converted("text", "a\n", LineEndings::of("input", "crlf")) == "a\n");
  CHECK(converted("text=auto", "a\n", crlf) == "a\r\n");
  CHECK(converted("text=auto", "a\nb\r\n", crlf) == "a\nb\r\n");
  CHECK(converted("text=auto", std::string("a\n\0", 3), crlf) == std::string("a\n\0", 3));
  CHECK(converted("text=auto eol=lf", "a\n", crlf) == "a\n");
  CHECK(converted("x", "a\n", automatic) == "a\r\n");
  CHECK(converted("x", "a\n", crlf) == "a\n");
  CHECK(converted("crlf", "a\n", crlf) == "a\r\n");
  CHECK(converted("crlf=input", "a\n", crlf) == "a\n");
}

TEST_CASE("what looks like a binary file is told as git tells it") {
  const LineEndings crlf = LineEndings::of("true", std::nullopt);
  CHECK(converted("text=auto", "\x01\n" + std::string(127, 'a'), crlf) == "\x01\n" + std::string(127, 'a'));
  CHECK(converted("text=auto", "\x01\n" + std::string(128, 'a'), crlf) == "\x01\r\n" + std::string(128, 'a'));
  CHECK(converted("text=auto", "a\n\x1A", crlf) == "a\r\n\x1A");
  CHECK(converted("text=auto", "a\rb\n", crlf) == "a\rb\n");
}

TEST_CASE("keywords are expanded in a stream as git expands them in one") {
  CHECK(converted("ident", "a $Id$ b") == "a " + expanded + " b");
  CHECK(converted("ident", "$Id: old $\n") == expanded + "\n");
  CHECK(converted("ident", "$Id: a b $\n") == "$Id: a b $\n");  // another version control's
  CHECK(converted("ident", "$Id: not closed\n$") == "$Id: not closed\n$");
  CHECK(converted("ident", "$Id") == "$Id");
  CHECK(converted("ident", "$Idx$Id$") == "$Idx" + expanded);
  CHECK(converted("ident", "$$Id$") == "$$Id$");
  CHECK(converted("ident eol=crlf", "$Id$\n") == expanded + "\r\n");
}

TEST_CASE("keywords are expanded in a whole content as git expands them there") {
  const LineEndings crlf = LineEndings::of(std::nullopt, "crlf");
  CHECK(converted("ident text=auto", "$$Id$\n", crlf) == "$" + expanded + "\r\n");
  CHECK(converted("ident text=auto", "$Id: a b $\n", crlf) == "$Id: a b $\r\n");
}

TEST_CASE("a file is written in the encoding that it asks for") {
  CHECK(converted("working-tree-encoding=UTF-16LE text eol=crlf", "a\n") == std::string("a\0\r\0\n\0", 6));
  CHECK(converted("working-tree-encoding=UTF-8", "\u00E4") == "\u00E4");
  CHECK(converted("working-tree-encoding=", "\u00E4") == "\u00E4");
  CHECK(converted("working-tree-encoding=latin1", "\u00E4") == "\xE4");
  CHECK(converted("working-tree-encoding=EUC-JP", "a") == "a");
  CHECK(conversion("working-tree-encoding=latin1").apply("\u20AC", id, {}).not_encoded == "latin1");
  CHECK_THROWS_AS(converted("working-tree-encoding=EUC-JP", "\u00E4"), base::Error);
  CHECK_THROWS_AS(converted("working-tree-encoding=EBCDIC", "a"), base::Error);
  CHECK_THROWS_AS(conversion("working-tree-encoding"), base::Error);
  CHECK_THROWS_AS(conversion("-working-tree-encoding"), base::Error);
}

TEST_CASE("nothing is converted where nothing asks for it") {
  CHECK(conversion("-text -ident diff=x").is_none());
  CHECK(conversion("text").is_none());
  CHECK_FALSE(conversion("ident").is_none());
}
