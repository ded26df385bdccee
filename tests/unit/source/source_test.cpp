#include "source/source.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "source/explain.hpp"
#include "unit/clouds/google_key.hpp"

namespace {

std::string refusal(const json::Value& value) {
  try {
    (void)source::read_source(value);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("credentials in the address are taken out of it") {
  const auto source = source::read_source({{"uri", "https://ann:geheim@example.com/app.git"}});
  REQUIRE(source.credentials);
  CHECK(source.credentials->username == "ann");
  CHECK(source.credentials->password.reveal() == "geheim");
  CHECK(source.location.text() == "https://example.com/app.git");
}

TEST_CASE("a branch may be written with its whole name") {
  CHECK(source::read_source({{"uri", "/srv/app"}, {"branch", "refs/heads/main"}}).branch == "main");
  CHECK_FALSE(source::read_source({{"uri", "/srv/app"}}).branch);
}

TEST_CASE("fields that cannot be are refused by name") {
  CHECK(refusal({{"uri", "/srv/app"}, {"brnch", "x"}}) ==
        "cannot read source.brnch: there is no such field; did you mean source.branch?");
  CHECK(refusal({{"uri", "/srv/app"}, {"branch", "a..b"}}) ==
        "cannot read source.branch: \"a..b\" is not the name of a branch");
  CHECK(refusal({{"uri", "/srv/app"}, {"version_depth", 0U}}) ==
        "cannot read source.version_depth: 0 is not from 1 to 100000");
  CHECK(
      refusal({{"uri", "/srv/app"}, {"git_crypt_key", "x"}}) ==
      "cannot read source.git_crypt_key: this field is not supported; use the git resource for repositories encrypted "
      "by git-crypt");
  CHECK(refusal({{"uri", "/srv/app"}, {"gpg_keyserver", "x"}}) ==
        "cannot read source.gpg_keyserver: this field is not supported; no key server is asked: give the keys in "
        "commit_verification_keys");
  CHECK(refusal({{"uri", "/srv/app"}, {"tag_filter", "v*"}, {"tag_regex", "v.*"}}) ==
        "cannot read source.tag_regex: tag_filter is given, too; give one of them");
  CHECK(
      refusal({{"uri", "/srv/app"}, {"tag_behaviour", "match_taged"}}) ==
      "cannot read source.tag_behaviour: \"match_taged\" is not one of match_tagged, match_tag_ancestors; did you mean "
      "\"match_tagged\"?");
}

TEST_CASE("a key that is locked is refused without its passphrase, before anything is connected") {
  const std::string key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC3TBX\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const std::string refused = "it opens with a passphrase only; give ";
  CHECK(refusal({{"uri", "/srv/app"}, {"private_key", key}}) ==
        "cannot read source.private_key: " + refused + "source.private_key_passphrase");
  CHECK(refusal({{"uri", "/srv/app"}, {"private_key", key}, {"private_key_passphrase", "x"}}) == "accepted");
  const json::Value submodule = {{"url", "ssh://git@example.com/part.git"}, {"private_key", key}};
  CHECK(refusal({{"uri", "/srv/app"}, {"submodule_credentials", json::Value::array({submodule})}}) ==
        "cannot read source.submodule_credentials[0].private_key: " + refused +
            "source.submodule_credentials[0].private_key_passphrase");
}

namespace {

json::Value with_app(const std::string& uri, json::Value more = json::Value::object()) {
  more["uri"] = uri;
  more["github_app"] = {{"app_id", 12345}, {"installation_id", 678}, {"private_key", test::rsa_pem()}};
  return more;
}

}  // namespace

TEST_CASE("a GitHub App opens repositories by https, and is the one login of its host") {
  const std::string uri = "https://github.com/acme/app.git";
  CHECK(refusal(with_app(uri)) == "accepted");
  for (const auto* field : {"username", "password", "private_key"}) {
    CHECK(refusal(with_app(uri, {{field, "x"}})) ==
          "cannot read source.github_app: source." + std::string(field) + " is given, too; give one of them");
  }
  CHECK(refusal(with_app("https://ann:word@github.com/acme/app.git")) ==
        "cannot read source.github_app: source.uri has credentials, too; give one of them");
  const std::string remedy = "github_app reads by https, and this is another way; give it as ";
  CHECK(refusal(with_app("git@github.com:acme/app.git")) == "cannot read source.uri: " + remedy + uri);
  CHECK(refusal(with_app("ssh://git@github.com:22/acme/app.git")) == "cannot read source.uri: " + remedy + uri);
  CHECK(refusal(with_app("/srv/app.git")) == "cannot read source.uri: " + remedy + "https://HOST/OWNER/NAME");
  CHECK(refusal(with_app("http://github.com/acme/app.git"))
            .starts_with("cannot read source.uri: github_app would send its tokens in the clear"));
  const json::Value rewritten = {{"name", "url.https://github.com/.insteadOf"}, {"value", "git@github.com:"}};
  CHECK(refusal(with_app("git@github.com:acme/app.git", {{"git_config", json::Value::array({rewritten})}})) ==
        "accepted");
}

TEST_CASE("the explanation names the API that tokens come from, and shows nothing of the key") {
  const auto explained = [](const std::string& uri) {
    auto text = source::explain(source::read_source(with_app(uri)));
    CHECK(text.find("PRIVATE KEY") == std::string::npos);
    return text.substr(text.find("would contact\n"));
  };
  CHECK(explained("https://github.com/acme/app.git") ==
        "would contact\n  https to github.com port 443, with tokens of the GitHub App 12345 from "
        "https://api.github.com\n");
  CHECK(explained("https://octocorp.ghe.com/acme/app") ==
        "would contact\n  https to octocorp.ghe.com port 443, with tokens of the GitHub App 12345 from "
        "https://api.octocorp.ghe.com\n");
  CHECK(explained("https://github.example.com:8443/acme/app") ==
        "would contact\n  https to github.example.com port 8443, with tokens of the GitHub App 12345 from "
        "https://github.example.com:8443/api/v3\n");
}

TEST_CASE("what a check remembers belongs to all that decides about versions and to nothing else") {
  const auto& fields = json::fields_of<source::SourceFields>();
  json::Value all = json::Value::object();
  for (const auto& name : fields.names()) all[name] = "x";
  std::vector<std::string> deciding;
  const auto question = fields.deciding_on_versions(all);
  for (const auto& [name, value] : question.items()) deciding.push_back(name);
  CHECK(deciding == std::vector<std::string>{"branch", "commit_filter", "disable_ci_skip", "ignore_paths", "paths",
                                             "tag_behaviour", "tag_filter", "tag_regex", "version_depth"});
}
