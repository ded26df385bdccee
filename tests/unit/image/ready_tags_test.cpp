#include "image/ready_tags.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"

namespace {

using Tags = std::vector<std::string>;

Tags aliases(const std::string& version, const Tags& existing, const std::string& variant = "") {
  return image::aliases_of(image::SemanticVersion::parse(version).value(), variant, existing);
}

std::string tag_failure(const std::string& version) {
  return test::failure([&] { static_cast<void>(image::version_tag(version, "")); });
}

}  // namespace

TEST_CASE("a version becomes a whole tag, without a v and with its variant") {
  CHECK(image::version_tag("1.2.3", "") == "1.2.3");
  CHECK(image::version_tag("v1.2.3", "alpine") == "1.2.3-alpine");
  CHECK(image::version_tag("1", "") == "1.0.0");
  CHECK(image::version_tag("1.2.3-rc.1", "alpine") == "1.2.3-rc.1-alpine");
  CHECK(tag_failure("hoogily-boogily") ==
        "cannot read params.version: invalid semantic version: \"hoogily-boogily\"; as in params.version: 1.2.3");
  CHECK(tag_failure("1.2.3+4").find("no tag can hold a +") != std::string::npos);
  CHECK(tag_failure("1.2.3-" + std::string(200, 'a')).find("is not a tag") != std::string::npos);
}

TEST_CASE("aliases follow where nothing higher of the same variant is there") {
  CHECK(aliases("1.2.3", {}) == Tags{"1.2", "1", "latest"});
  CHECK(aliases("1.2.3", {"1.2.2", "main", "latest", "1.2.3"}) == Tags{"1.2", "1", "latest"});
  CHECK(aliases("1.2.3", {"1.2.4"}).empty());
  CHECK(aliases("1.2.3", {"1.3.0"}) == Tags{"1.2"});
  CHECK(aliases("1.2.3", {"1.3"}) == Tags{"1.2"});
  CHECK(aliases("1.2.3", {"2.0.0"}) == Tags{"1.2", "1"});
  CHECK(aliases("1.2.3", {"2"}) == Tags{"1.2", "1"});
  CHECK(aliases("1.2.3", {"2.0.0-rc.1", "2.0.0-alpine"}) == Tags{"1.2", "1", "latest"});
  CHECK(aliases("1.2.3", {"1.3.0"}, "lts") == Tags{"1.2-lts", "1-lts", "lts"});
  CHECK(aliases("1.2.3", {"2.0.0-goodbye"}, "hello") == Tags{"1.2-hello", "1-hello", "hello"});
  CHECK(aliases("1.2.3", {"2.0.0-hello"}, "hello") == Tags{"1.2-hello", "1-hello"});
  CHECK(aliases("1.2.3", {"1.2.4-hello"}, "hello").empty());
  CHECK(aliases("1.2.3", {"1.3.0-hello", "2.0.0-rc.1-hello"}, "hello") == Tags{"1.2-hello"});
  CHECK(aliases("1.2.3-alpha.1", {}).empty());
}

TEST_CASE("the tag that is watched names what was put, else the version does") {
  CHECK(image::tags_of({"main", "1.2.3", {"1.2", "1"}, {"blue", "main"}}) == Tags{"main", "1.2.3", "blue", "1.2", "1"});
  CHECK(image::tags_of({std::nullopt, "1.2.3", {}, {"blue"}}).front() == "1.2.3");
  CHECK(image::tags_of({std::nullopt, std::nullopt, {}, {"blue"}}) == Tags{"blue"});
  CHECK(test::failure([] { static_cast<void>(image::tags_of({})); }) ==
        "cannot push params.image: no tag specified; give source.tag, params.version or params.additional_tags");
}
