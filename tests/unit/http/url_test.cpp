#include "http/url.hpp"

#include <catch2/catch_test_macros.hpp>

using http::Url;

TEST_CASE("credentials in a URL are taken out of it") {
  const auto url = Url::parse("https://me:p%40ss@Git.Example:8443/a/b.git?x=1#frag");
  REQUIRE(url);
  CHECK(url->credentials->username == "me");
  CHECK(url->credentials->password.reveal() == "p@ss");
  CHECK(url->text() == "https://git.example:8443/a/b.git?x=1");
  CHECK(url->origin == http::Origin{"https", "git.example", 8443});
}

TEST_CASE("what a query may hide is not shown") {
  const auto url = Url::parse("https://r.example/v2/x?X-Amz-Signature=abc&digest=sha256:1");
  CHECK(url->shown() == "https://r.example/v2/x?X-Amz-Signature=...&digest=sha256:1");
}

TEST_CASE("texts that are not a clean http URL are refused") {
  for (const auto* text : {"", "ftp://a/b", "https://", "https://a b/", "https://a/\r\nX: y", "/path", "https://a\\b/",
                           "file:///etc/passwd", "https://a:99999/"}) {
    CAPTURE(text);
    CHECK_FALSE(Url::parse(text));
  }
}

TEST_CASE("a Location is resolved as RFC 3986 says") {
  const auto base = Url::parse("https://r.example/v2/app/blobs/uploads/");
  CHECK(base->resolve("/v2/x?state=1")->text() == "https://r.example/v2/x?state=1");
  CHECK(base->resolve("https://other.example/y")->text() == "https://other.example/y");
  CHECK(base->resolve("next")->text() == "https://r.example/v2/app/blobs/uploads/next");
}

TEST_CASE("IPv6 addresses keep their brackets on the wire") {
  CHECK(Url::parse("http://[::1]:5000/v2/")->text() == "http://[::1]:5000/v2/");
  CHECK(Url::parse("http://[::1]:5000/v2/")->origin.host == "::1");
}

TEST_CASE("percent encoding is undone only where it is well-formed") {
  CHECK(http::percent_encode("a b/ü") == "a%20b%2F%C3%BC");
  CHECK(http::percent_decode("a%20b") == "a b");
  CHECK_FALSE(http::percent_decode("%zz"));
  CHECK_FALSE(http::percent_decode("%00"));
  CHECK_FALSE(http::percent_decode("%2"));
}
