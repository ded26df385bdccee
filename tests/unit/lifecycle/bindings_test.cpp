#include "lifecycle/bindings.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace lifecycle;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

TEST_CASE("a binding is the files of a directory, as a projected volume has them") {
  const base::TemporaryDirectory directory("bindings-test");
  fs::create_directory(directory.path() / "..2026");
  base::write_file(directory.path() / "..2026/type", "maven");
  base::write_file(directory.path() / "..2026/settings.xml", "<settings/>\n");
  fs::create_directory_symlink("..2026", directory.path() / "..data");
  for (const auto* name : {"type", "settings.xml"}) {
    fs::create_symlink(fs::path("..data") / name, directory.path() / name);
  }
  const auto binding = read_binding("maven", directory.path(), "params.bindings.maven");
  CHECK(binding.entries == std::map<std::string, std::string>{{"type", "maven"}, {"settings.xml", "<settings/>\n"}});
}

TEST_CASE("a binding without a type, and one that leads out of its directory, are errors that name the field") {
  const base::TemporaryDirectory directory("bindings-test");
  base::write_file(directory.path() / "password", "word");
  CHECK_THROWS_WITH(read_binding("maven", directory.path(), "params.bindings.maven"),
                    ContainsSubstring("params.bindings.maven") && ContainsSubstring("no file type"));
  fs::create_symlink("/etc/passwd", directory.path() / "type");
  CHECK_THROWS_WITH(read_binding("maven", directory.path(), "params.bindings.maven"),
                    ContainsSubstring("type leads out of it"));
}

TEST_CASE("names that could be another path are refused") {
  for (const auto* name : {"", ".", "..", "a/b", "a b", "a\nb"}) CHECK(flaw_of_binding_name(name));
  for (const auto* name : {"maven", "settings.xml", "ca-certificates_1"}) CHECK_FALSE(flaw_of_binding_name(name));
}
