#include "image/put_params.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <functional>

#include "base/error.hpp"
#include "base/file.hpp"

namespace fs = std::filesystem;

namespace {

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::string read_failure(const json::Value& params) {
  return failure([&] { static_cast<void>(image::read_put_params(params)); });
}

}  // namespace

TEST_CASE("bad params name the field") {
  CHECK(read_failure(json::Value::object()).starts_with("cannot read params"));
  CHECK(read_failure({{"source", "app"}, {"env", {{"A.append", "x"}}}}) ==
        "cannot read params.env.A.append: a variable's name has no =, /, ., blank or newline");
  CHECK(read_failure({{"source", "app"}, {"additional_tags", {"no tag"}}})
            .starts_with("cannot read params.additional_tags[0]: \"no tag\" is no tag"));
  CHECK(read_failure({{"source", "app"}, {"labels", {{"io.buildpacks.x", "y"}}}}) ==
        "cannot read params.labels.io.buildpacks.x: labels io.buildpacks.* are the lifecycle's own");
}

TEST_CASE("no path and no link leaves the inputs") {
  const base::TemporaryDirectory directory("put");
  const auto sources = directory.path() / "sources";
  fs::create_directories(sources / "app/sub");
  fs::create_directories(directory.path() / "outside");
  fs::create_symlink("../../outside", sources / "app/link");
  fs::create_symlink("sub", sources / "app/inner");
  base::write_file(sources / "file", "");
  const auto use = [&](const std::string& path) {
    return failure([&] { static_cast<void>(image::directory_below(sources, path, "params.source")); });
  };
  CHECK(use("app").empty());
  CHECK(use("app/inner").empty());
  CHECK(use("app/link").find("it leaves the inputs") != std::string::npos);
  CHECK(use("../outside").find("it leaves the inputs") != std::string::npos);
  CHECK(use("/etc").find("it is no path below the inputs") != std::string::npos);
  CHECK(use("").find("it is no path below the inputs") != std::string::npos);
  CHECK(use("gone").find("there is no such directory") != std::string::npos);
  CHECK(use("file").find("it is no directory") != std::string::npos);
}

TEST_CASE("a run image is a reference or the directory of a get") {
  const base::TemporaryDirectory directory("put");
  const auto digest = "sha256:" + std::string(64, 'a');
  fs::create_directories(directory.path() / "run");
  fs::create_directories(directory.path() / "other");
  fs::create_directories(directory.path() / "empty");
  base::write_file(directory.path() / "run/image", "registry.example.com/run@" + digest + "\n");
  base::write_file(directory.path() / "other/repository", "registry.example.com/other");
  base::write_file(directory.path() / "other/digest", digest);
  CHECK_FALSE(image::named_run_image(directory.path(), ""));
  CHECK(image::named_run_image(directory.path(), "registry.example.com/run:base")->tag == "base");
  CHECK(image::named_run_image(directory.path(), "run")->digest->text() == digest);
  CHECK(image::named_run_image(directory.path(), "other")->repository.path == "other");
  CHECK_FALSE(failure([&] { static_cast<void>(image::named_run_image(directory.path(), "empty")); }).empty());
}
