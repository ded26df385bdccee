#include "packages/layers.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "support/in_memory_registry.hpp"
#include "support/tar_builder.hpp"

using namespace packages;
using test::TarBuilder;

namespace {

std::string package(const std::string& name, const std::string& version) {
  return fmt::format("Package: {}\nStatus: install ok installed\nVersion: {}\n\n", name, version);
}

LayerFiles scanned(const TarBuilder& tar) {
  const auto input = archive::text_input(tar.bytes());
  archive::Reader reader(*input, "a layer");
  return scan(reader);
}

Installed merged(const std::vector<TarBuilder>& layers) {
  std::vector<LayerFiles> files;
  for (const auto& layer : layers) files.push_back(scanned(layer));
  std::vector<const LayerFiles*> pointers;
  for (const auto& file : files) pointers.push_back(&file);
  return merge(pointers);
}

TarBuilder status(const std::string& version) {
  return TarBuilder().directory("var/lib/dpkg").file("./var/lib/dpkg/status", package("openssl", version));
}

class World {
 public:
  registry::Descriptor add(const std::string& bytes) {
    return registry.add_blob(repository, bytes, registry::media_type::oci_layer_gzip);
  }
  Installed read(const std::vector<registry::Descriptor>& layers) { return inspector.read(repository, layers); }

  const registry::Repository repository{"r.example.com", "run"};
  test::InMemoryRegistry registry;
  Inspector inspector{registry};
};

}  // namespace

TEST_CASE("the topmost database wins") {
  CHECK(merged({status("1"), status("2"), TarBuilder().file("etc/motd", "hello")}).list == List{{"openssl", "2"}});
}

TEST_CASE("packages of status.d add up over layers, checksums beside them do not count") {
  const auto installed = merged({TarBuilder()
                                     .file("/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 1\n")
                                     .file("/var/lib/dpkg/status.d/base.md5sums", "Package: no\nVersion: 1\n"),
                                 TarBuilder().file("var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2\n")});
  CHECK(installed.list == List{{"base-files", "1"}, {"tzdata", "2"}});
}

TEST_CASE("apk keeps its database in one of two places") {
  CHECK(merged({TarBuilder().file("lib/apk/db/installed", "P:musl\nV:1\n\n")}).list == List{{"musl", "1"}});
  CHECK(merged({TarBuilder().file("lib/apk/db/installed", "P:musl\nV:1\n\n"),
                TarBuilder().symlink("lib", "usr/lib").file("usr/lib/apk/db/installed", "P:musl\nV:2\n\n")})
            .list == List{{"musl", "2"}});
}

TEST_CASE("whiteouts hide what lower layers brought, and nothing of their own layer") {
  const auto unknown = "it has no list of packages";
  CHECK(merged({status("1"), TarBuilder().file("var/lib/dpkg/.wh.status", "")}).unknown == unknown);
  CHECK(merged({status("1"), TarBuilder().file("var/.wh.lib", "")}).unknown == unknown);
  CHECK(merged({status("1"), TarBuilder().file("var/lib/.wh..wh..opq", "")}).unknown == unknown);
  CHECK(merged({status("1"), TarBuilder().file(".wh..wh..opq", "")}).unknown == unknown);
  CHECK(merged({status("1"), TarBuilder().file("var/lib", "a file")}).unknown == unknown);
  CHECK(merged({status("1"), TarBuilder().file("var/cache/.wh.apt", "").file("var/lib/apt/.wh..wh..opq", "")}).list ==
        List{{"openssl", "1"}});
  CHECK(merged({status("1"), status("2").file("var/lib/dpkg/.wh.status", "").file("var/lib/.wh..wh..opq", "")}).list ==
        List{{"openssl", "2"}});
  CHECK(
      merged({TarBuilder().file("var/lib/dpkg/status.d/a", package("a", "1")),
              TarBuilder().file("var/lib/dpkg/status.d/.wh.a", "").file("var/lib/dpkg/status.d/b", package("b", "1"))})
          .list == List{{"b", "1"}});
}

TEST_CASE("a database that became a link is not followed") {
  CHECK(merged({status("1"), TarBuilder().symlink("var/lib/dpkg/status", "/etc/passwd")}).unknown ==
        "it has no list of packages");
}

TEST_CASE("an image with rpm says so") {
  CHECK(merged({TarBuilder().file("var/lib/rpm/rpmdb.sqlite", "SQLite")}).unknown ==
        "its packages are in an rpm database, which is not read");
}

TEST_CASE("layers that two images share are fetched once, gzip and zstd beside each other") {
  World world;
  const auto bottom = world.add(test::gzipped(TarBuilder().file("etc/os-release", "ID=debian").bytes()));
  const auto old_top = world.add(test::zstd_compressed(status("1").bytes()));
  const auto new_top = world.add(status("2").bytes());
  const auto comparison = compare(world.read({bottom, old_top}), world.read({bottom, new_top}));
  CHECK(comparison.unknown.empty());
  CHECK(lines_of(comparison.difference) == std::vector<std::string>{"openssl 1 -> 2"});
  CHECK(world.registry.operations().size() == 3);
}

TEST_CASE("what cannot be read is said, and is never an error") {
  World world;
  auto gone = world.add("x");
  world.registry.corrupt_blob(world.repository, gone.digest);
  CHECK_FALSE(world.read({gone}).unknown.empty());
  CHECK(world.read({world.add("not a tar archive, but long enough to be one of its blocks" + std::string(600, '.'))})
            .unknown.find("cannot read layer sha256:") == 0);
  CHECK_FALSE(world.read({world.add(test::gzipped(status("1").bytes()).substr(0, 60))}).unknown.empty());
  auto endless = world.add("y");
  endless.size = 1ULL << 40U;
  CHECK(world.read({endless}).unknown.find("it is larger than") != std::string::npos);
  CHECK(compare({{}, "why"}, {{{"a", "1"}}, ""}).unknown == "of the old base: why");
  CHECK(compare({{{"a", "1"}}, ""}, {{}, "why"}).unknown == "why");
}

TEST_CASE("a database beyond its bound is not read into memory") {
  CHECK_THROWS(scanned(TarBuilder().file("var/lib/dpkg/status", std::string((16UL << 20U) + 1, 'a'))));
  TarBuilder many;
  for (int i = 0; i < 20'001; ++i) many.file(fmt::format("var/lib/dpkg/status.d/p{}", i), "");
  CHECK_THROWS(scanned(many));
}
