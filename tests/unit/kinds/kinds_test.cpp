#include "kinds/kinds.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using concourse::Kind;

TEST_CASE("the fields of source say which of the four kinds a request is of") {
  const auto name = [](const char* field) { return concourse::kind_of({{field, "x"}}, kinds::all()).name; };
  CHECK(name("uri") == "source");
  CHECK(name("repository") == "image");
  CHECK(name("image") == "kpack image");
  CHECK(name("fleet") == "fleet");
}

TEST_CASE("a git repository has no put") {
  const auto& source = concourse::kind_of({{"uri", "x"}}, kinds::all());
  try {
    static_cast<void>(concourse::service(source, &Kind::out));
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot serve the kind source (source.uri: a git repository): this version of build-service does not do this "
          "step for it; commits are pushed by the git resource's own put");
  }
}

TEST_CASE("a request is read into types once, and its faults are found before anything is done") {
  const auto& image = concourse::kind_of({{"repository", "x"}}, kinds::all());
  const json::Value source{{"repository", "r.example/app"}, {"tag", "main"}};
  const concourse::Request wrong{source, std::nullopt, {{"sauce", "app"}}};
  CHECK_THROWS_AS(concourse::service(image, &Kind::out).prepare(wrong), base::Error);
  const concourse::Request right{source, std::nullopt, {{"source", "app"}}};
  CHECK(concourse::service(image, &Kind::out).prepare(right).explain().starts_with("image (source.repository: "));
}

TEST_CASE("a get without its version says so, whatever the kind") {
  const std::vector<json::Value> sources{
      {{"repository", "r.example/app"}, {"tag", "main"}},
      {{"image", "app"}, {"namespace", "apps"}, {"cluster", {{"server", "https://k.example"}, {"token", "t"}}}},
      {{"fleet", {{"record", "r.example/fleet:record"}, {"images", json::Value::array({"r.example/app:main"})}}}},
  };
  for (const auto& source : sources) {
    const auto& kind = concourse::kind_of(source, kinds::all());
    CAPTURE(kind.name);
    try {
      static_cast<void>(concourse::service(kind, &Kind::in).prepare({source, std::nullopt, json::Value::object()}));
      FAIL("accepted");
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      CHECK(std::string(error.what()).find("the version that check or put reported") != std::string::npos);
    }
  }
}
