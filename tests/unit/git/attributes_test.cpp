#include "git/attributes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using git::Attributes;
using git::AttributeValue;
using State = AttributeValue::State;

std::string of(const Attributes& attributes, std::string_view path, std::string_view name) {
  const auto values = attributes.of(path);
  const auto found = values.find(name);
  if (found == values.end()) return "not there";
  switch (found->second.state) {
    case State::unspecified:
      return "unspecified";
    case State::set:
      return "set";
    case State::unset:
      return "unset";
    case State::text:
      return found->second.text;
  }
  return "";
}

// What one line at the top says of "a" of a path.
std::string line(std::string_view text, std::string_view path) {
  Attributes attributes;
  attributes.add_file("", text);
  return of(attributes, path, "a");
}

}  // namespace

TEST_CASE("a line sets, unsets, gives a value or takes it back") {
  CHECK(line("* a", "x") == "set");
  CHECK(line("* -a", "x") == "unset");
  CHECK(line("* !a", "x") == "unspecified");
  CHECK(line("* a=b=c", "x") == "b=c");
  CHECK(line("* a=", "x").empty());
  CHECK(line("\t* \t a\r\n", "x") == "set");
  CHECK(line("# * a", "x") == "not there");
  CHECK(line("* a -\n", "x") == "not there");  // what is not an attribute spoils its line
  CHECK(line("* b@d a\n", "x") == "not there");
}

TEST_CASE("a pattern without a slash is held against the name, and one with a slash against the path") {
  CHECK(line("*.txt a", "d/x.txt") == "set");
  CHECK(line("/*.txt a", "d/x.txt") == "not there");
  CHECK(line("/*.txt a", "x.txt") == "set");
  CHECK(line("d/*.txt a", "d/x.txt") == "set");
  CHECK(line("d/*.txt a", "d/e/x.txt") == "not there");
  CHECK(line("d/** a", "d/e/x.txt") == "set");
  CHECK(line("**/x.txt a", "x.txt") == "set");
  CHECK(line("d/ a", "d/x.txt") == "not there");  // a directory is never asked about
  CHECK(line("!*.txt a", "x.txt") == "not there");
  CHECK(line("\\!x a", "!x") == "set");
  CHECK(line("x\\ a", "x\\") == "not there");
}

TEST_CASE("a pattern may be quoted as in C") {
  CHECK(line("\"a b.txt\" a", "a b.txt") == "set");
  CHECK(line(R"("tab\there\"\\\\" a)", "tab\there\"\\") == "set");
  CHECK(line(R"("\303\204" a)", "\u00C4") == "set");
  CHECK(line("\"x\"a", "x") == "set");
  CHECK(line("\"x a", "\"x") == "set");  // not closed: the quote is a letter
  CHECK(line(R"("x\q" a)", "x") == "not there");
}

TEST_CASE("a later line counts more, and a file in a directory more than one above it") {
  Attributes attributes;
  attributes.add_file("", "* a=1\n*.txt a=2\n");
  attributes.add_file("d", "x.txt a=3\n");
  attributes.add_common_file("* a=0 common\n");
  CHECK(of(attributes, "x", "a") == "1");
  CHECK(of(attributes, "x.txt", "a") == "2");
  CHECK(of(attributes, "d/x.txt", "a") == "3");
  CHECK(of(attributes, "d/e/x.txt", "a") == "3");
  CHECK(of(attributes, "dx/x.txt", "a") == "2");
  CHECK(of(attributes, "x", "common") == "set");
}

TEST_CASE("a macro that is set brings its attributes, unless they are known already") {
  Attributes attributes;
  attributes.add_file("", "[attr]mine a=1 b\n* mine\nx a=2\ny -mine\nz binary\n");
  attributes.add_file("d", "[attr]other a=3\n* other\n");
  CHECK(of(attributes, "w", "a") == "1");
  CHECK(of(attributes, "w", "b") == "set");
  CHECK(of(attributes, "x", "a") == "2");
  CHECK(of(attributes, "y", "a") == "not there");
  CHECK(of(attributes, "z", "text") == "unset");
  CHECK(of(attributes, "d/w", "a") == "1");  // macros are defined at the top alone
}

TEST_CASE("a file ends at a NUL, and lines that are too long are passed over") {
  Attributes attributes;
  attributes.add_file("", std::string("* a\n\0* b\n", 9));
  CHECK(of(attributes, "x", "a") == "set");
  CHECK(of(attributes, "x", "b") == "not there");
  CHECK(line("* a" + std::string(2050, ' '), "x") == "not there");
  CHECK(Attributes().empty());
}

TEST_CASE("a byte order mark is passed over in the common file alone") {
  Attributes attributes;
  attributes.add_file("", "\xEF\xBB\xBFx a\n");
  attributes.add_common_file("\xEF\xBB\xBFx b\n");
  CHECK(of(attributes, "x", "a") == "not there");
  CHECK(of(attributes, "x", "b") == "set");
}

TEST_CASE("more lines than can be looked at are refused") {
  std::string text;
  for (int i = 0; i < 100'001; ++i) text += "* a\n";
  Attributes attributes;
  CHECK_THROWS_AS(attributes.add_file("", text), base::Error);
}
