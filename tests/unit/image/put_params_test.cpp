#include "image/put_params.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"

namespace {

std::string read_failure(const json::Value& params) {
  return test::failure([&] { static_cast<void>(image::read_put_params(params)); });
}

}  // namespace

TEST_CASE("bad params name the field") {
  CHECK(read_failure(json::Value::object()).starts_with("cannot read params"));
  CHECK(read_failure({{"source", "app"}, {"env", {{"A.append", "x"}}}}) ==
        "cannot read params.env.A.append: a variable's name has no =, /, ., blank or newline");
  CHECK(read_failure({{"source", "app"}, {"additional_tags", {"no tag"}}})
            .starts_with("cannot read params.additional_tags[0]: \"no tag\" is not a tag"));
  CHECK(read_failure({{"source", "app"}, {"labels", {{"io.buildpacks.x", "y"}}}}) ==
        "cannot read params.labels.io.buildpacks.x: labels io.buildpacks.* are the lifecycle's own");
}

TEST_CASE("a binding is a directory, or what it holds") {
  const auto params = image::read_put_params(
      {{"source", "app"},
       {"bindings",
        {{"ca", "ca-directory"}, {"maven", {{"type", "maven"}, {"secrets", {{"settings.xml", "<x/>"}}}}}}}});
  CHECK(params.bindings.at("ca").directory == "ca-directory");
  CHECK(params.bindings.at("maven").type == "maven");
  CHECK(params.bindings.at("maven").secrets.at("settings.xml") == "<x/>");
  CHECK(read_failure({{"source", "app"}, {"bindings", {{"maven", json::Value::object()}}}}).find("type") !=
        std::string::npos);
  CHECK(read_failure({{"source", "app"}, {"bindings", {{"../x", "dir"}}}}).starts_with("cannot read params.bindings"));
  CHECK(read_failure({{"source", "app"}, {"bindings", {{"m", {{"type", "x"}, {"secrets", {{"a/b", ""}}}}}}}})
            .starts_with("cannot read params.bindings.m.secrets"));
}

TEST_CASE("a path stays below its source") {
  for (const auto* path : {"../other", "/etc", "a/../../b"}) {
    CHECK(read_failure({{"source", "app"}, {"path", path}}).starts_with("cannot read params.path"));
  }
  CHECK(image::read_put_params({{"source", "app"}, {"path", "services/customers"}}).path == "services/customers");
}

TEST_CASE("an image that is ready is pushed as it is") {
  const auto params =
      image::read_put_params({{"image", "app/*.tar"}, {"version", "1.2.3"}, {"additional_tags", "app/tags"}});
  CHECK(params.image == "app/*.tar");
  CHECK(params.additional_tags.file == "app/tags");
  for (const auto* name : {"source", "path", "run_image", "process", "project", "builder"}) {
    CHECK(read_failure({{"image", "x"}, {name, "y"}}) ==
          std::string("cannot read params.") + name +
              ": it has no effect on params.image, which is pushed as it is; leave out one of the two");
  }
  CHECK(read_failure({{"image", "x"}, {"env", {{"A", "b"}}}}).starts_with("cannot read params.env: it has no effect"));
  CHECK(read_failure({{"image", "x"}, {"rebase", "only"}}).starts_with("cannot read params.rebase: it has no effect"));
  CHECK(read_failure({{"source", "x"}, {"version", "1.2.3"}})
            .starts_with("cannot read params.version: it has no effect"));
  CHECK(read_failure({{"source", "x"}, {"annotations", {{"a", "b"}}}})
            .starts_with("cannot read params.annotations: it has"));
  CHECK(read_failure({{"image", "x"}, {"version", "one"}}).find("invalid semantic version: \"one\"") !=
        std::string::npos);
  CHECK(read_failure({{"image", "x"}, {"tag_prefix", "dev-"}})
            .find("tag_prefix can only be used when additional_tags are specified") != std::string::npos);
  CHECK(read_failure({{"image", "x"}, {"additional_tags", {"a"}}, {"tag_prefix", "-"}})
            .starts_with("cannot read params.additional_tags[0]: \"-a\" is not a tag"));
}
