#include "source/params.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

TEST_CASE("the short ref is formatted as printf does") {
  CHECK(source::format_short_ref("%s", "abcdefg") == "abcdefg");
  CHECK(source::format_short_ref("v-%s-%%", "abcdefg") == "v-abcdefg-%");
  CHECK(source::format_short_ref("%.3s|%10s|%-8s|", "abcdefg") == "abc|   abcdefg|abcdefg |");
  CHECK_THROWS_AS(source::format_short_ref("%d", "abcdefg"), base::Error);
  CHECK_THROWS_AS(source::format_short_ref("%n", "abcdefg"), base::Error);
  CHECK_THROWS_AS(source::format_short_ref("%99999s", "abcdefg"), base::Error);
}

TEST_CASE("faults in params are found before anything is fetched") {
  const auto read = [](const json::Value& value) { return source::read_in_params(value); };
  CHECK(read({{"submodules", "none"}}).submodules.mode == source::SubmoduleSelection::Mode::none);
  CHECK(read({{"submodules", {"a", "b"}}}).submodules.paths.size() == 2);
  CHECK_THROWS_AS(read({{"submodules", "some"}}), base::Error);
  CHECK_THROWS_AS(read({{"depth", -1}}), base::Error);
  CHECK_THROWS_AS(read({{"timestamp_format", "relatively"}}), base::Error);
  CHECK_THROWS_AS(read({{"describe_ref_options", "--frob"}}), base::Error);
  CHECK_THROWS_AS(read({{"fetch", {"a..b"}}}), base::Error);
  CHECK_THROWS_AS(read({{"short_ref_format", "%x"}}), base::Error);
}
