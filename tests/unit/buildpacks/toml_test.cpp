#include "buildpacks/toml.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"

using buildpacks::parse_toml;
using buildpacks::TomlReader;

TEST_CASE("a syntax error names the file, the line and the column") {
  const auto message = test::failure([] { static_cast<void>(parse_toml("a = 1\nb = \n", "/cnb/order.toml")); });
  CHECK(message.starts_with("cannot read /cnb/order.toml: it is not TOML at line 2"));
}

TEST_CASE("a wrong type names the path to the field") {
  const auto document = parse_toml("[[order]]\n[[order.group]]\nid = 7\n", "test");
  const TomlReader reader(document, "/cnb/order.toml");
  CHECK(test::failure([&] { static_cast<void>(reader.tables("order")[0].tables("group")[0].text("id")); }) ==
        "cannot read /cnb/order.toml: order[0].group[0].id is a number, expected text");
}

TEST_CASE("nesting has a bound, however it is written") {
  const auto keys = [](std::size_t count) {
    std::string text = "a";
    for (std::size_t i = 1; i < count; ++i) text += i % 2 == 0 ? ".a" : " . \"a.a\"";
    return text;
  };
  std::string lists_of_tables;
  for (std::size_t i = 1; i < 40; ++i) lists_of_tables += "[[" + keys(i) + "]]\n";
  const std::vector<std::string> deep{
      "a = " + std::string(5000, '[') + std::string(5000, ']'),
      keys(40'000) + " = 1",
      "[" + keys(40'000) + "]",
      "[[" + keys(40'000) + "]]\nb = 1",
      "[" + keys(30) + "]\n" + keys(30) + " = 1",
      "a = [{" + keys(30) + " = {" + keys(30) + " = 1}}]",
      "\xEF\xBB\xBF[" + keys(40'000) + "]",
      "s = \"\"\"\nnot the end \\\"\"\" \"\"\"\"\"\n" + keys(40'000) + " = 1",
      lists_of_tables,
  };
  for (const auto& text : deep) {
    CHECK(test::failure([&] { static_cast<void>(parse_toml(text, "test")); }) ==
          "cannot read test: it is nested deeper than 48");
  }
  CHECK(parse_toml(keys(48) + " = \"1.2.3\" # " + keys(100), "test").table()->size() == 1);
  CHECK(parse_toml("a = [1.5, '" + keys(100) + "', [{x.y = 2}]]\n[b]\nc.d = '''\n" + keys(100) + "'''\n", "test")
            .table()
            ->size() == 2);
}

TEST_CASE("a character beyond ASCII stands in quotes or comments alone") {
  CHECK(
      parse_toml("# h\u00e9\n'\u00e9' = \"\u00e9\" # \u00e9\nl = ['\u00e9', \"\"\"\n\u00e9\"\"\"]\n", "test").table() !=
      nullptr);
  CHECK(parse_toml("\xEF\xBB\xBF"
                   "a = 1\n",
                   "test")
            .table() != nullptr);
  for (const std::string text :
       {"a = 1\n\u00e9 = 2\n", "a = 1\n[a\u039e.b]\n", "a = 1\nb = \u00e9\n", "a = 1\nb = 1\u00a02\n"}) {
    CHECK(test::failure([&] { static_cast<void>(parse_toml(text, "test")); }) ==
          "cannot read test: it is not TOML at line 2: a character beyond ASCII stands outside of quotes");
  }
}

TEST_CASE("a header without a name is an error and not the end of the program") {
  CHECK(test::failure([] {
          static_cast<void>(parse_toml("[.a]\nb = 1\n", "test"));
        }).starts_with("cannot read test: it is not TOML at line 1"));
}
