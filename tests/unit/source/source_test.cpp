#include "source/source.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

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
