#include "registry/session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/registry_world.hpp"

using namespace std::chrono_literals;
using test::RegistryWorld;

namespace {

const http::Credentials user{"user", base::Secret("password")};
const std::string digest = "sha256:" + std::string(64, 'a');
const http::Headers found{{"Docker-Content-Digest", digest}, {"Content-Length", "10"}, {"Content-Type", "x"}};
const http::Headers bearer{
    {"WWW-Authenticate", R"(Bearer realm="https://auth.example.com/token",service="r",scope="repository:app:pull")"}};

void answer_token(RegistryWorld& world, const std::string& token, int lifetime = 60) {
  world.server.answer(200, {}, fmt::format(R"({{"token":"{}","expires_in":{}}})", token, lifetime));
}

std::string resolve_error(RegistryWorld& world) {
  try {
    static_cast<void>(world.client->resolve(world.latest));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a registry that asks for nothing gets nothing") {
  RegistryWorld world(user);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest)->digest.text() == digest);
  CHECK(world.authorization(0).empty());
}

TEST_CASE("a basic challenge is answered once and remembered") {
  RegistryWorld world(user);
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(200, found);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.client->resolve(world.latest));
  CHECK(world.server.seen.size() == 3);
  CHECK(world.authorization(1) == "Basic dXNlcjpwYXNzd29yZA==");
  CHECK(world.authorization(2) == "Basic dXNlcjpwYXNzd29yZA==");
}

TEST_CASE("wrong credentials are an error that names their field") {
  RegistryWorld world(user);
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}},
                      R"({"errors":[{"code":"UNAUTHORIZED","message":"no"}]})");
  CHECK(resolve_error(world) ==
        "cannot read image r.example/app:latest: HTTP status 401 Unauthorized (UNAUTHORIZED: no); check username and "
        "password in source and what they may do");
}

TEST_CASE("no credentials are an error that asks for them") {
  RegistryWorld world;
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  CHECK(resolve_error(world) ==
        "cannot read image r.example/app:latest: HTTP status 401 Unauthorized; give username and password in source");
}

TEST_CASE("a bearer token is fetched with the credentials, used again, and never sent to the realm's neighbour") {
  RegistryWorld world(user);
  world.server.answer(401, bearer);
  answer_token(world, "one");
  world.server.answer(200, found);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.client->resolve(world.latest));
  CHECK(world.server.seen[1].url == "https://auth.example.com/token?service=r&scope=repository%3Aapp%3Apull");
  CHECK(world.authorization(1) == "Basic dXNlcjpwYXNzd29yZA==");
  CHECK(world.authorization(2) == "Bearer one");
  CHECK(world.authorization(3) == "Bearer one");
}

TEST_CASE("a bearer token is renewed before it expires") {
  RegistryWorld world(user);
  world.server.answer(401, bearer);
  answer_token(world, "one", 100);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  world.clock.advance(76s);
  answer_token(world, "two");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.authorization(4) == "Bearer two");
}

TEST_CASE("a bearer token is refreshed once after a 401") {
  RegistryWorld world(user);
  world.server.answer(401, bearer);
  answer_token(world, "one");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  world.server.answer(401, bearer);
  answer_token(world, "two");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.authorization(5) == "Bearer two");
}

TEST_CASE("ECR Public's 400 for an expired token counts as a 401") {
  RegistryWorld world(user);
  world.server.answer(401, bearer);
  answer_token(world, "one");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  world.server.answer(400, {}, R"({"errors":[{"code":"DENIED","message":"Your authorization token has expired."}]})");
  answer_token(world, "two");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
}

TEST_CASE("an identity token is exchanged by POST, and by GET where that answers 404") {
  RegistryWorld world(http::Credentials{"<token>", base::Secret("identity")});
  world.server.answer(401, bearer);
  world.server.answer(404);
  answer_token(world, "one");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.lines()[1] == "POST https://auth.example.com/token");
  CHECK(world.server.seen[1].body.find("refresh_token=identity") != std::string::npos);
  CHECK(world.lines()[2].starts_with("GET https://auth.example.com/token"));
}

TEST_CASE("tokens are kept apart by what they are for") {
  RegistryWorld world;
  world.server.answer(401, bearer);
  answer_token(world, "pull");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  answer_token(world, "push");
  world.server.answer(201);
  const auto manifest = registry::parse_raw(std::string(registry::media_type::oci_index), R"({"manifests":[]})", "x");
  world.client->put_manifest(world.latest, manifest);
  CHECK(world.server.seen[3].url.find("scope=repository%3Aapp%3Apull%2Cpush") != std::string::npos);
  CHECK(world.authorization(4) == "Bearer push");
}

TEST_CASE("a token server that refuses is an error") {
  RegistryWorld world(user);
  world.server.answer(401, bearer);
  world.server.answer(401, {}, R"({"details":"incorrect username or password"})");
  CHECK(resolve_error(world) ==
        "cannot log in to registry r.example: HTTP status 401 Unauthorized (incorrect username or password); check "
        "username and password in source and what they may do");
}

TEST_CASE("a loopback registry is spoken to in plain HTTP when it answers so") {
  RegistryWorld world;
  world.server.answer(200);
  world.server.answer(200, found);
  const registry::Reference local{{"127.0.0.1:5000", "app"}, "latest", std::nullopt};
  CHECK(world.client->resolve(local));
  CHECK(world.lines() == std::vector<std::string>{"GET http://127.0.0.1:5000/v2/",
                                                  "HEAD http://127.0.0.1:5000/v2/app/manifests/latest"});
}

TEST_CASE("a loopback registry that answers plain HTTP with 400 is spoken to by TLS") {
  RegistryWorld world;
  world.server.answer(400, {}, "Client sent an HTTP request to an HTTPS server.");
  world.server.answer(200, found);
  const registry::Reference local{{"localhost:5000", "app"}, "latest", std::nullopt};
  CHECK(world.client->resolve(local));
  CHECK(world.lines()[1] == "HEAD https://localhost:5000/v2/app/manifests/latest");
}

TEST_CASE("Docker Hub's registry is known by its name on the wire") {
  RegistryWorld world;
  world.server.answer(200, found);
  CHECK(world.client->resolve(registry::Reference::parse("nginx", "f")));
  CHECK(world.lines() ==
        std::vector<std::string>{"HEAD https://registry-1.docker.io/v2/library/nginx/manifests/latest"});
}
