#include "clouds/google.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "google_key.hpp"

using namespace std::chrono_literals;
using test::google_key;
using test::verifies;

namespace {

std::string refusal(const json::Value& key) {
  try {
    const auto read = clouds::read_google_key(key, "source.gke.json_key");
    (void)clouds::token_form(read, {}, "source.gke.json_key");
  } catch (const base::Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("the assertion for Google names issuer, audience and hours, and is signed") {
  const auto key = clouds::read_google_key(google_key(), "source.gke.json_key");
  const auto form = clouds::token_form(key, base::WallTime(1'767'225'600s), "source.gke.json_key");
  const std::string head = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  REQUIRE(form.starts_with(head));
  const auto assertion = form.substr(head.size());
  const auto dot = assertion.find('.');
  const auto second = assertion.find('.', dot + 1);
  CHECK(json::Value::parse(*base::decode_base64(assertion.substr(0, dot))) ==
        json::Value({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  const auto claims = json::Value::parse(*base::decode_base64(assertion.substr(dot + 1, second - dot - 1)));
  CHECK(claims["iss"] == "ci@acme.example");
  CHECK(claims["aud"] == "https://oauth2.example/token");
  CHECK(claims["iat"] == 1'767'225'600);
  CHECK(claims["exp"] == 1'767'229'200);
  CHECK(verifies(assertion.substr(0, second), *base::decode_base64(assertion.substr(second + 1))));
}

TEST_CASE("a key that cannot be one is refused by its field") {
  auto key = google_key();
  CHECK(refusal(key.dump()) == "accepted");
  CHECK(refusal("{").starts_with("cannot read source.gke.json_key: it is not JSON"));
  key["token_uri"] = "http://oauth2.example/token";
  CHECK(refusal(key) == "cannot read source.gke.json_key.token_uri: it is not an https URL");
  key["token_uri"] = "http://127.0.0.1:8080/token";
  CHECK(refusal(key) == "accepted");
  key["private_key"] = "geheim";
  CHECK(refusal(key) == "cannot read source.gke.json_key.private_key: it is not an RSA private key as PEM");
  key.erase("client_email");
  CHECK(refusal(key).find("source.gke.json_key.client_email: it is missing") != std::string::npos);
  CHECK(refusal({{"type", "authorized_user"}}).find("\"authorized_user\" is not service_account") != std::string::npos);
}
