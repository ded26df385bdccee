#include "archive/extract.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/tar_builder.hpp"

namespace {

namespace fs = std::filesystem;

// An outer directory that must stay as it is, and the root within it.
struct World {
  base::TemporaryDirectory outer{"test"};
  fs::path root = outer.path() / "root";
  World() { fs::create_directory(root); }

  void apply(archive::Extractor& extractor, const test::TarBuilder& tar) const {
    const auto input = archive::text_input(tar.bytes());
    archive::Reader reader(*input, "layer x");
    extractor.apply(reader);
  }
  // Layers over each other.
  void unpack(const std::vector<test::TarBuilder>& layers) const {
    archive::Extractor extractor(root, archive::Whiteouts::apply, archive::Owners::ours);
    for (const auto& layer : layers) apply(extractor, layer);
    extractor.finish();
  }
  std::string error_of(const std::vector<test::TarBuilder>& layers) const {
    try {
      unpack(layers);
    } catch (const base::Error& error) {
      CHECK(nothing_outside());
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::string content(const fs::path& path) const { return base::read_file(root / path); }
  [[nodiscard]] unsigned mode(const fs::path& path) const {
    struct stat status {};
    REQUIRE(lstat((root / path).c_str(), &status) == 0);
    return status.st_mode & 07777U;
  }
  [[nodiscard]] bool exists(const fs::path& path) const { return fs::exists(fs::symlink_status(root / path)); }
  [[nodiscard]] bool nothing_outside() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(outer.path())) ++count;
    return count == 1;
  }
};

using Tar = test::TarBuilder;

}  // namespace

