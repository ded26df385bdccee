#include "clouds/github_tokens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>
#include <sstream>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "google_key.hpp"
#include "http/retrying.hpp"
#include "support/failure.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;

namespace {

constexpr auto date = "Thu, 01 Jan 2026 00:00:00 GMT";

struct World {
  explicit World(std::string installation = "678") {
    clouds::GithubApp app{"12345", std::move(installation), base::Secret(test::rsa_pem()), std::nullopt,
                          "source.github_app"};
    tokens = std::make_shared<clouds::GithubTokens>(app, http::Url::parse("https://github.com/")->origin, own,
                                                    std::make_unique<test::ForwardingClient>(api), log);
    client = clouds::make_github_authenticating(std::make_unique<test::ForwardingClient>(git),
                                                http::Url::parse("https://github.com/")->origin, tokens);
  }

  void gives(const std::string& token, const std::string& until = "2026-01-01T01:00:00Z") {
    api.answer(201, {{"Date", date}}, json::dump({{"token", token}, {"expires_at", until}}));
  }
  void refuses(int status, const std::string& words, http::Headers headers = {{"Date", date}}) {
    api.answer(status, std::move(headers), json::dump({{"message", words}}));
  }
  int send(const std::string& url) {
    http::Request request;
    request.url = *http::Url::parse(url);
    return client->send(request).status;
  }
  // The token that the last request to the git server carried.
  [[nodiscard]] std::string sent() const {
    const auto header = git.seen.back().headers.get("Authorization").value_or("");
    if (!header.starts_with("Basic ")) return header;
    return *base::decode_base64(header.substr(6));
  }

  std::ostringstream stream;
  test::ManualClock clock;
  base::Log log{stream, base::Colour::off, clock, base::Verbosity::debug};
  test::ScriptedHttpClient api;
  test::ScriptedHttpClient git;
  clouds::GithubRepository own{"acme", "app"};
  std::shared_ptr<clouds::GithubTokens> tokens;
  std::unique_ptr<http::Client> client;
};

}  // namespace

TEST_CASE("a token is asked for with least rights, and sent to its host alone") {
  World world;
  world.gives("ghs_one");
  for (int i = 0; i < 3; ++i) world.git.answer(200);
  CHECK(world.send("https://github.com/acme/app.git/info/refs") == 200);
  CHECK(world.sent() == "x-access-token:ghs_one");
  REQUIRE(world.api.seen.size() == 1);
  const auto& asked = world.api.seen.front();
  CHECK(asked.url == "https://api.github.com/app/installations/678/access_tokens");
  CHECK(asked.method == http::Method::post);
  CHECK(json::Value::parse(asked.body) ==
        json::Value({{"repositories", {"app"}}, {"permissions", {{"contents", "read"}}}}));
  CHECK(asked.headers.get("Accept") == "application/vnd.github+json");
  CHECK(asked.headers.get("X-GitHub-Api-Version") == "2022-11-28");
  CHECK(asked.headers.get("Authorization")->starts_with("Bearer ey"));
  CHECK(world.send("https://github.com/Acme/App.git/git-upload-pack") == 200);
  CHECK(world.sent() == "x-access-token:ghs_one");
  CHECK(world.send("https://github-cloud.example.com/acme/app.git/object") == 200);
  CHECK(world.sent().empty());
  CHECK(world.api.seen.size() == 1);
  CHECK(world.stream.str().find("ghs_one") == std::string::npos);
}

TEST_CASE("each repository has a token of its own, and another owner another installation") {
  World world;
  world.gives("ghs_app");
  world.gives("ghs_lib");
  world.api.answer(200, {}, R"({"id": 910})");
  world.gives("ghs_other");
  for (const auto* path : {"/acme/app.git/info/refs", "/acme/lib/info/refs", "/other/part.git/info/refs",
                           "/acme/app.git/git-upload-pack"}) {
    world.git.answer(200);
    CHECK(world.send("https://github.com" + std::string(path)) == 200);
  }
  CHECK(world.sent() == "x-access-token:ghs_app");
  REQUIRE(world.api.seen.size() == 4);
  CHECK(json::Value::parse(world.api.seen[1].body)["repositories"] == json::Value::array({"lib"}));
  CHECK(world.api.seen[2].url == "https://api.github.com/repos/other/part/installation");
  CHECK(world.api.seen[3].url == "https://api.github.com/app/installations/910/access_tokens");
}

TEST_CASE("without its number the installation is looked up once") {
  World world("");
  world.api.answer(200, {}, R"({"id": 678})");
  world.gives("ghs_app");
  world.gives("ghs_lib");
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_app");
  CHECK(world.tokens->token({"ACME", "lib"})->reveal() == "ghs_lib");
  CHECK(world.api.seen[0].url == "https://api.github.com/repos/acme/app/installation");
  CHECK(world.api.seen[2].url == "https://api.github.com/app/installations/678/access_tokens");
}

