#include "kubernetes/answer.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

std::string refusal(std::string_view text) {
  try {
    (void)kubernetes::parse_answer(text, "it");
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an answer is read as it is, but for the members that are left out") {
  const auto* text =
      R"({"a":[1,-2,3.5,"x",null,true,{"b":[]}],"metadata":{"managedFields":[{"f":{"x":{}}},1],"name":"n"}})";
  CHECK(kubernetes::parse_answer(text, "it") ==
        json::Value::parse(R"({"a":[1,-2,3.5,"x",null,true,{"b":[]}],"metadata":{"name":"n"}})"));
  CHECK(kubernetes::parse_answer(R"({"managedFields":1,"a":2})", "it") == json::Value({{"a", 2}}));
  const std::array<std::string_view, 2> without{"a", "metadata"};
  CHECK(kubernetes::parse_answer(text, "it", without) == json::Value::object());
}

TEST_CASE("hostile answers are bounded") {
  CHECK(refusal(std::string(70, '[')) == "cannot read it: it is nested deeper than 64");
  CHECK(refusal(R"({"managedFields":)" + std::string(70, '[')) == "cannot read it: it is nested deeper than 64");
  CHECK(refusal(R"({"a":1,"a":2})") == "cannot read it: the key \"a\" stands twice in one object");
  CHECK(refusal("{") == "cannot read it: it is not JSON at byte 2");
  CHECK(refusal("") == "cannot read it: it is empty");
}

TEST_CASE("a page in a cluster's place is told as one") {
  http::Response response;
  response.status = 200;
  response.body = " <!DOCTYPE html><html>";
  try {
    (void)kubernetes::read_answer(response, "images (kpack.io)", "check the server of source.cluster");
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read images (kpack.io): the server answers HTML, not JSON: it is not a Kubernetes API; check the "
          "server "
          "of source.cluster");
  }
}
