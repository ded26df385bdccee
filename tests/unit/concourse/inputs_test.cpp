#include "concourse/inputs.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"
#include "support/failure.hpp"

namespace fs = std::filesystem;

TEST_CASE("no path and no link leaves the inputs") {
  const base::TemporaryDirectory directory("put");
  const auto sources = directory.path() / "sources";
  fs::create_directories(sources / "app/sub");
  fs::create_directories(directory.path() / "outside");
  fs::create_symlink("../../outside", sources / "app/link");
  fs::create_symlink("sub", sources / "app/inner");
  base::write_file(sources / "file", "");
  const auto use = [&](const std::string& path) {
    return test::failure([&] { static_cast<void>(concourse::input_directory(sources, path, "params.source")); });
  };
  CHECK(use("app").empty());
  CHECK(use("app/inner").empty());
  CHECK(use("app/link").find("it leaves the inputs") != std::string::npos);
  CHECK(use("../outside").find("it leaves the inputs") != std::string::npos);
  CHECK(use("/etc").find("it is not a path below the inputs") != std::string::npos);
  CHECK(use("").find("it is not a path below the inputs") != std::string::npos);
  CHECK(use("gone").find("there is no such directory") != std::string::npos);
  CHECK(use("file").find("it is not a directory") != std::string::npos);
}
