#include "registry/session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "http/authenticating.hpp"
#include "http/redirecting.hpp"
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

TEST_CASE("what a repository is foreseen to need is asked for at once, and serves all of it") {
  RegistryWorld world;
  world.client->foresee_writing(world.repository,
                                {{"r.example", "run"}, {"r.example", "fleet"}, {"other.example", "x"}});
  world.server.answer(401, bearer);
  answer_token(world, "all");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.server.seen[1].url.find("scope=repository%3Aapp%3Apull&scope=repository%3Aapp%3Apull%2Cpush"
                                      "&scope=repository%3Arun%3Apull&scope=repository%3Afleet%3Apull") !=
        std::string::npos);
  CHECK(world.server.seen[1].url.find("other") == std::string::npos);
  world.server.answer(201);
  CHECK(world.client->mount_blob(world.repository, *base::Digest::parse(digest), {"r.example", "run"}));
  world.server.answer(201);
  const auto manifest = registry::parse_raw(std::string(registry::media_type::oci_index), R"({"manifests":[]})", "x");
  world.client->put_manifest(world.latest, manifest);
  CHECK(world.server.seen.size() == 5);
  CHECK(world.authorization(3) == "Bearer all");
  CHECK(world.authorization(4) == "Bearer all");
}

TEST_CASE("where a token server refuses what is foreseen, each request asks for what it needs") {
  RegistryWorld world;
  world.client->foresee_writing(world.repository, {{"r.example", "run"}});
  world.server.answer(401, bearer);
  world.server.answer(403, {}, R"({"errors":[{"code":"DENIED"}]})");
  answer_token(world, "pull");
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.server.seen[2].url.find("push") == std::string::npos);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.server.left() == 0);
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

TEST_CASE("a 401 without a challenge is answered with Basic, and once") {
  RegistryWorld world(user);
  world.server.answer(401);
  world.server.answer(200, found);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.client->resolve(world.latest));
  CHECK(world.authorization(1) == "Basic dXNlcjpwYXNzd29yZA==");
  CHECK(world.authorization(2) == "Basic dXNlcjpwYXNzd29yZA==");
  RegistryWorld anonymous;
  anonymous.server.answer(401);
  anonymous.server.answer(401);
  CHECK(resolve_error(anonymous).find("give username and password in source") != std::string::npos);
}

TEST_CASE("a token to push serves what only needs to pull") {
  RegistryWorld world;
  const auto manifest = registry::parse_raw(std::string(registry::media_type::oci_index), R"({"manifests":[]})", "x");
  world.server.answer(401, bearer);
  answer_token(world, "push");
  world.server.answer(201);
  world.client->put_manifest(world.latest, manifest);
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.authorization(3) == "Bearer push");
}

namespace {

// Credentials of a cloud, which end and are fetched anew.
class Renewed final : public registry::CredentialSource {
 public:
  std::optional<registry::Credential> credential() override {
    return registry::Credential{registry::Credential::Kind::password, "AWS",
                                base::Secret("password" + std::to_string(count))};
  }
  bool renew(const registry::Credential& /*refused*/) override { return ++count < 3; }
  [[nodiscard]] std::string name() const override { return "AWS"; }
  [[nodiscard]] std::vector<base::Secret> secrets() const override { return {}; }
  int count = 1;
};

struct RenewedWorld : RegistryWorld {
  RenewedWorld() {
    registry::HostOptions options;
    options.host = "r.example";
    options.credentials = source;
    client = registry::make_client(server, {options}, log);
  }
  std::shared_ptr<Renewed> source = std::make_shared<Renewed>();
};

std::string basic(const std::string& password) { return http::basic_authorization({"AWS", base::Secret(password)}); }

}  // namespace

