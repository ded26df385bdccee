#include "git/location.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

git::Location parse(const char* text) { return git::Location::parse(text, "source.uri"); }

}  // namespace

TEST_CASE("each way to write an address is understood") {
  CHECK(std::get<http::Url>(parse("https://example.com/acme/app.git").where).origin.host == "example.com");
  const auto ssh = std::get<git::SshLocation>(parse("ssh://git@example.com:2222/acme/app.git").where);
  CHECK(ssh.user == "git");
  CHECK(ssh.host == "example.com");
  CHECK(ssh.port == 2222);
  CHECK(ssh.path == "/acme/app.git");
  const auto scp = std::get<git::SshLocation>(parse("git@example.com:acme/app.git").where);
  CHECK(scp.path == "acme/app.git");
  CHECK_FALSE(scp.port);
  CHECK(std::get<git::SshLocation>(parse("ssh://example.com/~ann/app").where).path == "~ann/app");
  CHECK(std::get<git::SshLocation>(parse("ssh://git@[::1]:22/app").where).host == "::1");
  CHECK(std::get<git::LocalLocation>(parse("/srv/app.git").where).path == "/srv/app.git");
  CHECK(std::get<git::LocalLocation>(parse("file:///srv/a%20b.git").where).path == "/srv/a b.git");
}

TEST_CASE("an address is written without credentials") {
  CHECK(parse("https://ann:secret@example.com/app.git").text() == "https://example.com/app.git");
  CHECK(parse("ssh://ann:secret@example.com/app.git").text() == "ssh://ann@example.com/app.git");
  CHECK(parse("git@example.com:acme/app.git").text() == "git@example.com:acme/app.git");
}

TEST_CASE("addresses that would run a program, look like an option or have no form are refused") {
  for (const char* text :
       {"", "ext::sh -c id", "git://example.com/app", "-oProxyCommand=id:x", "ssh://-oProxyCommand=id/x",
        "ssh://git@-oProxyCommand=id/x", "relative/path", "--upload-pack=id", "host:-x", "ftp://x/y", "ssh://host",
        "https://", "a\nb:c", "file://relative", "ssh://host:0/x", "ssh://host:99999/x", "`id`@host:x", "$(id):x"}) {
    INFO(text);
    CHECK_THROWS_AS(parse(text), base::Error);
  }
}

TEST_CASE("a relative address is one beside the repository") {
  CHECK(parse("https://example.com/acme/app.git").resolve("../lib.git", "f").text() ==
        "https://example.com/acme/lib.git");
  CHECK(parse("https://example.com:8443/acme/app.git/").resolve("../../other/lib", "f").text() ==
        "https://example.com:8443/other/lib");
  CHECK(parse("git@example.com:acme/app.git").resolve("../lib.git", "f").text() == "git@example.com:acme/lib.git");
  CHECK(parse("ssh://git@example.com/acme/app.git").resolve("./lib", "f").text() ==
        "ssh://git@example.com/acme/app.git/lib");
  CHECK(parse("/srv/app.git").resolve("../lib.git", "f").text() == "/srv/lib.git");
  CHECK_THROWS_AS(parse("https://example.com/app.git").resolve("../../../lib.git", "f"), base::Error);
}