TEST_CASE("another repository that the app does not have is read without a token; its own is not") {
  World world;
  world.refuses(422, "There is at least one repository that does not exist");
  world.refuses(404, "Not Found");
  CHECK_FALSE(world.tokens->token({"acme", "open"}));
  CHECK_FALSE(world.tokens->token({"acme", "open"}));
  CHECK_FALSE(world.tokens->token({"other", "open"}));
  CHECK(world.api.seen.size() == 2);
  world.refuses(422, "There is at least one repository that does not exist");
  CHECK(test::failure([&] {
          (void)world.tokens->token({"acme", "app"});
        }).find("does not have that repository") != std::string::npos);
  world.refuses(403, "This installation has been suspended");
  CHECK(test::failure([&] { (void)world.tokens->token({"acme", "lib"}); }).find("is suspended") != std::string::npos);
}

TEST_CASE("a token is renewed before it ends, by GitHub's clock alone") {
  World world;
  world.clock.set(base::WallTime(0s));
  world.gives("ghs_one");
  world.gives("ghs_two");
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_one");
  world.clock.advance(54min);
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_one");
  world.clock.advance(2min);
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_two");
}

TEST_CASE("a token that has served and is refused is renewed once") {
  World world;
  world.gives("ghs_one");
  world.git.answer(200);
  CHECK(world.send("https://github.com/acme/app.git/info/refs") == 200);
  world.gives("ghs_two");
  world.git.answer(401);
  world.git.answer(200);
  CHECK(world.send("https://github.com/acme/app.git/git-upload-pack") == 200);
  CHECK(world.sent() == "x-access-token:ghs_two");
  CHECK(world.clock.sleeps.empty());
}

TEST_CASE("a new token that is not known everywhere yet is tried again for some seconds") {
  World world;
  world.gives("ghs_one");
  world.git.answer(401);
  world.git.answer(401);
  world.git.answer(200);
  CHECK(world.send("https://github.com/acme/app.git/info/refs") == 200);
  CHECK(world.clock.sleeps.size() == 2);

  World never;
  never.gives("ghs_one");
  for (int i = 0; i < 6; ++i) never.git.answer(401);
  CHECK(never.send("https://github.com/acme/app.git/info/refs") == 401);
  CHECK(never.git.left() == 0);
  CHECK(never.api.seen.size() == 1);
}

TEST_CASE("what is refused while others are served is given one new token, not one after another") {
  World world;
  class Server final : public http::Client {
   public:
    explicit Server(World& world) : world_(world) {}
    http::Response send(const http::Request& request) override {
      const auto text = *base::decode_base64(request.headers.get("Authorization")->substr(6));
      // Another thread's request.
      world_.tokens->accepted(world_.own, base::Secret(text.substr(text.find(':') + 1)));
      http::Response response;
      response.status = 401;
      return response;
    }

   private:
    World& world_;
  };
  for (int i = 0; i < 10; ++i) world.gives(fmt::format("ghs_{}", i));
  world.client = clouds::make_github_authenticating(std::make_unique<Server>(world),
                                                    http::Url::parse("https://github.com/")->origin, world.tokens);
  CHECK(world.send("https://github.com/acme/app.git/info/lfs/objects/batch") == 401);
  CHECK(world.api.seen.size() == 3);
}

TEST_CASE("a worker's clock that is wrong is told, and made up for") {
  World world;
  world.clock.set(base::WallTime(1'767'225'600s - 20min));
  world.refuses(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time");
  world.gives("ghs_one");
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_one");
  CHECK(world.stream.str().find("the worker's clock is 20 min 00 s behind that of api.github.com: set it") !=
        std::string::npos);
  const auto header = *world.api.seen[1].headers.get("Authorization");
  const auto dot = header.find('.');
  const auto claims = json::Value::parse(*base::decode_base64(header.substr(dot + 1, header.rfind('.') - dot - 1)));
  CHECK(claims["iat"] == 1'767'225'540);
}

TEST_CASE("a short limit of requests is waited for, a long one is told") {
  World world;
  world.refuses(403, "You have exceeded a secondary rate limit", {{"Retry-After", "30"}});
  world.gives("ghs_one");
  CHECK(world.tokens->token({"acme", "app"})->reveal() == "ghs_one");
  CHECK(world.clock.sleeps == std::vector<std::chrono::milliseconds>{30s});

  World long_one;
  long_one.refuses(403, "API rate limit exceeded", {{"Retry-After", "3000"}});
  const auto text = test::failure([&] { (void)long_one.tokens->token({"acme", "app"}); });
  CHECK(text.find("it takes them again at 2026-01-01T00:50:00Z") != std::string::npos);
  CHECK(long_one.clock.sleeps.empty());
}

TEST_CASE("answers that are not GitHub's are refused") {
  for (const std::string body :
       {"<html>", "{", "{}", R"({"token": 1})", R"({"token": "a b"})", R"({"token": "a\nb"})"}) {
    World world;
    world.api.answer(201, {}, body);
    INFO(body);
    CHECK(test::failure([&] {
            (void)world.tokens->token({"acme", "app"});
          }).find("check that source.github_app.api is where the API of GitHub is") != std::string::npos);
  }
  World world("");
  world.api.answer(200, {}, R"({"id": "../../x"})");
  CHECK(test::failure([&] {
          (void)world.tokens->token({"acme", "app"});
        }).find("names no installation") != std::string::npos);
}

TEST_CASE("a request for a repository is not repeated because there is no token") {
  World world;
  world.refuses(403, "API rate limit exceeded", {{"Retry-After", "3000"}});
  CHECK_THROWS_AS((void)world.send("https://github.com/acme/app.git/info/refs"), http::Exhausted);
  CHECK(world.git.seen.empty());
}
