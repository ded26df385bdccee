#include "concourse/request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"

namespace {

concourse::Request read(const std::string& text) {
  std::istringstream input(text);
  return concourse::read_request(input);
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(read(text));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("an envelope that is not a request is refused") {
  CHECK(error_of("") ==
        "cannot read the request on stdin: it is empty; give a JSON object with source, as Concourse does; see --help");
  CHECK(error_of("hello") == "cannot read the request on stdin: it is not JSON at line 1, column 1");
  CHECK(error_of("[]") == "cannot read the request on stdin: expected an object, got a list");
  CHECK(error_of(R"({"source":{"uri":"x"},"parms":{}})") ==
        "cannot read request.parms: there is no such field; did you mean request.params?");
  CHECK(error_of(R"({"source":{"uri":"x"},"version":{"ref":true}})") ==
        "cannot read version.ref: expected text, got true");
}

TEST_CASE("a kind may want a version") {
  const auto request = read(R"({"source":{"uri":"x"},"version":{"ref":"a"}})");
  CHECK(concourse::require_version(request).at("ref") == "a");
  try {
    (void)concourse::require_version(read(R"({"source":{"uri":"x"},"version":null})"));
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read request.version: it is missing; give the version that check or put reported");
  }
}
