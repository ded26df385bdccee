#include "kpack_image/source.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"
#include "unit/clouds/google_key.hpp"

namespace {

std::string refusal(const json::Value& git) {
  const json::Value cluster = {{"server", "https://k.example"}, {"token", "t"}};
  const json::Value source = {{"image", "app"}, {"namespace", "apps"}, {"cluster", cluster}, {"git", git}};
  return test::failure([&] { static_cast<void>(kpack_image::read_source(source)); });
}

}  // namespace

TEST_CASE("a key for git that is locked is refused without its passphrase, before anything is connected") {
  const std::string key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC3TBX\n-----END ENCRYPTED PRIVATE KEY-----\n";
  CHECK(refusal({{"private_key", key}}) ==
        "cannot read source.git.private_key: it opens with a passphrase only; give source.git.private_key_passphrase");
  const json::Value opened = {{"private_key", key}, {"private_key_passphrase", "x"}};
  const json::Value source = {{"image", "app"},
                              {"namespace", "apps"},
                              {"cluster", {{"server", "https://k.example"}, {"token", "t"}}},
                              {"git", opened}};
  CHECK(kpack_image::read_source(source).git.private_key_passphrase.reveal() == "x");
}

TEST_CASE("a GitHub App stands instead of user name and password") {
  const json::Value app = {{"app_id", 12345}, {"private_key", test::rsa_pem()}};
  CHECK(refusal({{"github_app", app}}) == "");
  for (const auto* field : {"username", "password"}) {
    CHECK(refusal({{"github_app", app}, {field, "x"}}) ==
          "cannot read source.git.github_app: source.git.username and password are given, too; give one of them");
  }
  CHECK(refusal({{"github_app", {{"app_id", 12345}, {"private_key", "geheim"}}}}) ==
        "cannot read source.git.github_app.private_key: it is not an RSA private key as PEM");
}
