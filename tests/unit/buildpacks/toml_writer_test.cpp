#include <catch2/catch_test_macros.hpp>

#include "buildpacks/label.hpp"
#include "buildpacks/toml.hpp"

using buildpacks::parse_toml;
using buildpacks::Toml;
using buildpacks::write_toml;

// The expected texts are what the reference lifecycle wrote of the same values.
TEST_CASE("metadata that have been through a label come back as the reference writes them") {
  const auto written = parse_toml(R"(
int = 42
float = 1.0
big = 1e21
text = "a <b> & \"c\" \\ \t"
date = 2020-05-06T07:08:09.5+02:00
ld = 2020-05-06
ldt = 2020-05-06T01:02:03
neg = -0.000001
list = [1, 2.5, 3]
empty = []
[t]
k = true
[t."x y"]
v = 1
[[arr]]
n = 1
[[arr]]
n = 2
[none]
)",
                                  "test");
  const auto label = buildpacks::label_text(buildpacks::to_json(written));
  const auto restored = buildpacks::from_json(json::parse(label, "label"));
  CHECK(write_toml(Toml().add("metadata", restored)) == R"([metadata]
  big = 1e+21
  date = "2020-05-06T07:08:09.5+02:00"
  empty = []
  float = 1.0
  int = 42.0
  ld = "2020-05-06T00:00:00Z"
  ldt = "2020-05-06T01:02:03Z"
  list = [1.0, 2.5, 3.0]
  neg = -1e-06
  text = "a <b> & \"c\" \\ \t"

  [[metadata.arr]]
    n = 1.0

  [[metadata.arr]]
    n = 2.0
  [metadata.none]
  [metadata.t]
    k = true
    [metadata.t."x y"]
      v = 1.0
)");
}

TEST_CASE("dates, integers and tables inside lists keep their kind in a plan") {
  const auto plan = parse_toml(
      "date = 2020-05-06T07:08:09.5+02:00\nld = 2020-05-06\nbig = 12345678901\n"
      "odd = [\"a\", 1.5, {z = 1, a = [{q = true}]}]\n",
      "test");
  CHECK(write_toml(plan) ==
        "big = 12345678901\ndate = 2020-05-06T07:08:09.5+02:00\nld = 2020-05-06\n"
        "odd = [\"a\", 1.5, {z = 1, a = [{q = true}]}]\n");
}

TEST_CASE("control characters and quotes are escaped, other UTF-8 is not") {
  CHECK(write_toml(Toml().add("k", std::string("\x01\x7f\"\\\b\f\r\n\t\xc3\xa9"))) ==
        "k = \"\\u0001\\u007f\\\"\\\\\\b\\f\\r\\n\\t\xc3\xa9\"\n");
}

TEST_CASE("an empty document is an empty file") { CHECK(write_toml(Toml()).empty()); }
