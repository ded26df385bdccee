#include "buildpacks/descriptor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace buildpacks;

namespace {

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.report().cause;
  }
  return "";
}

class Builder {
 public:
  void add(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((directory_.path() / path).parent_path());
    base::write_file(directory_.path() / path, text);
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

 private:
  base::TemporaryDirectory directory_{"builder"};
};

}  // namespace

TEST_CASE("a buildpack is found by id and version, with / as _") {
  const Builder builder;
  builder.add("acme_java/1.2/buildpack.toml", "api = \"0.10\"\n[buildpack]\nid = \"acme/java\"\nversion = \"1.2\"\n");
  const Store store(builder.path(""));
  CHECK(store.find({"acme/java", "1.2", "", "", false}).id == "acme/java");
  CHECK_FALSE(failure([&] { static_cast<void>(store.find({"acme/java", "1.3", "", "", false})); }).empty());
  CHECK_FALSE(failure([&] { static_cast<void>(store.find({"..", "..", "", "", false})); }).empty());
}

TEST_CASE("a Buildpack API that is not known is refused with those that are") {
  const Builder builder;
  for (const auto* api : {"0.6", "0.13", "1.0", "new"}) {
    builder.add("buildpack.toml", "api = \"" + std::string(api) + "\"\n[buildpack]\nid = \"a\"\n");
    CHECK(failure([&] { static_cast<void>(read_descriptor(builder.path("buildpack.toml"))); }) ==
          "Buildpack API \"" + std::string(api) + "\" is not supported");
  }
}

TEST_CASE("a buildpack without targets serves what its stacks or its bin/build say") {
  const Builder builder;
  builder.add("buildpack.toml", "api = \"0.10\"\n[buildpack]\nid = \"a\"\n[[stacks]]\nid = \"*\"\n");
  CHECK(read_descriptor(builder.path("buildpack.toml")).targets.at(0).os.empty());
  builder.add("buildpack.toml", "api = \"0.10\"\n[buildpack]\nid = \"a\"\n");
  CHECK(read_descriptor(builder.path("buildpack.toml")).targets.empty());
  builder.add("bin/build", "");
  CHECK(read_descriptor(builder.path("buildpack.toml")).targets.at(0).os == "linux");
}

TEST_CASE("image extensions are refused") {
  const Builder builder;
  builder.add("order.toml", "[[order-extensions]]\n[[order-extensions.group]]\nid = \"x\"\nversion = \"1\"\n");
  CHECK(failure([&] { static_cast<void>(read_order(builder.path("order.toml"))); }) ==
        "it has image extensions, which are not supported");
}

TEST_CASE("system buildpacks stand around each group, but never twice") {
  const Builder builder;
  builder.add("order.toml", "[[order]]\n[[order.group]]\nid = \"a\"\nversion = \"1\"\n");
  builder.add("system.toml",
              "[[system.pre.buildpacks]]\nid = \"first\"\nversion = \"1\"\n[[system.pre.buildpacks]]\nid = \"a\"\n"
              "version = \"2\"\n[[system.post.buildpacks]]\nid = \"last\"\nversion = \"1\"\n");
  const auto order = with_system_buildpacks(read_order(builder.path("order.toml")), builder.path("system.toml"));
  REQUIRE(order.size() == 1);
  std::string ids;
  for (const auto& element : order[0]) ids += element.text() + " ";
  CHECK(ids == "first@1 a@1 last@1 ");
}