TEST_CASE("credentials that have ended are renewed once, at the registry and at the token server") {
  RenewedWorld world;
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(200, found);
  CHECK(world.client->resolve(world.latest));
  CHECK(world.authorization(1) == basic("password1"));
  CHECK(world.authorization(3) == basic("password2"));
  RenewedWorld tokens;
  tokens.server.answer(401, bearer);
  tokens.server.answer(401);
  answer_token(tokens, "one");
  tokens.server.answer(200, found);
  CHECK(tokens.client->resolve(tokens.latest));
  CHECK(tokens.authorization(2) == basic("password2"));
}

TEST_CASE("where a token server redirects to is judged as its realm was") {
  for (const auto* target :
       {"https://169.254.169.254/token", "https://localhost./token", "https://[64:ff9b::a9fe:a9fe]/t"}) {
    RegistryWorld world(user);
    const auto redirecting = http::make_redirecting(std::make_unique<test::ForwardingClient>(world.server));
    registry::HostOptions options;
    options.host = "r.example";
    world.client = registry::make_client(*redirecting, {options}, world.log);
    world.server.answer(401, bearer);
    world.server.answer(302, {{"Location", target}});
    CHECK(resolve_error(world).find("is a private address") != std::string::npos);
    CHECK(world.server.seen.size() == 2);
  }
}

TEST_CASE("an identity token does not follow a redirect to another origin, by any status") {
  for (const int status : {301, 302, 303, 307, 308}) {
    RegistryWorld world;
    const auto redirecting = http::make_redirecting(std::make_unique<test::ForwardingClient>(world.server));
    registry::HostOptions options;
    options.host = "r.example";
    options.credentials = registry::static_credentials({"<token>", base::Secret("identity")});
    world.client = registry::make_client(*redirecting, {options}, world.log);
    world.server.answer(401, bearer);
    world.server.answer(status, {{"Location", "https://evil.example/token"}});
    CHECK(resolve_error(world).find("redirects what holds a secret to another host") != std::string::npos);
    CHECK(world.server.seen.size() == 2);
  }
}

TEST_CASE("a blob may be on public storage, without credentials, and never at a private address") {
  RegistryWorld world(user);
  const auto redirecting = http::make_redirecting(std::make_unique<test::ForwardingClient>(world.server));
  registry::HostOptions options;
  options.host = "r.example";
  options.credentials = registry::static_credentials(user);
  world.client = registry::make_client(*redirecting, {options}, world.log);
  const std::string bytes = "hello";
  const registry::Descriptor blob{"x", base::Sha256::of(bytes), bytes.size(), {}, {}, ""};
  world.server.answer(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.server.answer(307, {{"Location", "https://storage.example/blob?signature=s"}});
  world.server.answer(200, {}, bytes);
  CHECK(world.client->blob(world.repository, blob) == bytes);
  CHECK(world.authorization(1) == "Basic dXNlcjpwYXNzd29yZA==");
  CHECK(world.authorization(2).empty());
  world.server.answer(307, {{"Location", "http://169.254.169.254/latest/meta-data"}});
  CHECK_THROWS_AS(world.client->blob(world.repository, blob), base::Error);
  world.server.answer(307, {{"Location", "https://10.0.0.1/blob"}});
  CHECK_THROWS_AS(world.client->blob(world.repository, blob), base::Error);
  CHECK(world.server.left() == 0);
}

TEST_CASE("storage that answers 401 with a realm of its own is told nothing") {
  RegistryWorld world(user);
  const auto redirecting = http::make_redirecting(std::make_unique<test::ForwardingClient>(world.server));
  registry::HostOptions options;
  options.host = "r.example";
  options.credentials = registry::static_credentials(user);
  world.client = registry::make_client(*redirecting, {options}, world.log);
  const registry::Descriptor blob{"x", base::Sha256::of("hello"), 5, {}, {}, ""};
  world.server.answer(307, {{"Location", "https://storage.example/blob"}});
  world.server.answer(401, {{"WWW-Authenticate", R"(Bearer realm="https://evil.example/token")"}});
  CHECK_THROWS_AS(world.client->blob(world.repository, blob), base::Error);
  for (const auto& seen : world.server.seen) CHECK_FALSE(seen.headers.get("Authorization"));
}
