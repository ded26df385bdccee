#include <catch2/catch_test_macros.hpp>

#include "http/client.hpp"
#include "support/scripted_http_client.hpp"

namespace {

struct World {
  test::ScriptedHttpClient server;

  // What a request to `url` carries, when credentials and a header belong to `own`.
  test::ScriptedHttpClient& asked(const std::string& own, const std::string& url) {
    const auto origin = http::Url::parse(own)->origin;
    auto client = http::make_basic_authenticating(std::make_unique<test::ForwardingClient>(server), origin,
                                                  {"ann", base::Secret("geheim")});
    client = http::make_header_adding(std::move(client), origin, {{"X-Token", "1"}, {"X-Token", "2"}});
    server.answer(200);
    http::Request request;
    request.url = *http::Url::parse(url);
    (void)client->send(request);
    return server;
  }
};

bool carries(const std::string& own, const std::string& url) {
  World world;
  const auto& seen = world.asked(own, url).seen;
  const bool credentials = seen.front().headers.get("Authorization") == "Basic YW5uOmdlaGVpbQ==";
  const bool headers = seen.front().headers.all("X-Token") == std::vector<std::string>{"1", "2"};
  CHECK(credentials == headers);
  CHECK(credentials == seen.front().headers.get("Authorization").has_value());
  return credentials;
}

}  // namespace

TEST_CASE("credentials and headers go to their own origin alone") {
  CHECK(carries("https://host/", "https://host/app"));
  CHECK(carries("https://host/", "https://host:443/app"));
  CHECK_FALSE(carries("https://host/", "https://host:8443/app"));
  CHECK_FALSE(carries("https://host/", "http://host/app"));
  CHECK_FALSE(carries("https://host/", "https://host.example/app"));
}

TEST_CASE("they follow a host from http to https, and never back") {
  CHECK(carries("http://host/", "https://host/app"));
  CHECK_FALSE(carries("http://host:8080/", "https://host/app"));
  CHECK_FALSE(carries("http://host/", "https://host:8443/app"));
  CHECK_FALSE(carries("http://host/", "https://other/app"));
}
