#include "base/error.hpp"

#include <catch2/catch_test_macros.hpp>

using base::printable;

TEST_CASE("an error is one line: action, object, cause, remedy") {
  const base::Error error(base::ErrorKind::denied,
                          {"push image", "r.example/app:latest", "401 UNAUTHORIZED", "check source.password"});
  CHECK(std::string(error.what()) == "cannot push image r.example/app:latest: 401 UNAUTHORIZED; check source.password");
}

TEST_CASE("text from outside can neither forge lines nor drive a terminal") {
  CHECK(printable("a\nerror: b\r\x1b[31mred") == "a error: b??[31mred");
  CHECK(printable("caf\xC3\xA9") == "caf\xC3\xA9");
  CHECK(printable("\xE2\x80\xAE"
                  "evil") == "?evil");  // right-to-left override
  CHECK(printable("\xC2\x9B"
                  "31m") == "?31m");  // C1 CSI
  CHECK(printable("\xFF\xC3") == "??");
  CHECK(printable("\xC0\xAF\xED\xA0\x80") == "?????");  // overlong, surrogate
  CHECK(printable("abcdef", 4) == "abcd...");
}

TEST_CASE("a full stop of what a server says does not stand before the remedy") {
  const auto text = [](const char* cause, const char* remedy) {
    return std::string(base::Error(base::ErrorKind::denied, {"log in", "", cause, remedy}).what());
  };
  CHECK(text("is invalid.", "make a new one").ends_with(": is invalid; make a new one"));
  CHECK(text("is invalid.", "").ends_with(": is invalid."));
  CHECK(text("it is ..", "leave it").ends_with(": it is ..; leave it"));
}
