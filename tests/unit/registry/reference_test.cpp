#include "registry/reference.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using registry::parse_repository;
using registry::Reference;

namespace {

const std::string hex(64, 'a');

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_repository(text, "source.repository"));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a repository has a host, which is Docker Hub's when it names none") {
  CHECK(parse_repository("registry.example.com:5000/acme/app", "f") ==
        registry::Repository{"registry.example.com:5000", "acme/app"});
  CHECK(parse_repository("localhost/app", "f") == registry::Repository{"localhost", "app"});
  CHECK(parse_repository("[::1]:5000/app", "f") == registry::Repository{"[::1]:5000", "app"});
  CHECK(parse_repository("acme/app", "f") == registry::Repository{"docker.io", "acme/app"});
  CHECK(parse_repository("nginx", "f") == registry::Repository{"docker.io", "library/nginx"});
  CHECK(parse_repository("index.docker.io/nginx", "f") == registry::Repository{"docker.io", "library/nginx"});
  CHECK(parse_repository("Registry.Example.COM/app", "f").host == "registry.example.com");
  CHECK(parse_repository("r.example/a__b/c.d/e--f", "f").path == "a__b/c.d/e--f");
}

TEST_CASE("what is not a repository is an error that says why") {
  CHECK(error_of("https://r.example/app") ==
        "cannot read source.repository: \"https://r.example/app\" is a URL; leave out the scheme: "
        "registry.example.com/acme/app");
  CHECK(error_of("r.example/app:1") ==
        "cannot read source.repository: \"r.example/app:1\" holds a tag or a digest; give the repository alone");
  for (const auto* text : {"", "r.example/", "r.example/App", "r.example/a//b", "r.example/../b", "r.example/a_-b",
                           "r.example/-a", "r.example:port/a", "r.example/a b", "r..example/a", "r.example:999999/a"}) {
    CHECK(!error_of(text).empty());
  }
  CHECK(!error_of("r.example/" + std::string(256, 'a')).empty());
}

TEST_CASE("a reference names a tag, a digest, both, or the latest") {
  const auto both = Reference::parse("r.example:5000/app:v1@sha256:" + hex, "f");
  CHECK(both.tag == "v1");
  CHECK(both.digest->hex() == hex);
  CHECK(both.manifest_name() == "sha256:" + hex);
  CHECK(both.text() == "r.example:5000/app:v1@sha256:" + hex);
  CHECK(Reference::parse("r.example:5000/app", "f").text() == "r.example:5000/app:latest");
  CHECK_THROWS_AS(Reference::parse("r.example/app@sha256:abc", "f"), base::Error);
  CHECK_THROWS_AS(Reference::parse("r.example/app:-x", "f"), base::Error);
}

TEST_CASE("a tag is a word of at most 128 letters") {
  CHECK(registry::is_tag("v1.0_rc-1"));
  CHECK(registry::is_tag(std::string(128, 'a')));
  for (const auto& text : {std::string(), std::string(".a"), std::string("-a"), std::string("a/b"), std::string("a b"),
                           std::string(129, 'a')}) {
    CHECK(!registry::is_tag(text));
  }
}
