#include "http/proxy.hpp"

#include <catch2/catch_test_macros.hpp>

using http::Proxy;

TEST_CASE("a proxy is read from its URL, and from a host and port alone") {
  const auto full = Proxy::parse("socks5h://ann:w%40rd@proxy.example:1081");
  REQUIRE(full);
  CHECK(full->text() == "socks5h://proxy.example:1081");
  REQUIRE(full->credentials);
  CHECK(full->credentials->username == "ann");
  CHECK(full->credentials->password.reveal() == "w@rd");
  CHECK(Proxy::parse("proxy.example:3128")->text() == "http://proxy.example:3128");
  CHECK(Proxy::parse("https://[::1]")->text() == "https://[::1]:443");
  CHECK_FALSE(Proxy::parse("proxy.example:3128")->credentials);
}

TEST_CASE("what is not a proxy's URL is not taken for one") {
  CHECK_FALSE(Proxy::parse(""));
  CHECK_FALSE(Proxy::parse("ftp://proxy.example"));
  CHECK_FALSE(Proxy::parse("http://"));
  CHECK_FALSE(Proxy::parse("http://proxy.example:99999"));
}
