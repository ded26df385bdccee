#include "image/version.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"

using test::failure;

namespace {
const std::string digest = "sha256:" + std::string(64, 'a');
}  // namespace

TEST_CASE("a version without a tag has the source's") {
  CHECK(image::read_version({{"digest", digest}}, "main").tag == "main");
  CHECK(image::read_version({{"digest", digest}, {"tag", ""}}, "main").tag == "main");
  CHECK(image::read_version({{"digest", digest}, {"tag", "1.2"}}, "main").tag == "1.2");
}

TEST_CASE("a damaged version is lost to a check and an error to a get") {
  CHECK_FALSE(image::find_version({{"digest", "bogus"}, {"tag", "1.2"}}, "main"));
  CHECK_FALSE(image::find_version({{"digest", ""}}, "main"));
  CHECK(image::find_version({{"digest", digest}, {"tag", "1.2"}}, "main")->tag == "1.2");
  CHECK(failure([] {
          (void)image::read_version({{"digest", "bogus"}, {"tag", "1.2"}}, "main");
        }).starts_with("cannot read version.digest: \"bogus\" is not a digest"));
  for (const concourse::Version& other :
       {concourse::Version{{"ref", "1"}}, concourse::Version{{"digest", "bogus"}, {"ref", "1"}}}) {
    CHECK(failure([&] { (void)image::find_version(other, "main"); }).starts_with("cannot read version: {"));
  }
}
