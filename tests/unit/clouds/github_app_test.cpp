#include "clouds/github_app.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "google_key.hpp"
#include "support/failure.hpp"

using namespace std::chrono_literals;

namespace {

json::Value app_fields() { return {{"app_id", 12345}, {"installation_id", "678"}, {"private_key", test::rsa_pem()}}; }

std::string refusal(const json::Value& fields) {
  return test::failure([&] {
    (void)clouds::read_github_app(json::read<clouds::GithubAppFields>(fields, "source.github_app"),
                                  "source.github_app");
  });
}

std::string api_of(const std::string& repository) {
  return clouds::github_api_of(http::Url::parse(repository)->origin).text();
}

std::string repository_of(const std::string& path) {
  const auto found = clouds::github_repository_of(path);
  return found ? found->text() : "none";
}

json::Value claims_of(const std::string& id) {
  const clouds::GithubApp app{id, "", base::Secret(test::rsa_pem()), std::nullopt, "source.github_app"};
  const auto text = std::string(clouds::github_assertion(app, base::WallTime(1'767'225'600s)).reveal());
  const auto dot = text.find('.');
  const auto second = text.find('.', dot + 1);
  CHECK(test::verifies(text.substr(0, second), *base::decode_base64(text.substr(second + 1))));
  return json::Value::parse(*base::decode_base64(text.substr(dot + 1, second - dot - 1)));
}

}  // namespace

TEST_CASE("the API is where GitHub has it for a host") {
  CHECK(api_of("https://github.com/acme/app") == "https://api.github.com");
  CHECK(api_of("https://www.github.com/acme/app") == "https://api.github.com");
  CHECK(api_of("https://octocorp.ghe.com/acme/app") == "https://api.octocorp.ghe.com");
  CHECK(api_of("https://github.example.com/acme/app") == "https://github.example.com/api/v3");
  CHECK(api_of("https://github.example.com:8443/acme/app") == "https://github.example.com:8443/api/v3");
  CHECK(api_of("https://notgithub.com/acme/app") == "https://notgithub.com/api/v3");
}

TEST_CASE("the app's own host is GitHub's, or that of the API which was given") {
  const auto is_own = [](const std::string& api, const std::string& repository) {
    clouds::GithubApp app{"1", "", base::Secret(test::rsa_pem()), std::nullopt, "source.git.github_app"};
    if (!api.empty()) app.api = http::Url::parse(api);
    return clouds::is_own_host(app, http::Url::parse(repository)->origin);
  };
  CHECK(is_own("", "https://github.com/acme/app"));
  CHECK(is_own("", "https://octocorp.ghe.com/acme/app"));
  CHECK_FALSE(is_own("", "https://github.example.com/acme/app"));
  CHECK_FALSE(is_own("", "https://github.com.example.com/acme/app"));
  CHECK_FALSE(is_own("", "https://notghe.com/acme/app"));
  CHECK(is_own("https://api.github.com", "https://github.com/acme/app"));
  CHECK(is_own("https://github.example.com:8443/api/v3", "https://github.example.com/acme/app"));
  CHECK_FALSE(is_own("https://github.example.com/api/v3", "https://github.com/acme/app"));
  CHECK_FALSE(is_own("https://github.example.com/api/v3", "https://git.example.com/acme/app"));
  CHECK_FALSE(is_own("https://api.github.com", "https://api.github.com.example.com/acme/app"));
}

TEST_CASE("a request belongs to the repository that its path names") {
  CHECK(repository_of("/acme/app.git/info/refs") == "acme/app");
  CHECK(repository_of("/acme/app/info/lfs/objects/batch") == "acme/app");
  CHECK(repository_of("/acme/app") == "acme/app");
  CHECK(repository_of("/acme/.github.git") == "acme/.github");
  for (const auto* path : {"", "/", "/acme", "/acme/", "/acme/.git", "//app", "/acme/..", "/../app", "/a%2fb/app",
                           "/acme/a b", "acme/app"}) {
    INFO(path);
    CHECK(repository_of(path) == "none");
  }
  CHECK(clouds::is_same({"Acme", "App"}, {"acme", "aPP"}));
}

TEST_CASE("the repository of an app is https://HOST/OWNER/NAME and nothing else") {
  const auto read = [](const std::string& url) {
    return test::failure([&] { (void)clouds::require_github_repository(*http::Url::parse(url), "source.uri"); });
  };
  CHECK(read("https://github.com/acme/app").empty());
  CHECK(read("https://github.com/acme/app.git/").empty());
  CHECK(read("http://github.com/acme/app.git") ==
        "cannot read source.uri: github_app would send its tokens in the clear; give it as https://HOST/OWNER/NAME");
  for (const auto* url : {"https://github.com/acme", "https://github.com/acme/app/tree", "https://github.com/"}) {
    CHECK(read(url) ==
          "cannot read source.uri: it does not name a repository of GitHub, which github_app needs; give it "
          "as https://HOST/OWNER/NAME");
  }
}

TEST_CASE("an assertion begins a minute ago and ends before ten minutes, whatever the clocks") {
  CHECK(claims_of("12345") == json::Value({{"iss", 12345}, {"iat", 1'767'225'540}, {"exp", 1'767'226'140}}));
  CHECK(claims_of("Iv23liABC")["iss"] == "Iv23liABC");
}

TEST_CASE("an app that cannot be one is refused by its field") {
  auto fields = app_fields();
  CHECK(refusal(fields).empty());
  fields.erase("installation_id");
  CHECK(refusal(fields).empty());
  fields["app_id"] = "my app";
  CHECK(refusal(fields) ==
        "cannot read source.github_app.app_id: \"my app\" is not the ID of an app; give the App ID or "
        "the Client ID from the app's settings");
  fields = app_fields();
  fields["installation_id"] = "acme";
  CHECK(
      refusal(fields) ==
      "cannot read source.github_app.installation_id: \"acme\" is not a number; give the number at the end of the URL "
      "of the installation's page, or leave the field out");
  fields = app_fields();
  fields["private_key"] = "geheim";
  CHECK(refusal(fields) == "cannot read source.github_app.private_key: it is not an RSA private key as PEM");
  fields.erase("private_key");
  CHECK(refusal(fields).starts_with("cannot read source.github_app.private_key: it is missing"));
  for (const auto* api : {"http://github.example.com/api/v3", "api", "https://ann:word@github.example.com/api/v3"}) {
    fields = app_fields();
    fields["api"] = api;
    CHECK(refusal(fields) ==
          "cannot read source.github_app.api: it is not an https URL; give it as "
          "https://github.example.com/api/v3");
  }
}
