#include "clouds/jwt.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "google_key.hpp"
#include "support/failure.hpp"

namespace {

// The token's three parts, the signature decoded; checked to be good.
std::string payload_of(const std::string& token) {
  const auto dot = token.find('.');
  const auto second = token.find('.', dot + 1);
  CHECK(json::Value::parse(*base::decode_base64(token.substr(0, dot))) ==
        json::Value({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  CHECK(test::verifies(token.substr(0, second), *base::decode_base64(token.substr(second + 1))));
  return *base::decode_base64(token.substr(dot + 1, second - dot - 1));
}

std::string signed_payload(const std::string& pem) {
  return payload_of(clouds::sign_jwt({{"kid", "k1"}}, {{"iss", "ann"}}, base::Secret(pem), "source.key"));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

TEST_CASE("a token is signed by a key of either form") {
  CHECK(signed_payload(test::rsa_pem()) == R"({"iss":"ann"})");
  const auto traditional = test::traditional_rsa_pem();
  CHECK(traditional.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
  CHECK(signed_payload(traditional) == R"({"iss":"ann"})");
}

TEST_CASE("a key that lost its line breaks on the way is read all the same") {
  for (const auto& pem : {test::rsa_pem(), test::traditional_rsa_pem()}) {
    CHECK(signed_payload(replaced(pem, "\n", "\\n")) == R"({"iss":"ann"})");
    CHECK(signed_payload(replaced(pem, "\n", " ")) == R"({"iss":"ann"})");
    CHECK(signed_payload("  " + replaced(pem, "\n", "\r\n   ")) == R"({"iss":"ann"})");
  }
}

TEST_CASE("what is not an RSA key is refused by its field") {
  const auto refusal = [](const std::string& text) {
    return test::failure([&] { clouds::require_rsa_key(base::Secret(text), "source.key"); });
  };
  CHECK(refusal(test::rsa_pem()) == "");
  for (const std::string text : {"", "-----", "----------", "---------------", "-----BEGIN RSA PRIVATE KEY-----",
                                 "geheim", "-----BEGIN RSA PRIVATE KEY-----\nabcd\n-----END RSA PRIVATE KEY-----\n"}) {
    INFO(text);
    CHECK(refusal(text) == "cannot read source.key: it is not an RSA private key as PEM");
  }
  CHECK(refusal(test::rsa_pem().substr(0, 300)) == "cannot read source.key: it is not an RSA private key as PEM");
}