TEST_CASE("files, directories and links are unpacked with their modes and times") {
  const World world;
  world.unpack({Tar()
                    .directory("etc/", 0700)
                    .file("etc/motd", "hello", {.mode = 0640, .modified = 1234})
                    .symlink("motd", "etc/motd")
                    .hardlink("second", "etc/motd")
                    .directory("closed", 0500)
                    .file("closed/inner", "x")});
  CHECK(world.content("etc/motd") == "hello");
  CHECK(fs::read_symlink(world.root / "motd") == "etc/motd");
  struct stat status {};
  REQUIRE(stat((world.root / "etc/motd").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0640);
  CHECK(status.st_mtim.tv_sec == 1234);
  CHECK(status.st_nlink == 2);
  REQUIRE(stat((world.root / "closed").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0500);
  CHECK(status.st_mtim.tv_sec == 1'000'000'000);
}

TEST_CASE("no entry leaves the root by its name") {
  const World world;
  CHECK(world.error_of({Tar().file("../../x", "evil")}) ==
        "cannot extract ../../x of layer x: its path leads above the root");
  CHECK(world.error_of({Tar().file("a/../../x", "evil")}) ==
        "cannot extract a/../../x of layer x: its path leads above the root");
  world.unpack({Tar().file("/absolute", "inside")});
  CHECK(world.content("absolute") == "inside");
}

TEST_CASE("a link that climbs above the root is not gone through") {
  const World world;
  CHECK(world.error_of({Tar().symlink("up", "../").file("up/x", "evil")}) ==
        "cannot extract up/x of layer x: the link up -> ../ leads above the root");
  const World other;
  CHECK(other.error_of({Tar().directory("a").symlink("a/up", "../../..").file("a/up/x", "evil")}) ==
        "cannot extract a/up/x of layer x: the link a/up -> ../../.. leads above the root");
}

TEST_CASE("an absolute link leads to the place in the root, as in a chroot") {
  const World world;
  world.unpack({Tar().directory("usr/lib").symlink("lib", "/usr/lib").file("lib/x", "inside")});
  CHECK(world.content("usr/lib/x") == "inside");
  CHECK(fs::is_symlink(world.root / "lib"));
}

TEST_CASE("a directory that a link leads to and that is not there is made, within the root") {
  const World world;
  const auto parent = fs::path(world.outer.path()).string();
  world.unpack({Tar().symlink("out", parent).file("out/x", "inside").symlink("run", "var/run").file("run/a/b", "1")});
  CHECK(world.content(parent.substr(1) + "/x") == "inside");
  CHECK(world.content("var/run/a/b") == "1");
  CHECK_FALSE(fs::exists(world.outer.path() / "x"));
}

TEST_CASE("a missing directory that a link leads to hides nothing from a whiteout") {
  const World world;
  world.unpack({Tar().symlink("out", "gone").file("out/.wh.x", "")});
  CHECK_FALSE(fs::exists(world.root / "gone"));
}

TEST_CASE("links that lead to each other are an error") {
  const World world;
  CHECK(world.error_of({Tar().symlink("a", "b").symlink("b", "a").file("a/x", "")}) ==
        "cannot extract a/x of layer x: too many symbolic links are on its way");
}

TEST_CASE("a file replaces a link and is not written through it") {
  const World world;
  world.unpack({Tar().file("real", "old").symlink("link", "real"), Tar().file("link", "new")});
  CHECK(world.content("real") == "old");
  CHECK(world.content("link") == "new");
  CHECK(!fs::is_symlink(world.root / "link"));
}

TEST_CASE("a hard link leads only to files in the root") {
  const World world;
  base::write_file(world.outer.path() / "secret", "secret");
  CHECK_THROWS_AS(world.unpack({Tar().hardlink("x", "../secret")}), base::Error);
  CHECK_THROWS_AS(world.unpack({Tar().symlink("up", "..").hardlink("x", "up/secret")}), base::Error);
  CHECK_THROWS_AS(world.unpack({Tar().hardlink("x", "not-there")}), base::Error);
  CHECK_THROWS_AS(world.unpack({Tar().directory("d").hardlink("x", "d")}), base::Error);
  CHECK(!world.exists("x"));
}

TEST_CASE("a link in the place of the root is refused") {
  const World world;
  for (const auto* name : {"/.", "./.", ".", "./", "/"}) {
    CHECK(world.error_of({Tar().symlink(name, world.outer.path().string()).file("x", "evil")})
              .ends_with("the root can only be a directory"));
  }
}

TEST_CASE("data of a hard link are not written through it") {
  const World world;
  // Only PAX archives may have them.
  world.unpack({Tar().file("real", "old").pax("comment", "x").hardlink("link", "real", "evil").file("next", "read")});
  CHECK(world.content("real") == "old");
  CHECK(world.content("link") == "old");
  CHECK(world.content("next") == "read");
  const World outer;
  base::write_file(outer.root / "kept", "old");
  CHECK_FALSE(outer.error_of({Tar().hardlink("link", "../root/kept", "evil")}).empty());
  CHECK_FALSE(outer.error_of({Tar().file("real", "old").hardlink("link", "real", "evil")}).empty());
  CHECK(outer.content("real") == "old");
  CHECK(outer.content("kept") == "old");
}

TEST_CASE("no mode and no owner reaches what a link leads to outside") {
  const World world;
  const base::TemporaryDirectory outside("outside");
  fs::permissions(outside.path(), fs::perms{0711});
  base::write_file(outside.path() / "file", "x", 0604);
  world.unpack({Tar().directory("d", 0755).directory("e", 0755).file("f", "x"),
                Tar().symlink("d", outside.path().string()).symlink("f", (outside.path() / "file").string()),
                Tar().pax("SCHILY.xattr.user.note", "x").symlink("e", outside.path().string())});
  struct stat status {};
  REQUIRE(stat(outside.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0711);
  REQUIRE(stat((outside.path() / "file").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0604);
}

TEST_CASE("a hard link to itself keeps the file") {
  const World world;
  world.unpack({Tar().file("a", "kept").hardlink("./a", "a")});
  CHECK(world.content("a") == "kept");
}

TEST_CASE("a whiteout removes what lower layers brought") {
  const World world;
  world.unpack({Tar().file("a", "1").file("d/inner", "2").file("b", "3"), Tar().file(".wh.a", "").file(".wh.d", "")});
  CHECK(!world.exists("a"));
  CHECK(!world.exists("d"));
  CHECK(world.content("b") == "3");
}

TEST_CASE("a whiteout does not hide what its own layer brings, wherever it stands") {
  const World world;
  world.unpack({Tar().file("d/old", "1").file("f", "1"),
                Tar().file("d/new", "2").file("f", "2").file(".wh.d", "").file(".wh.f", "")});
  CHECK(!world.exists("d/old"));
  CHECK(world.content("d/new") == "2");
  CHECK(world.content("f") == "2");
}

TEST_CASE("an opaque directory hides all of the lower layers' and nothing of its own") {
  const World world;
  world.unpack({Tar().file("d/old", "1").file("d/sub/old", "1").file("other", "1"),
                Tar().file("d/new", "2").file("d/sub/new", "2").file("d/.wh..wh..opq", "").file("d/late", "2")});
  CHECK(!world.exists("d/old"));
  CHECK(!world.exists("d/sub/old"));
  CHECK(world.content("d/new") == "2");
  CHECK(world.content("d/sub/new") == "2");
  CHECK(world.content("d/late") == "2");
  CHECK(world.content("other") == "1");
  CHECK(!world.exists("d/.wh..wh..opq"));
}

TEST_CASE("an opaque whiteout in the root hides everything below") {
  const World world;
  world.unpack({Tar().file("a", "1").file("d/b", "1"), Tar().file("c", "2").file(".wh..wh..opq", "")});
  CHECK(!world.exists("a"));
  CHECK(!world.exists("d"));
  CHECK(world.content("c") == "2");
}

TEST_CASE("an opaque whiteout in a directory that is not there hides nothing") {
  const World world;
  world.unpack({Tar().file("a", "1"), Tar().file("not-there/.wh..wh..opq", "")});
  CHECK(world.content("a") == "1");
  CHECK(!world.exists("not-there"));
}

TEST_CASE("a whiteout without a name is an error and removes nothing") {
  for (const auto* name : {".wh.", "d/.wh.", ".wh..", "d/.wh..", ".wh...", "d/.wh..."}) {
    const World world;
    CHECK(world.error_of({Tar().file("d/kept", "1"), Tar().file(name, "")}) ==
          std::string("cannot extract ") + name + " of layer x: this whiteout names nothing that could be removed");
    CHECK(world.content("d/kept") == "1");
  }
}

TEST_CASE("a whiteout removes a link and not what it leads to") {
  const World world;
  world.unpack({Tar().file("d/kept", "1").symlink("link", "d"), Tar().file(".wh.link", "")});
  CHECK(!world.exists("link"));
  CHECK(world.content("d/kept") == "1");
}

TEST_CASE("a whiteout of nothing and AUFS's own files do nothing") {
  const World world;
  world.unpack({Tar().file(".wh.nothing", "").file("no/.wh.thing", "").file(".wh..wh.plnk", "").file("a", "1")});
  CHECK(world.content("a") == "1");
  CHECK(!world.exists(".wh..wh.plnk"));
}

TEST_CASE("without layers a whiteout is a name like any other") {
  const World world;
  archive::Extractor extractor(world.root, archive::Whiteouts::literal, archive::Owners::ours);
  world.apply(extractor, Tar().file("a", "1").file(".wh.a", "2"));
  CHECK(world.content("a") == "1");
  CHECK(world.content(".wh.a") == "2");
}

TEST_CASE("directories, files and links replace each other") {
  const World world;
  world.unpack({Tar().file("a/deep/file", "1").file("b", "1").symlink("c", "a"),
                Tar().file("a", "2").directory("b").directory("c").file("c/x", "2")});
  CHECK(world.content("a") == "2");
  CHECK(fs::is_directory(world.root / "b"));
  CHECK(!fs::is_symlink(world.root / "c"));
  CHECK(world.content("c/x") == "2");
}

TEST_CASE("a directory replaced by a link gives its mode to nothing else") {
  const World world;
  world.unpack(
      {Tar().directory("d").directory("d/sub", 0700).directory("e").directory("e/sub", 0755), Tar().symlink("d", "e")});
  struct stat status {};
  REQUIRE(stat((world.root / "e/sub").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0755);
}

TEST_CASE("a file below a file is an error") {
  const World world;
  CHECK(world.error_of({Tar().file("a", "1").file("a/b", "2")}) ==
        "cannot extract a/b of layer x: a is not a directory");
}

TEST_CASE("depths and names are bounded") {
  const World world;
  std::string deep;
  for (int i = 0; i < 201; ++i) deep += "d/";
  CHECK(world.error_of({Tar().pax("path", deep + "x").file("x", "")}).find("deeper than 200 directories") !=
        std::string::npos);
  CHECK(world.error_of({Tar().pax("path", std::string(256, 'n')).file("x", "")}).find("longer than 255 bytes") !=
        std::string::npos);
}

TEST_CASE("links cannot make a path deeper than descriptors last") {
  const World world;
  Tar tar;
  std::string deep = "d";
  for (int i = 0; i < 190; ++i) deep += "/d";
  tar.pax("path", deep).directory("x");
  tar.symlink("s1", deep);
  for (int i = 1; i < 4; ++i) {
    const std::string here = "s" + std::to_string(i) + "/" + deep;
    tar.pax("path", here).directory("x");
    tar.pax("linkpath", here).symlink("s" + std::to_string(i + 1), "x");
  }
  CHECK(world.error_of({tar}).find("leads deeper than 400 directories") != std::string::npos);
}

TEST_CASE("layers together are bounded") {
  const World world;
  archive::Extractor extractor(world.root, archive::Whiteouts::apply, archive::Owners::ours, {.bytes = 1000});
  world.apply(extractor, Tar().file("a", std::string(600, 'a')));
  CHECK_THROWS_AS(world.apply(extractor, Tar().file("b", std::string(600, 'b'))), base::Error);
}

TEST_CASE("another user's set-user-ID is not kept, and one's own is, as the sticky bit is") {
  const World world;
  const unsigned user = geteuid();
  const unsigned group = getegid();
  world.unpack({Tar()
                    .file("theirs", "x", {.mode = 07755, .user = user + 1, .group = group + 1})
                    .file("group", "x", {.mode = 06755, .user = user + 1, .group = group})
                    .file("ours", "x", {.mode = 07755, .user = user, .group = group})
                    .directory("tmp", 01777)});
  CHECK(world.mode("theirs") == 01755);
  CHECK(world.mode("group") == 02755);
  CHECK(world.mode("ours") == 07755);
  CHECK(world.mode("tmp") == 01777);
}

TEST_CASE("no mode depends on the umask") {
  const World world;
  const auto before = umask(0077);
  world.unpack({Tar().fifo("run/pipe", 0666).directory("./", 0775).directory("open", 0777).file("file", "x")});
  umask(before);
  CHECK(world.mode("run/pipe") == 0666);
  CHECK(world.mode("run") == 0755);
  CHECK(world.mode("open") == 0777);
  CHECK(world.mode("file") == 0644);
  CHECK(world.mode("") == 0775);
}

TEST_CASE("a device file has its mode where it can be made") {
  const World world;
  const auto before = umask(0022);
  world.unpack({Tar().device("dev/null", 1, 3, 0666)});
  umask(before);
  if (world.exists("dev/null")) CHECK(world.mode("dev/null") == 0666);
}

TEST_CASE("a sparse file keeps its size and its bytes") {
  // As GNU tar writes it with --sparse-version=0.1: 4 bytes at 1 MiB of a file of 2 MiB.
  const World world;
  world.unpack(
      {Tar()
           .pax({{"GNU.sparse.size", "2097152"}, {"GNU.sparse.numblocks", "1"}, {"GNU.sparse.map", "1048576,4"}})
           .file("sparse", "data")});
  const std::string content = world.content("sparse");
  REQUIRE(content.size() == 2'097'152);
  CHECK(content.substr(1'048'575, 6) == std::string("\0data\0", 6));
}
