#include "registry/cloud_credentials.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>
#include <sstream>

#include "base/base64.hpp"
#include "base/parallel.hpp"
#include "registry/client.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;

namespace {

const std::string host = "012345678901.dkr.ecr.eu-west-1.amazonaws.com";

struct World {
  World() {
    clouds::EcrLogin login;
    login.keys = clouds::AwsKeys{"AKIA1", base::Secret("secret"), base::Secret("session")};
    login.region = "eu-west-1";
    credentials = registry::make_cloud_credentials(login, {api, api, api}, {}, log);
  }
  void answer(const std::string& password) {
    api->answer(200, {},
                fmt::format(R"({{"authorizationData":[{{"authorizationToken":"{}","proxyEndpoint":"https://{}"}}]}})",
                            base::base64("AWS:" + password), host));
  }
  std::string password() { return std::string(credentials->credential()->secret.reveal()); }

  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  std::shared_ptr<test::ScriptedHttpClient> api = std::make_shared<test::ScriptedHttpClient>();
  std::shared_ptr<registry::CloudCredentials> credentials;
};

}  // namespace

TEST_CASE("a cloud's credentials are fetched once, and again in the last tenth of their life") {
  World world;
  world.answer("one");
  CHECK(world.password() == "one");
  CHECK(world.credentials->registry() == host);
  world.clock.advance(10h);
  CHECK(world.password() == "one");
  CHECK(world.api->seen.size() == 1);
  world.clock.advance(1h);
  world.answer("second");
  CHECK(world.password() == "second");
  world.log.info("it is second");
  CHECK(world.text.str().find("second") == std::string::npos);
}

TEST_CASE("credentials that are not taken any more are fetched again, and not over and over") {
  World world;
  world.answer("word-1");
  const auto first = *world.credentials->credential();
  CHECK(world.credentials->renew(first));
  world.answer("word-2");
  const auto second = *world.credentials->credential();
  CHECK(second.secret.reveal() == "word-2");
  // Another thread's, which was refused before.
  CHECK(world.credentials->renew(first));
  CHECK(world.password() == "word-2");
  CHECK_FALSE(world.credentials->renew(second));
  CHECK(world.password() == "word-2");
  world.clock.advance(1min);
  CHECK(world.credentials->renew(second));
  world.answer("word-3");
  CHECK(world.password() == "word-3");
  CHECK(world.api->seen.size() == 3);
}

TEST_CASE("many threads fetch a cloud's credentials once") {
  World world;
  world.answer("word-1");
  base::for_each_parallel(16, 16, [&](std::size_t /*index*/) { (void)world.credentials->credential(); });
  CHECK(world.api->seen.size() == 1);
}

TEST_CASE("what stood in the source is told before anything is done, and a failure is not kept") {
  World world;
  CHECK(world.credentials->secrets() == std::vector<base::Secret>{base::Secret("secret"), base::Secret("session")});
  CHECK(world.credentials->name() == "AWS key AKIA1");
  world.api->answer(400, {}, R"({"__type":"ThrottlingException","message":"slow"})");
  CHECK_THROWS_AS(world.credentials->credential(), base::Error);
  world.answer("word");
  CHECK(world.password() == "word");
}

TEST_CASE("keys of the worker's environment are as secret as those of the source") {
  World world;
  clouds::EcrLogin login;
  login.region = "eu-west-1";
  const base::Environment environment({{"AWS_SECRET_ACCESS_KEY", "the-key"}, {"AWS_SESSION_TOKEN", "the-session"}});
  const auto credentials =
      registry::make_cloud_credentials(login, {world.api, world.api, world.api}, environment, world.log);
  CHECK(credentials->secrets() == std::vector<base::Secret>{base::Secret("the-key"), base::Secret("the-session")});
}

TEST_CASE("a registry that refuses a password in the middle of a step gets the renewed one") {
  World world;
  registry::HostOptions options;
  options.host = host;
  options.credentials = world.credentials;
  const auto client = registry::make_client(*world.api, {options}, world.log);
  const registry::Reference reference{{host, "app"}, "latest", std::nullopt};
  const http::Headers basic{
      {"WWW-Authenticate", "Basic realm=\"https://" + host + "/\",service=\"ecr.amazonaws.com\""}};
  const http::Headers found{
      {"Docker-Content-Digest", "sha256:" + std::string(64, 'a')}, {"Content-Length", "10"}, {"Content-Type", "x"}};
  world.api->answer(401, basic);
  world.answer("word-1");
  world.api->answer(200, found);
  CHECK(client->resolve(reference));
  world.api->answer(401, basic);
  world.answer("word-2");
  world.api->answer(200, found);
  CHECK(client->resolve(reference));
  CHECK(world.api->seen.back().headers.get("Authorization") == "Basic " + base::base64("AWS:word-2"));
  CHECK(world.api->left() == 0);
}
