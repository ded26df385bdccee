#include "lifecycle/closed_directory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace lifecycle;

namespace {

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a directory is closed for as long as it is wanted, and then as it was, whatever happens") {
  const base::TemporaryDirectory directory("closed-test");
  REQUIRE(chmod(directory.path().c_str(), 01775) == 0);
  {
    const ClosedDirectory closed(directory.path());
    CHECK(mode_of(directory.path()) == 0700);
  }
  CHECK(mode_of(directory.path()) == 01775);
  try {
    const ClosedDirectory closed(directory.path());
    throw base::Aborted();
  } catch (const base::Aborted&) {
  }
  CHECK(mode_of(directory.path()) == 01775);
}

TEST_CASE("a directory that is not there cannot be closed") {
  CHECK_THROWS_AS(ClosedDirectory("/nowhere/at/all"), base::Error);
}
