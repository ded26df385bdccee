#include "buildpacks/toml.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/error.hpp"

using buildpacks::parse_toml;
using buildpacks::TomlReader;

namespace {

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a syntax error names the file, the line and the column") {
  const auto message = failure([] { static_cast<void>(parse_toml("a = 1\nb = \n", "/cnb/order.toml")); });
  CHECK(message.starts_with("cannot read /cnb/order.toml: it is not TOML at line 2"));
}

TEST_CASE("a wrong type names the path to the field") {
  const auto document = parse_toml("[[order]]\n[[order.group]]\nid = 7\n", "test");
  const TomlReader reader(document, "/cnb/order.toml");
  CHECK(failure([&] { static_cast<void>(reader.tables("order")[0].tables("group")[0].text("id")); }) ==
        "cannot read /cnb/order.toml: order[0].group[0].id is a number, expected text");
}

TEST_CASE("nesting has a bound") {
  const std::string deep = "a = " + std::string(5000, '[') + std::string(5000, ']');
  CHECK_THROWS_AS(parse_toml(deep, "test"), base::Error);
}
