#include "concourse/response.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("a check says in one line what it found, and whether that is news") {
  using concourse::news_of;
  CHECK(news_of("r/app:main", {}, std::nullopt) == "r/app:main: there is no version yet");
  CHECK(news_of("r/app:main", {"a"}, std::nullopt) == "r/app:main: the newest version is a");
  CHECK(news_of("r/app:main", {"a"}, "a") == "r/app:main: nothing newer than a");
  CHECK(news_of("r/app:main", {"a", "b"}, std::nullopt) == "r/app:main: 2 versions, the newest is b");
  CHECK(news_of("r/app:main", {"b"}, "a") == "r/app:main: the newest version is b");
  CHECK(news_of("r/app:main", {"a", "b"}, "a") == "r/app:main: 1 new version: b");
  CHECK(news_of("r/app:main", {"a", "b", "c"}, "a") == "r/app:main: 2 new versions, the newest is c");
}
