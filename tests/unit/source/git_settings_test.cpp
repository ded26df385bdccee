#include "source/git_settings.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "source/source.hpp"

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

source::GitSettings parse(const std::vector<source::GitConfigFields>& fields) {
  return source::GitSettings::parse(fields);
}

http::Url url(std::string_view text) { return *http::Url::parse(text); }

std::string refusal(const std::string& name, const std::string& value) {
  try {
    (void)parse({{"core.bigFileThreshold", "10m"}, {name, value}});
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the longest prefix of an address is replaced") {
  const auto settings = parse({{"url.https://host/.insteadOf", "git@host:"},
                               {"URL.https://mirror.example/acme/.INSTEADOF", "git@host:acme/"},
                               {"url.https://never/.insteadOf", ""}});
  CHECK(settings.rewritten("git@host:other/app.git") == "https://host/other/app.git");
  CHECK(settings.rewritten("git@host:acme/app.git") == "https://mirror.example/acme/app.git");
  CHECK(settings.rewritten("https://host/app.git") == "https://host/app.git");
  CHECK(parse({}).rewritten("/srv/app") == "/srv/app");
}

TEST_CASE("headers are for every repository, or for those below an address") {
  const auto settings = parse({{"http.extraHeader", "dropped: yes"},
                               {"http.extraHeader", ""},
                               {"http.extraHeader", "X-All: 1"},
                               {"http.https://host/acme.extraHeader", "AUTHORIZATION: bearer abc"},
                               {"http.https://other/.extraheader", "X-Other:2"}});
  CHECK(settings.headers_for(url("https://host/acme/app.git")) ==
        Headers{{"X-All", "1"}, {"AUTHORIZATION", "bearer abc"}});
  CHECK(settings.headers_for(url("https://host/acmeous/app.git")) == Headers{{"X-All", "1"}});
  CHECK(settings.headers_for(url("http://host/acme/app.git")) == Headers{{"X-All", "1"}});
  CHECK(settings.headers_for(url("https://other/x")) == Headers{{"X-All", "1"}, {"X-Other", "2"}});
  CHECK(settings.header_values() == std::vector<std::string>{"1", "bearer abc", "2"});
}

TEST_CASE("the most specific address says whether a certificate is verified") {
  const auto settings = parse({{"http.https://host/acme.sslVerify", "false"}, {"http.sslverify", "true"}});
  CHECK(settings.verifies(url("https://host/acme/app")) == false);
  CHECK(settings.verifies(url("https://host/app")) == true);
  CHECK_FALSE(parse({{"http.https://host/.sslVerify", "no"}}).verifies(url("https://else/app")));
}

TEST_CASE("settings that would change how git reaches a repository, and do not here, are named") {
  const auto settings = parse({{"credential.helper", "store"},
                               {"core.sshCommand", "ssh -i x"},
                               {"http.proxy", "http://p"},
                               {"user.name", "ann"},
                               {"http.postBuffer", "1"}});
  CHECK(settings.without_effect() == Headers{{"credential.helper", "source.username and source.password"},
                                             {"core.sshCommand", "source.private_key and source.known_hosts"},
                                             {"http.proxy", "source.https_tunnel or the worker's https_proxy"}});
}

TEST_CASE("what is not a header and what is not an address is refused") {
  CHECK(refusal("http.extraHeader", "no colon") ==
        "cannot read source.git_config[1].value: it is not a header field; write it as Name: value");
  CHECK(refusal("http.extraHeader", "A: b\r\nC: d") ==
        "cannot read source.git_config[1].value: it is not a header field; write it as Name: value");
  CHECK(refusal("http.ext::sh.extraHeader", "A: b") ==
        "cannot read source.git_config[1].name: \"ext::sh\" is not an http(s) address");
}
