#include "registry/challenge.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace registry;

namespace {

std::optional<Challenge> challenge(const std::string& value) {
  return find_challenge(http::Headers{{"WWW-Authenticate", value}});
}

}  // namespace

TEST_CASE("a bearer challenge has realm, service and scope") {
  const auto found = challenge(
      R"(Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push")");
  REQUIRE(found);
  CHECK(found->scheme == Challenge::Scheme::bearer);
  CHECK(found->realm == "https://auth.example.com/token");
  CHECK(found->service == "registry.example.com");
  CHECK(found->scope == "repository:a/b:pull,push");
}

TEST_CASE("challenges are found in any spelling and order") {
  CHECK(challenge(R"(basic REALM = "x")")->scheme == Challenge::Scheme::basic);
  CHECK(challenge(R"(Basic realm="x", Bearer realm="https://t", service=s)")->scheme == Challenge::Scheme::bearer);
  CHECK(challenge(R"(Bearer realm="https://t", Basic realm="x")")->scheme == Challenge::Scheme::bearer);
  CHECK(challenge(R"(Negotiate, Basic realm="a\"b")")->realm == "a\"b");
  CHECK(!challenge("Negotiate abcdef=="));
  CHECK(!challenge("Bearer"));
  CHECK(!challenge(""));
  CHECK(!challenge("Bearer realm=\""));
  const auto two = find_challenge(
      http::Headers{{"WWW-Authenticate", "Basic realm=x"}, {"www-authenticate", "Bearer realm=\"https://t\""}});
  CHECK(two->scheme == Challenge::Scheme::bearer);
}
