#include "registry/link.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

std::optional<std::string> next(const std::string& value) { return registry::next_link({{"Link", value}}, "the tags"); }

}  // namespace

TEST_CASE("the relation next is found in every form that RFC 8288 has for it") {
  for (const auto* value :
       {R"(</b>; rel="next")", "</b>; rel=next", "</b>; rel = next", R"(</b>;rel="NEXT")", R"(</b>; REL="next")",
        R"(</b>; rel="last next")", R"(</b>; title="a, b; c"; rel="next")", R"(</b>; title="a \" <x>"; rel=next)",
        R"(</a>; rel="prev", </b>; rel="next")", R"(</a>; rel=prev,</b>; rel=next, </c>; rel=last)",
        R"(</b>; rel="next"; rel="prev")", "</b>; type; rel=next", R"(</b> ; rel="next" ,)", R"(</b>; rel="next";)"}) {
    INFO(value);
    CHECK(next(value) == "/b");
  }
  CHECK(registry::next_link({{"Link", "</a>; rel=prev"}, {"link", "</b>; rel=next"}}, "the tags") == "/b");
  CHECK(next(R"(<https://r.example/v2/app/tags/list?n=2&last=a,b>; rel="next")") ==
        "https://r.example/v2/app/tags/list?n=2&last=a,b");
}

TEST_CASE("other relations, and links about other documents, are not the next page") {
  CHECK_FALSE(next(R"(</a>; rel="prev")"));
  CHECK_FALSE(next(R"(</a>; rel="nextone")"));
  CHECK_FALSE(next(R"(</a>; rel="prev"; rel="next")"));
  CHECK_FALSE(next(R"(</a>; rel="next"; anchor="/other")"));
  CHECK_FALSE(next("</a>"));
  CHECK_FALSE(next(""));
  CHECK_FALSE(registry::next_link({}, "the tags"));
}

TEST_CASE("a header that cannot be read is an error") {
  for (const auto* value : {"<broken", "/b; rel=next", R"(</b>; rel="next)", "</a> </b>; rel=next", "</b>; =next"}) {
    INFO(value);
    CHECK_THROWS_AS(next(value), base::Error);
  }
}
