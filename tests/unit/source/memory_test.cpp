#include "source/memory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/file.hpp"
#include "support/manual_clock.hpp"

namespace {

using concourse::Version;
using source::Examined;
using source::Memory;

Version version(const std::string& ref) { return {{"ref", ref}}; }

const Examined examined{"head", version("b"), std::vector{version("c"), version("d")}};

struct World {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  base::TemporaryDirectory directory{"memory", "/tmp"};
  json::Value source{{"repository", "https://example.com/app.git"}};

  Memory open() { return {directory.path(), source, log}; }

  std::filesystem::path file() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) files.push_back(entry.path());
    REQUIRE(files.size() == 1);
    return files[0];
  }
};

}  // namespace

TEST_CASE("a check remembers what the last one of the same source found") {
  World world;
  CHECK_FALSE(world.open().examined());
  world.open().remember(examined);
  CHECK(world.open().examined() == examined);
  const Examined later{"later", version("d"), {}};
  world.open().remember(later);
  CHECK(world.open().examined() == later);
  CHECK((std::filesystem::status(world.file()).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("another source has a memory of its own") {
  World world;
  world.open().remember(examined);
  world.source["paths"] = {"src"};
  CHECK_FALSE(world.open().examined());
}

TEST_CASE("a memory that was cut at any byte is dropped") {
  World world;
  world.open().remember(examined);
  const auto path = world.file();
  const std::string whole = base::read_file(path);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    base::write_file(path, whole.substr(0, length));
    INFO(length);
    CHECK_FALSE(world.open().examined());
  }
  base::write_file(path, whole);
  CHECK(world.open().examined());
}

TEST_CASE("a memory with any byte changed is dropped or says the same") {
  World world;
  world.open().remember(examined);
  const auto path = world.file();
  const std::string whole = base::read_file(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    base::write_file(path, altered);
    const Memory memory = world.open();
    INFO(at);
    CHECK((!memory.examined() || memory.examined() == examined));
  }
}

TEST_CASE("a memory that is not a document of ours is dropped") {
  World world;
  world.open().remember(examined);
  const auto path = world.file();
  for (const char* content : {"", "null", "[]", "{}", R"({"checksum": 1, "examined": {}})", "\xff\xfe"}) {
    base::write_file(path, content);
    INFO(content);
    CHECK_FALSE(world.open().examined());
  }
}

TEST_CASE("a directory that cannot be written is not an error") {
  World world;
  Memory memory("/nonexistent", world.source, world.log);
  memory.remember(examined);
  CHECK(memory.examined() == examined);
}

TEST_CASE("what was examined answers for its beginning and for each version found, and for nothing else") {
  CHECK(examined.from(version("b")) == std::vector{version("c"), version("d")});
  CHECK(examined.from(version("c")) == std::vector{version("c"), version("d")});
  CHECK(examined.from(version("d")) == std::vector{version("d")});
  CHECK_FALSE(examined.from(version("a")));
}

TEST_CASE("of a long list only what is asked for is given") {
  const Version tag{{"ref", "v1"}, {"commit", "c1"}};
  const std::vector list{version("a"), tag, version("v\n\"1\""), version("z")};
  const source::VersionList versions(list);
  CHECK(versions.all() == list);
  CHECK(versions.last(0).empty());
  CHECK(versions.last(1) == std::vector{version("z")});
  CHECK(versions.last(2) == std::vector{version("v\n\"1\""), version("z")});
  CHECK(versions.last(4) == list);
  CHECK(versions.last(5) == list);
  CHECK(source::VersionList().last(3).empty());
  CHECK(versions.from(version("a")) == list);
  CHECK(versions.from(tag)->size() == 3);
  CHECK(versions.from(version("v\n\"1\""))->size() == 2);
  CHECK_FALSE(versions.from(version("v1")));
  CHECK(versions.from_ref("v1")->size() == 3);
  CHECK(versions.from_ref("a") == list);
  CHECK_FALSE(versions.from_ref("1"));
  CHECK_FALSE(versions.from_ref("c1"));
}
