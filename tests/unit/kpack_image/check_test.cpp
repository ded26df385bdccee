#include "kpack_image/check.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

using Images = std::vector<std::string>;

// Builds by their number, the word of their condition, and what they made.
struct Made {
  int number;
  std::string succeeded;
  std::string image;
};

std::vector<kpack::Build> builds(const std::vector<Made>& list) {
  std::vector<kpack::Build> result;
  for (const auto& made : list) {
    result.emplace_back(
        json::Value{{"metadata", {{"labels", {{"image.kpack.io/buildNumber", std::to_string(made.number)}}}}},
                    {"status",
                     {{"latestImage", made.image},
                      {"conditions", json::Value::array({{{"type", "Succeeded"}, {"status", made.succeeded}}})}}}});
  }
  return result;
}

std::string refusal(const concourse::Version& version) {
  try {
    (void)kpack_image::read_version(version);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

const std::string digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("images come in the order of the Builds' numbers, whatever their names and times") {
  const auto list = builds({{10, "True", "i10"}, {9, "True", "i9"}, {2, "True", "i2"}});
  CHECK(kpack_image::images_since(list, "i2") == Images{"i2", "i9", "i10"});
}

TEST_CASE("only what succeeded counts, and neighbours that are equal once") {
  const auto list = builds({{1, "True", "a"},
                            {2, "False", ""},
                            {3, "True", "a"},
                            {4, "Unknown", ""},
                            {5, "True", "b"},
                            {6, "True", ""},
                            {7, "True", "a"}});
  CHECK(kpack_image::images_since(list, "a") == Images{"a", "b", "a"});
  CHECK(kpack_image::images_since(list, "b") == Images{"b", "a"});
}

TEST_CASE("without a known version, or when its Build is gone, the newest is given") {
  const auto list = builds({{1, "True", "a"}, {2, "True", "b"}});
  CHECK(kpack_image::images_since(list, std::nullopt) == Images{"b"});
  CHECK(kpack_image::images_since(list, "gone") == Images{"b"});
  CHECK(kpack_image::images_since({}, "a").empty());
}

TEST_CASE("a version is a repository and a digest") {
  const auto version = kpack_image::read_version({{"image", "registry.example:5000/acme/app@" + digest}});
  CHECK(version.repository == "registry.example:5000/acme/app");
  CHECK(version.digest.text() == digest);
  CHECK(kpack_image::read_version({{"image", "registry.example/app:main@" + digest}}).repository ==
        "registry.example/app");
  CHECK(refusal({{"image", "registry.example/app:main"}}).find("it has no digest") != std::string::npos);
  CHECK(refusal({{"digest", digest}}).find("version") != std::string::npos);
}

TEST_CASE("a table tells what succeeded, and nothing where a column or a number is missing") {
  const kubernetes::Table table{{"Name", "Image", "Succeeded"},
                                {{"app-build-10", "r/app@sha256:b", "True"},
                                 {"app-build-11", "", "Unknown"},
                                 {"app-build-9", "r/app@sha256:a", "True"}}};
  const auto builds = kpack_image::builds_in(table);
  REQUIRE(builds);
  CHECK(kpack_image::images_since(*builds, "r/app@sha256:a") == Images{"r/app@sha256:a", "r/app@sha256:b"});
  CHECK_FALSE(kpack_image::builds_in({{"Name", "Succeeded"}, {}}));
  CHECK_FALSE(kpack_image::builds_in({{"Name", "Image", "Succeeded"}, {{"app-build-x", "r/app@sha256:a", "True"}}}));
  CHECK_FALSE(kpack_image::builds_in({{"Name", "Image", "Succeeded"}, {{"by-hand", "r/app@sha256:a", "True"}}}));
}
