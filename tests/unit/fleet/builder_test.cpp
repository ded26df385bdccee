#include "fleet/builder.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace fleet;

namespace {

registry::Image labelled(const std::string& name, const std::string& value) {
  registry::Manifest manifest{"", {"", base::Sha256::of(""), 0, {}, {}, ""}, {}, {}, {}, ""};
  registry::Image image{registry::serialize(manifest), manifest, {}};
  image.config = {{"config", {{"Labels", {{name, value}}}}}};
  return image;
}

registry::Image builder_image(const std::string& metadata) {
  return labelled("io.buildpacks.builder.metadata", metadata);
}

// As pack writes it.
const std::string builder_metadata = R"({"description":"a builder","buildpacks":[
  {"id":"paketo-buildpacks/jre","version":"21.0.0","homepage":"https://example.com"},
  {"id":"paketo-buildpacks/jre","version":"21.1.0"},
  {"id":"paketo-buildpacks/maven","version":"6.19.1"}],
  "lifecycle":{"version":"0.20.3","api":{"buildpack":"0.7","platform":"0.3"}},
  "createdBy":{"name":"Pack CLI","version":"0.36"}})";

std::vector<std::string> needs(const std::string& build_metadata) {
  auto builder = parse_builder(builder_image(builder_metadata)).value();
  builder.own_launcher = "0.2.0 (abcdef)";
  std::vector<std::string> result;
  for (const auto& [what, before, now] : needs_of(labelled("io.buildpacks.build.metadata", build_metadata), builder)) {
    result.push_back(what + " " + before + " " + now);
  }
  return result;
}

std::string built_with(const std::string& id, const std::string& version) {
  return R"({"buildpacks":[{"id":")" + id + R"(","version":")" + version + R"("}]})";
}

}  // namespace

TEST_CASE("versions are compared by their numbers") {
  CHECK(is_older("1.9.0", "1.10.0"));
  CHECK(is_older("v1.2", "1.2.1"));
  CHECK(is_older("1.2.0-rc.1", "1.2.0"));
  CHECK(is_older("1.2.0-rc.1", "1.2.0-rc.2"));
  CHECK_FALSE(is_older("1.2", "1.2.0"));
  CHECK_FALSE(is_older("1.2.0+build", "1.2.0"));
  CHECK_FALSE(is_older("2.0", "1.9"));
  CHECK_FALSE(is_older("", ""));
  CHECK(is_older("0.1.0 (abc)", "0.2.0 (def)"));
  CHECK_FALSE(is_older(std::string(4096, '9'), std::string(4096, '9')));
}

TEST_CASE("buildpacks that are older than the builder's need a build") {
  CHECK(needs(built_with("paketo-buildpacks/maven", "6.18.0")) ==
        std::vector<std::string>{"paketo-buildpacks/maven 6.18.0 6.19.1"});
  CHECK(needs(built_with("paketo-buildpacks/maven", "6.19.1")).empty());
  CHECK(needs(built_with("paketo-buildpacks/maven", "7.0.0")).empty());
  CHECK(needs(built_with("paketo-buildpacks/jre", "21.0.0")).empty());
  CHECK(needs(built_with("paketo-buildpacks/jre", "20.0.0")) ==
        std::vector<std::string>{"paketo-buildpacks/jre 20.0.0 21.1.0"});
  CHECK(needs(built_with("acme/gone", "1.0")) == std::vector<std::string>{"acme/gone 1.0 "});
}

TEST_CASE("a launcher is compared with one of its own origin") {
  const auto launcher = [](const std::string& version, const std::string& repository) {
    return R"({"buildpacks":[],"launcher":{"version":")" + version + R"(","source":{"git":{"repository":")" +
           repository + R"("}}}})";
  };
  CHECK(needs(launcher("0.19.0", "github.com/buildpacks/lifecycle")) ==
        std::vector<std::string>{"launcher 0.19.0 0.20.3"});
  CHECK(needs(launcher("0.20.3", "https://github.com/buildpacks/lifecycle")).empty());
  CHECK(needs(launcher("0.1.0", "")) == std::vector<std::string>{"launcher 0.1.0 0.2.0 (abcdef)"});
  CHECK(needs(launcher("0.2.0 (abc)", "")).empty());
}

TEST_CASE("labels that are not what they should be say nothing") {
  CHECK_FALSE(parse_builder(builder_image("not json")));
  CHECK_FALSE(parse_builder(builder_image("[]")));
  CHECK_FALSE(parse_builder(labelled("other", "{}")));
  CHECK(parse_builder(builder_image(R"({"buildpacks":{"id":"a"}})"))->buildpacks.empty());
  CHECK(needs("no").empty());
  CHECK(needs(R"({"buildpacks":[1,{"version":"2"},{"id":7}],"launcher":"x"})").empty());
}
