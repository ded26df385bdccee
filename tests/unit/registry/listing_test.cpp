#include "registry/listing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/registry_world.hpp"

using test::RegistryWorld;

namespace {

const auto subject = base::Sha256::of("subject");

json::Value referrers_index() {
  return {{"mediaType", registry::media_type::oci_index},
          {"manifests",
           {{{"digest", base::Sha256::of("a").text()}, {"size", 1}, {"artifactType", "wanted"}},
            {{"digest", base::Sha256::of("b").text()}, {"size", 1}, {"artifactType", "other"}}}}};
}

}  // namespace

TEST_CASE("tags keep the registry's order over all pages, none twice") {
  RegistryWorld world;
  world.server.answer(200, {{"Link", R"(</v2/app/tags/list?n=1000&last=b>; rel="next")"}}, R"({"tags":["c","b"]})");
  world.server.answer(200, {}, R"({"name":"app","tags":["a","b","../evil","aa"]})");
  CHECK(world.client->tags(world.repository) == std::vector<std::string>{"c", "b", "a", "aa"});
  CHECK(world.lines() == std::vector<std::string>{"GET https://r.example/v2/app/tags/list?n=1000",
                                                  "GET https://r.example/v2/app/tags/list?n=1000&last=b"});
}

TEST_CASE("no repository and an empty one have no tags") {
  RegistryWorld world;
  world.server.answer(404);
  CHECK(world.client->tags(world.repository).empty());
  world.server.answer(200, {}, R"({"tags":null})");
  CHECK(world.client->tags(world.repository).empty());
}

TEST_CASE("pages that lead in a circle end, and none leads to another host") {
  RegistryWorld world;
  const http::Headers circle{{"Link", R"(<https://r.example/v2/app/tags/list?n=1000>; rel="next")"}};
  world.server.answer(200, circle, R"({"tags":["a"]})");
  CHECK(world.client->tags(world.repository) == std::vector<std::string>{"a"});
  world.server.answer(200, {{"Link", R"(<https://evil.example/>; rel="next")"}}, R"({"tags":["a"]})");
  CHECK_THROWS_AS(world.client->tags(world.repository), base::Error);
}

TEST_CASE("a page that is not understood is not the end of the list") {
  RegistryWorld world;
  world.server.answer(200, {{"Link", R"(/v2/app/tags/list?last=a; rel=next)"}}, R"({"tags":["a"]})");
  try {
    static_cast<void>(world.client->tags(world.repository));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()).find("its header \"Link: /v2/app/tags/list?last=a; rel=next\" is not understood") !=
          std::string::npos);
  }
}

TEST_CASE("a thousand referrers, and odd ones among them, spoil nothing") {
  RegistryWorld world;
  auto index = referrers_index();
  for (int i = 0; i < 2000; ++i) {
    index["manifests"].push_back(
        {{"digest", base::Sha256::of(std::to_string(i)).text()}, {"size", 1}, {"artifactType", "x"}});
  }
  index["manifests"].push_back(
      {{"digest", "sha512:" + std::string(128, 'a')}, {"size", 1}, {"artifactType", "wanted"}});
  index["manifests"].push_back({{"digest", base::Sha256::of("c").text()}, {"size", -1}, {"artifactType", "wanted"}});
  index["manifests"].push_back("text");
  world.server.answer(200, {}, index.dump());
  CHECK(world.client->referrers(world.repository, subject, "wanted").size() == 1);
}

TEST_CASE("referrers are filtered though the registry did not") {
  RegistryWorld world;
  world.server.answer(200, {}, referrers_index().dump());
  const auto found = world.client->referrers(world.repository, subject, "wanted");
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == base::Sha256::of("a"));
}

TEST_CASE("a registry without referrers is asked for the tag") {
  RegistryWorld world;
  world.server.answer(404);
  world.server.answer(200, {}, referrers_index().dump());
  CHECK(world.client->referrers(world.repository, subject, "wanted").size() == 1);
  CHECK(world.lines()[1] == "GET https://r.example/v2/app/manifests/sha256-" + std::string(subject.hex()));
  // It is not asked for its own list again.
  world.server.answer(404);
  CHECK(world.client->referrers(world.repository, subject, "wanted").empty());
  CHECK(world.lines().size() == 3);
}

TEST_CASE("a repository that is not there says nothing of whether its registry lists referrers") {
  RegistryWorld world;
  world.server.answer(404, {}, R"({"errors":[{"code":"NAME_UNKNOWN"}]})");
  world.server.answer(404);
  CHECK(world.client->referrers(world.repository, subject, "wanted").empty());
  world.server.answer(200, {}, referrers_index().dump());
  CHECK(world.client->referrers(world.repository, subject, "wanted").size() == 1);
}

TEST_CASE("an artifact pushed to a registry without referrers is added to the tag") {
  RegistryWorld world;
  const registry::Descriptor config{
      std::string(registry::media_type::empty_json), base::Sha256::of("{}"), 2, {}, {}, ""};
  registry::Manifest manifest{std::string(registry::media_type::oci_manifest), config, {}, {}, {}, "wanted"};
  manifest.subject = registry::Descriptor{std::string(registry::media_type::oci_manifest), subject, 7, {}, {}, ""};
  const auto raw = registry::serialize(manifest);
  world.server.answer(201);
  world.server.answer(200, {}, referrers_index().dump());
  world.server.answer(201);
  world.client->put_manifest(world.latest.with(raw.digest), raw);
  const auto pushed = json::parse(world.server.seen[2].body, "x");
  CHECK(pushed["manifests"].size() == 3);
  CHECK(pushed["manifests"][2]["artifactType"] == "wanted");

  RegistryWorld modern;
  modern.server.answer(201, {{"OCI-Subject", subject.text()}});
  modern.client->put_manifest(modern.latest.with(raw.digest), raw);
  CHECK(modern.server.seen.size() == 1);
}
