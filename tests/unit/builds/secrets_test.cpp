#include "builds/secrets.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace builds;

TEST_CASE("a value is masked by its name wherever it stands, and short values are not secrets") {
  CHECK(masked("curl -u me:correct horse\nBP_JVM=17\ncorrect horse", {{"TOKEN", "correct horse"}, {"BP_JVM", "17"}}) ==
        "curl -u me:((TOKEN))\nBP_JVM=17\n((TOKEN))");
  CHECK(masked("nothing of it", {{"TOKEN", "correct horse"}}) == "nothing of it");
}

TEST_CASE("of a value of several lines each line is masked, however it is indented") {
  CHECK(masked("  > -----BEGIN KEY-----\r\n  > abcdefghijkl\n}",
               {{"KEY", "-----BEGIN KEY-----\n\tabcdefghijkl\n}\n"}}) == "  > ((KEY))\r\n  > ((KEY))\n}");
}

TEST_CASE("a value that holds another one is masked whole") {
  CHECK(masked("url https://me:password1@host", {{"A", "password1"}, {"B", "https://me:password1@host"}}) ==
        "url ((B))");
}
