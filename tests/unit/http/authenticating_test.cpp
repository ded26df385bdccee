#include "http/authenticating.hpp"

#include <catch2/catch_test_macros.hpp>

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

namespace {

// Gives one token after the other, the next when the last was refused.
class Tokens final : public http::TokenSource {
 public:
  explicit Tokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {}
  base::Secret token() override { return base::Secret(tokens_.front()); }
  void rejected(const base::Secret& token) override {
    refused.emplace_back(token.reveal());
    if (tokens_.size() > 1) tokens_.erase(tokens_.begin());
  }
  std::vector<std::string> refused;

 private:
  std::vector<std::string> tokens_;
};

struct BearerWorld {
  explicit BearerWorld(std::vector<std::string> all) : tokens(std::make_shared<Tokens>(std::move(all))) {}

  http::Response send(const std::string& url) {
    http::Request request;
    request.url = *http::Url::parse(url);
    return client->send(request);
  }
  [[nodiscard]] std::string sent(std::size_t index) const {
    return server.seen.at(index).headers.get("Authorization").value_or("");
  }

  test::ScriptedHttpClient server;
  std::shared_ptr<Tokens> tokens;
  std::unique_ptr<http::Client> client = http::make_bearer_authenticating(
      std::make_unique<test::ForwardingClient>(server), http::Url::parse("https://k8s.example:6443")->origin, tokens);
};

}  // namespace

TEST_CASE("a bearer token goes to its own origin alone") {
  BearerWorld world({"one"});
  world.server.answer(200);
  world.server.answer(200);
  static_cast<void>(world.send("https://k8s.example:6443/api"));
  static_cast<void>(world.send("https://k8s.example/api"));
  CHECK(world.sent(0) == "Bearer one");
  CHECK(world.sent(1).empty());
}

TEST_CASE("a bearer token that is refused is replaced once, and the source is told") {
  BearerWorld world({"one", "two", "three"});
  world.server.answer(401);
  world.server.answer(401);
  CHECK(world.send("https://k8s.example:6443/api").status == 401);
  CHECK(world.sent(1) == "Bearer two");
  CHECK(world.server.seen.size() == 2);
  CHECK(world.tokens->refused == std::vector<std::string>{"one"});
}

TEST_CASE("a refused token without another is not sent again, and without a token none is") {
  BearerWorld world({"one"});
  world.server.answer(401);
  CHECK(world.send("https://k8s.example:6443/api").status == 401);
  CHECK(world.server.seen.size() == 1);
  BearerWorld anonymous({""});
  anonymous.server.answer(401);
  CHECK(anonymous.send("https://k8s.example:6443/api").status == 401);
  CHECK(anonymous.sent(0).empty());
  CHECK(anonymous.tokens->refused.empty());
}
