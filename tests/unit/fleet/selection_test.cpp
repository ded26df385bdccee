#include "fleet/selection.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "base/error.hpp"

using namespace fleet;

namespace {

registry::Reference at(const std::string& text) { return registry::Reference::parse(text, "test"); }

std::vector<std::string> texts(const std::vector<registry::Reference>& references) {
  std::vector<std::string> result;
  for (const auto& reference : references) result.push_back(reference.text());
  return result;
}

}  // namespace

TEST_CASE("a glob is matched as a shell's, a star also over slashes") {
  CHECK(matches_glob("acme/*", "acme/app"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("*/app", "acme/team/app"));
  CHECK(matches_glob("a?c*", "abcdef"));
  CHECK(matches_glob("*a*b*c", "xxaxxbxxbxc"));
  CHECK_FALSE(matches_glob("acme", "acme/app"));
  CHECK_FALSE(matches_glob("a?c", "ac"));
  CHECK_FALSE(matches_glob("", "a"));
  CHECK_FALSE(matches_glob(std::string(64, '*') + "b", std::string(4096, 'a')));
}

TEST_CASE("an image is matched with and without its host and its tag") {
  const auto image = at("r.example.com/acme/app:main");
  for (const auto* glob :
       {"acme/app", "acme/*", "acme/app:main", "r.example.com/acme/app", "*:main", "r.example.com/*"}) {
    CHECK(matches(glob, image));
  }
  for (const auto* glob : {"app", "acme", "main", "acme/app:other", "other.example.com/*"}) {
    CHECK_FALSE(matches(glob, image));
  }
}

TEST_CASE("a pattern of tags never takes caches and what refers to an image") {
  const TagPattern every("", {}, "f");
  const std::string hex(64, 'a');
  for (const auto* tag : {"main", "1.2.3", "sha256", "cache", "mycache-main", "sha256-abc"}) CHECK(every.takes(tag));
  for (const auto& tag : {std::string("cache-main"), "sha256-" + hex, "sha256-" + hex + ".sig",
                          "sha256-" + hex + ".att", "sha256-" + hex + ".sbom", "sha256-" + hex + "-1"}) {
    CHECK_FALSE(every.takes(tag));
  }
  const std::string upper(64, 'X');
  CHECK(every.takes(fmt::format("sha256-{}", upper)));
}

TEST_CASE("tags are chosen by one pattern and left out by others") {
  const TagPattern pattern("^v\\d+", {"-rc", "^v0"}, "f");
  CHECK(pattern.takes("v1.2"));
  CHECK_FALSE(pattern.takes("main"));
  CHECK_FALSE(pattern.takes("v1-rc1"));
  CHECK_FALSE(pattern.takes("v0.9"));
}

TEST_CASE("what is not a pattern names its field") {
  try {
    const TagPattern pattern("v", {"a", "("}, "source.fleet.repositories[2]");
    FAIL("it was taken");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what())
              .starts_with("cannot read source.fleet.repositories[2].exclude[1]: \"(\" is not a pattern"));
  }
}

TEST_CASE("an image that is named twice, also by two names of one host, is one image") {
  const auto selection =
      select({at("nginx:1"), at("r.example.com/b:1"), at("docker.io/library/nginx:1"), at("r.example.com/a:2"),
              at("R.example.com/a:2"), at("r.example.com/a:1"), at("index.docker.io/nginx:1")},
             at("r.example.com/fleet:latest"));
  CHECK(texts(selection.images) == std::vector<std::string>{"docker.io/library/nginx:1", "r.example.com/a:1",
                                                            "r.example.com/a:2", "r.example.com/b:1"});
  CHECK(texts(selection.repeated) ==
        std::vector<std::string>{"docker.io/library/nginx:1", "docker.io/library/nginx:1", "r.example.com/a:2"});
}

TEST_CASE("the fleet's own record is not an image of the fleet") {
  const auto selection =
      select({at("r.example.com/acme:fleet"), at("r.example.com/acme:main")}, at("r.example.com/acme:fleet"));
  CHECK(texts(selection.images) == std::vector<std::string>{"r.example.com/acme:main"});
}
