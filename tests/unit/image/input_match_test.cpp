#include "image/input_match.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"
#include "support/failure.hpp"

namespace {

namespace fs = std::filesystem;

class Inputs {
 public:
  Inputs() : directory_("inputs") {
    fs::create_directories(root() / "app/nested");
    base::write_file(root() / "app/image-1.tar", "1");
    base::write_file(root() / "app/nested/image.tar", "2");
    base::write_file(root() / "app/tags", "one\n two\tthree\r\n");
    base::write_file(directory_.path() / "outside.tar", "3");
    fs::create_symlink("image-1.tar", root() / "app/link.tar");
    fs::create_symlink(directory_.path() / "outside.tar", root() / "app/out.tar");
    fs::create_symlink(directory_.path(), root() / "app/up");
    fs::create_symlink("nothing", root() / "app/dangling");
  }
  [[nodiscard]] fs::path root() const { return directory_.path() / "inputs"; }
  [[nodiscard]] std::string match(const std::string& pattern) const {
    return image::match_input(root(), pattern, "params.image").name;
  }
  [[nodiscard]] std::string failure(const std::string& pattern) const {
    return test::failure([&] { static_cast<void>(match(pattern)); });
  }

 private:
  base::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("a pattern names the one file that it fits") {
  const Inputs inputs;
  CHECK(inputs.match("app/image-1.tar") == "app/image-1.tar");
  CHECK(inputs.match("/app//./image-*.tar") == "app/image-1.tar");
  CHECK(inputs.match("*/n?sted/*.tar") == "app/nested/image.tar");
  CHECK(inputs.match("a[a-z]p/[i]mage-[0-9].tar") == "app/image-1.tar");
  CHECK(inputs.match("app/image\\-1.tar") == "app/image-1.tar");
  CHECK(inputs.match("app/nest*") == "app/nested");
  CHECK(image::match_input(inputs.root(), "app/link.tar", "f").path.filename() == "image-1.tar");
  CHECK(inputs.failure("app/image*.zip") ==
        "cannot use params.image app/image*.zip: no files match glob 'app/image*.zip'; check "
        "the name, and that the step before writes it");
  CHECK(inputs.failure("app/*.tar").find("too many files/directories match glob 'app/*.tar': app/image-1.tar, ") !=
        std::string::npos);
  CHECK(inputs.failure("*.tar").find("no files match glob") != std::string::npos);
}

TEST_CASE("no pattern leads out of the inputs") {
  const Inputs inputs;
  CHECK(inputs.failure("../outside.tar").find("it leaves the inputs") != std::string::npos);
  CHECK(inputs.failure("app/../../outside.tar").find("it leaves the inputs") != std::string::npos);
  CHECK(inputs.failure("app/out.tar").find("leads out of the inputs") != std::string::npos);
  CHECK(inputs.failure("app/up/*.tar").find("leads out of the inputs") != std::string::npos);
  CHECK(inputs.failure("app/dangling").find("cannot be followed") != std::string::npos);
}

TEST_CASE("a file of tags is its words") {
  const Inputs inputs;
  CHECK(image::words_of_input(inputs.root(), "app/tags", "f") == std::vector<std::string>{"one", "two", "three"});
  const auto failure = [&](const std::string& path) {
    return test::failure(
        [&] { static_cast<void>(image::words_of_input(inputs.root(), path, "params.additional_tags")); });
  };
  CHECK(failure("app/none").starts_with("cannot use params.additional_tags app/none: there is no such file"));
  CHECK(failure("app/up/outside.tar").find("leads out of the inputs") != std::string::npos);
  CHECK(failure("app").find("regular") != std::string::npos);
}
