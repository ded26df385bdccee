#include "registry/refusal.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace registry;

TEST_CASE("a registry's words are shown, a proxy's page is not") {
  CHECK(parse_refusal(R"({"errors":[{"code":"DENIED","message":"no"}]})").detail == "DENIED: no");
  CHECK(parse_refusal(R"({"errors":[{"code":"DENIED"}]})").detail == "DENIED");
  CHECK(parse_refusal(R"({"errors":[{"code":"A","message":"line\nbreak \u001b[31m"}]})").detail ==
        "A: line break ?[31m");
  CHECK(parse_refusal("<html>").detail.empty());
  CHECK(parse_refusal("[]").detail.empty());
  CHECK(parse_refusal(R"({"errors":[{"code":"DENIED","message":"no"}]})").code == "DENIED");
}
