#include "concourse/request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"

using concourse::Kind;
using concourse::StepName;

namespace {

concourse::Request read(const std::string& text, StepName step = StepName::check) {
  std::istringstream input(text);
  return concourse::read_request(input, step);
}

std::string error_of(const std::string& text, StepName step = StepName::check) {
  try {
    static_cast<void>(read(text, step));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr auto choose =
    "give exactly one of source.uri (git source), source.repository (image built here), source.image (image built by "
    "kpack), source.fleet (fleet of images)";

}  // namespace

TEST_CASE("the fields of source say which kind a request is of") {
  CHECK(read(R"({"source":{"uri":"https://g.example/a.git"}})").kind == Kind::source);
  CHECK(read(R"({"source":{"repository":"r.example/a"},"version":null})").kind == Kind::image);
  CHECK(read(R"({"source":{"image":"app"}})").kind == Kind::kpack_image);
  CHECK(read(R"({"source":{"fleet":{}}})").kind == Kind::fleet);
}

TEST_CASE("no kind and two kinds are errors that name the four") {
  CHECK(error_of(R"({"source":{}})") == std::string("cannot read source: it names no kind of resource; ") + choose);
  CHECK(error_of(R"({"source":{"uri":"x","repository":"y"}})") ==
        std::string("cannot read source: uri and repository name two kinds of resource; ") + choose);
  CHECK(error_of(R"({"source":{"repositry":"y"}})") ==
        "cannot read source.repositry: there is no such field; did you mean source.repository?");
}

TEST_CASE("an envelope that is no request is refused") {
  CHECK(error_of("") ==
        "cannot read the request on stdin: it is empty; give a JSON object with source, as Concourse does; see --help");
  CHECK(error_of("hello") == "cannot read the request on stdin: it is not JSON at line 1, column 1");
  CHECK(error_of("[]") == "cannot read the request on stdin: expected an object, got a list");
  CHECK(error_of(R"({"source":{"uri":"x"},"parms":{}})") ==
        "cannot read request.parms: there is no such field; did you mean request.params?");
  CHECK(error_of(R"({"source":{"uri":"x"}})", StepName::in) ==
        "cannot read request.version: it is missing; give the version that check or put reported");
  CHECK(error_of(R"({"source":{"uri":"x"},"version":{"ref":true}})") ==
        "cannot read version.ref: expected text, got true");
}

TEST_CASE("a version of another kind is refused by its shape") {
  try {
    concourse::require_version_keys({{"digest", "sha256:1"}}, {{"ref"}, {"ref", "commit"}}, Kind::source);
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read version: {digest} is no version of the kind source (source.uri: a git repository), which has "
          "{ref} or {ref, commit}; let check report the versions anew (fly check-resource)");
  }
}
