#include "base/askpass.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/file.hpp"

namespace {

base::Environment asked_for(const std::filesystem::path& file) {
  return base::Environment(base::Environment::Variables{{std::string(base::askpass_variable), file.string()}});
}

}  // namespace

TEST_CASE("a program that is not asked for a passphrase says none") {
  std::ostringstream output;
  CHECK_FALSE(base::answer_askpass(base::Environment(), output));
  CHECK(output.str().empty());
}

TEST_CASE("the passphrase is what the parent wrote, and a line") {
  const base::TemporaryDirectory directory("askpass", "/tmp");
  base::write_file(directory.path() / "passphrase", "open sesame", 0600);
  std::ostringstream output;
  CHECK(base::answer_askpass(asked_for(directory.path() / "passphrase"), output));
  CHECK(output.str() == "open sesame\n");
}

TEST_CASE("a parent that is gone leaves an empty answer and no error") {
  std::ostringstream output;
  CHECK(base::answer_askpass(asked_for("/nonexistent/passphrase"), output));
  CHECK(output.str() == "\n");
}

TEST_CASE("the program that is asked is the one that runs") {
  CHECK(std::filesystem::equivalent(base::askpass_program(), "/proc/self/exe"));
}
