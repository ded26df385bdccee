#include "kubernetes/tokens.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"
#include "world.hpp"

using namespace std::chrono_literals;

TEST_CASE("a fetched token is renewed in the last tenth of its life, and when it is not accepted") {
  test::KubernetesWorld world;
  int fetched = 0;
  const auto tokens = kubernetes::make_fetched_token(
      [&] {
        return clouds::FetchedToken{base::Secret("token-" + std::to_string(++fetched)), 100s};
      },
      world.log);
  CHECK(tokens->token().reveal() == "token-1");
  world.clock.advance(89s);
  CHECK(tokens->token().reveal() == "token-1");
  world.clock.advance(2s);
  CHECK(tokens->token().reveal() == "token-2");
  tokens->rejected(base::Secret("token-1"));
  CHECK(tokens->token().reveal() == "token-2");
  tokens->rejected(base::Secret("token-2"));
  CHECK(tokens->token().reveal() == "token-3");
  world.log.info("it is token-3");
  CHECK(world.text.str().find("token-3") == std::string::npos);
}

TEST_CASE("a token's file is read again after a minute, and when its token is not accepted") {
  const base::TemporaryDirectory directory("token");
  const auto path = directory.path() / "token";
  test::ManualClock clock;
  const auto tokens = kubernetes::make_file_token(path.string(), "source.kubeconfig", clock);
  CHECK_THROWS_AS(tokens->token(), base::Error);
  base::write_file(path, "one\n");
  CHECK(tokens->token().reveal() == "one");
  base::write_file(path, "two");
  CHECK(tokens->token().reveal() == "one");
  clock.advance(61s);
  CHECK(tokens->token().reveal() == "two");
  base::write_file(path, "three");
  tokens->rejected(base::Secret("two"));
  CHECK(tokens->token().reveal() == "three");
  base::write_file(path, "two words");
  tokens->rejected(base::Secret("three"));
  CHECK_THROWS_AS(tokens->token(), base::Error);
}
