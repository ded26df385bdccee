#include "registry/input.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"
#include "support/failure.hpp"

namespace fs = std::filesystem;

TEST_CASE("an image that a param names is a reference or the directory of a get") {
  const base::TemporaryDirectory directory("put");
  const auto digest = "sha256:" + std::string(64, 'a');
  fs::create_directories(directory.path() / "run");
  fs::create_directories(directory.path() / "other");
  fs::create_directories(directory.path() / "empty");
  base::write_file(directory.path() / "run/image", "registry.example.com/run@" + digest + "\n");
  base::write_file(directory.path() / "other/repository", "registry.example.com/other");
  base::write_file(directory.path() / "other/digest", digest);
  const auto named = [&](const std::string& text) {
    return registry::image_of_input(directory.path(), text, "params.run_image");
  };
  CHECK(named("registry.example.com/run:base").tag == "base");
  CHECK(named("run").digest->text() == digest);
  CHECK(named("other").repository.path == "other");
  CHECK_FALSE(test::failure([&] { static_cast<void>(named("empty")); }).empty());
}
