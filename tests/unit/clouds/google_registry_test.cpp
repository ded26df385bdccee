#include "clouds/google_registry.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "google_key.hpp"
#include "world.hpp"

using namespace std::chrono_literals;
using test::failure;

namespace {

const std::string host = "europe-docker.pkg.dev";

clouds::GoogleLogin with_key() {
  return clouds::read_google_login(host, "_json_key", base::Secret(test::google_key().dump()), "source.password");
}

}  // namespace

TEST_CASE("Google's registries are known by their names") {
  CHECK(clouds::is_google_registry("gcr.io"));
  CHECK(clouds::is_google_registry("eu.gcr.io"));
  CHECK(clouds::is_google_registry(host));
  CHECK_FALSE(clouds::is_google_registry("evilgcr.io"));
  CHECK_FALSE(clouds::is_google_registry("gcr.io.evil.example"));
}

TEST_CASE("a service account's key becomes an access token, and stays here") {
  test::Clouds world;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, world.clock);
  world.api.answer(200, {}, R"({"access_token":"ya29","expires_in":3599})");
  const auto login = clouds::log_in(with_key(), world.access(), log);
  CHECK(login.username == "oauth2accesstoken");
  CHECK(login.password.reveal() == "ya29");
  CHECK(login.lifetime == 3599s);
  CHECK(world.api.seen[0].url == "https://oauth2.example/token");
  CHECK(world.api.seen[0].body.starts_with(
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  CHECK(text.str().empty());
}

TEST_CASE("where Google's token server cannot be reached the key is the password") {
  test::Clouds world;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, world.clock);
  world.api.fail(http::Unreachable({"reach", "https://oauth2.example", "no", ""}));
  const auto login = clouds::log_in(with_key(), world.access(), log);
  CHECK(world.api.probes == std::vector<bool>{true});
  CHECK(login.username == "_json_key");
  CHECK(login.password == with_key().password);
  CHECK(text.str().find("the key itself goes to europe-docker.pkg.dev instead of a token") != std::string::npos);
}

TEST_CASE("a key that Google refuses is an error with its words") {
  test::Clouds world;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, world.clock);
  world.api.answer(400, {}, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  CHECK(failure([&] { (void)clouds::log_in(with_key(), world.access(), log); }) ==
        "cannot log in to registry europe-docker.pkg.dev: invalid_grant: Invalid JWT Signature; check source.password");
}

TEST_CASE("a key may be encoded, and has to be one") {
  const auto read = [](const std::string& user, const std::string& password) {
    return failure([&] { (void)clouds::read_google_login(host, user, base::Secret(password), "source.password"); });
  };
  CHECK(read("_json_key_base64", base::base64(test::google_key().dump())).empty());
  CHECK(read("_json_key_base64", "***") ==
        "cannot read source.password: it is not base64, as the user _json_key_base64 says");
  CHECK(read("_json_key", "word").starts_with("cannot read source.password: it is not JSON"));
  CHECK(read("_json_key", R"({"type":"authorized_user"})") ==
        "cannot read source.password.type: \"authorized_user\" is not service_account");
}
