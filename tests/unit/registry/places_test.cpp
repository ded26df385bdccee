#include "registry/places.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace registry;

namespace {

std::string realm_error(const std::string& realm, const http::Origin& origin) {
  try {
    static_cast<void>(check_realm(realm, origin));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

const http::Origin https_origin{"https", "registry.example.com", 443};

}  // namespace

TEST_CASE("a realm is encrypted and public, or the registry's own") {
  CHECK(check_realm("https://auth.example.com/token?a=b", https_origin).text() == "https://auth.example.com/token?a=b");
  CHECK(
      realm_error("http://auth.example.com/token", https_origin) ==
      "cannot log in to registry registry.example.com: the realm that it names, http://auth.example.com/token, is not "
      "encrypted");
  for (const auto* host : {"127.0.0.1",
                           "localhost",
                           "10.1.2.3",
                           "169.254.169.254",
                           "192.168.0.1",
                           "172.20.0.1",
                           "[::1]",
                           "[fd00::1]",
                           "[fe80::1]",
                           "[::ffff:10.0.0.1]",
                           "2130706433",
                           "0x7f.1",
                           "127.1",
                           "0.0.0.0",
                           "[::]",
                           "localhost.",
                           "127.0.0.1.",
                           "a.localhost",
                           "[64:ff9b::a9fe:a9fe]",
                           "[64:ff9b:1::1]",
                           "[2002:7f00:1::]",
                           "[::127.0.0.1]",
                           "[fec0::1]",
                           "100.64.0.1",
                           "224.0.0.1",
                           "0177.0.0.1",
                           "017700000001",
                           "LOCALHOST",
                           "metadata.google.internal"}) {
    CHECK(!realm_error(std::string("https://") + host + "/token", https_origin).empty());
  }
  CHECK(realm_error("http://127.0.0.1:5001/token", {"http", "127.0.0.1", 5000}).empty());
  CHECK(realm_error("http://auth.example.com/token", {"http", "registry.example.com", 80}).empty());
  CHECK(!realm_error("ftp://x/", https_origin).empty());
  CHECK(!check_realm("https://user:secret@auth.example.com/", https_origin).credentials);
}

TEST_CASE("addresses that are public, and names, are let through") {
  for (const auto* host :
       {"8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "[2606:4700::1]", "[64:ff9b::808:808]",
        "[2002:808:808::]", "localhost.example.com", "127.0.0.1.example.com", "r-10-0-0-1.example.com"}) {
    CHECK(realm_error(std::string("https://") + host + "/token", https_origin).empty());
  }
}

TEST_CASE("a realm on another port of the registry's own private host is allowed, and one beside it is not") {
  const http::Origin own{"https", "10.0.0.5", 5000};
  CHECK(realm_error("https://10.0.0.5:5001/token", own).empty());
  CHECK(!realm_error("https://10.0.0.6:5001/token", own).empty());
  CHECK(!realm_error("https://127.0.0.1:5001/token", own).empty());
  CHECK(realm_error("https://localhost.:5001/token", {"https", "localhost", 5000}).empty());
}

TEST_CASE("an answer may lead to public storage and to the registry's own host, and to no other private one") {
  const http::Origin own{"http", "127.0.0.1", 5000};
  CHECK_NOTHROW(require_public(*http::Url::parse("https://storage.example/x?signature=1"), own));
  CHECK_NOTHROW(require_public(*http::Url::parse("http://127.0.0.1:9000/x"), own));
  CHECK_THROWS_AS(require_public(*http::Url::parse("http://169.254.169.254/latest"), own), base::Error);
  CHECK_THROWS_AS(require_public(*http::Url::parse("http://127.0.0.2:9000/x"), own), base::Error);
}
