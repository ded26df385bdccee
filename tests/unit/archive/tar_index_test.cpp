#include "archive/tar_index.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "base/file.hpp"
#include "support/failure.hpp"
#include "support/tar_builder.hpp"

namespace {

using archive::TarIndex;

class Archive {
 public:
  explicit Archive(const test::TarBuilder& tar) : Archive(tar.bytes()) {}
  explicit Archive(std::string bytes) : bytes_(std::move(bytes)), directory_("index") {
    base::write_file(file(), bytes_);
  }
  [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "x.tar"; }
  [[nodiscard]] TarIndex index(const archive::Limits& limits = {}) const { return {file(), "x.tar", limits}; }
  [[nodiscard]] std::string content(std::string_view path, TarIndex::Links links = TarIndex::Links::followed) const {
    const auto index = this->index();
    const auto* member = index.find(path, links);
    return member == nullptr ? "none" : bytes_.substr(member->offset, member->size);
  }
  [[nodiscard]] std::string failure(std::string_view path, TarIndex::Links links = TarIndex::Links::followed) const {
    return test::failure([&] { static_cast<void>(content(path, links)); });
  }
  [[nodiscard]] std::string failure() const {
    return test::failure([&] { static_cast<void>(index()); });
  }

 private:
  std::string bytes_;
  base::TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("the contents of an archive's files lie where its index says") {
  const std::string large(100'000, 'l');
  const auto name = fmt::format("{}/{}", std::string(90, 'd'), std::string(200, 'n'));
  test::TarBuilder tar;
  tar.directory("a").file("./a/one", "1").file("large", large).pax("path", name).file("short", "long name");
  tar.pax("comment", std::string(9000, 'c')).file("after", "after a long header").file("empty", "");
  const Archive archive(tar);
  CHECK(archive.content("a/one") == "1");
  CHECK(archive.content("./a//one") == "1");
  CHECK(archive.content("large") == large);
  CHECK(archive.content(name) == "long name");
  CHECK(archive.content("after") == "after a long header");
  CHECK(archive.content("empty").empty());
  CHECK(archive.content("b") == "none");
  CHECK(archive.content("a") == "none");
  CHECK(archive.index().size() == 5);
}

TEST_CASE("links are followed within an archive alone, and only where they may be") {
  test::TarBuilder tar;
  tar.file("a/layer.tar", "layer").symlink("b/layer.tar", "../a/layer.tar").hardlink("c", "a/layer.tar");
  tar.symlink("out", "../../etc/shadow").symlink("absolute", "/etc/shadow").symlink("gone", "nothing");
  tar.symlink("x", "y").symlink("y", "x").fifo("fifo", 0644);
  const Archive archive(tar);
  CHECK(archive.content("b/layer.tar") == "layer");
  CHECK(archive.content("c") == "layer");
  CHECK(archive.failure("b/layer.tar", TarIndex::Links::refused).ends_with("is a link, and none is followed here"));
  CHECK(archive.failure("out") == "cannot read x.tar: the link out leads out of it");
  CHECK(archive.failure("absolute") == "cannot read x.tar: the link absolute leads out of it");
  CHECK(archive.failure("gone") == "cannot read x.tar: the link gone leads to nothing, which is not there");
  CHECK(archive.failure("x") == "cannot read x.tar: the link x leads to too many others");
  CHECK(archive.failure("fifo") == "cannot read x.tar: fifo is not a regular file");
}

TEST_CASE("what is not an archive, is cut or has two files of a name is not read") {
  CHECK(Archive(std::string()).failure() == "cannot read x.tar: it is not a tar archive");
  CHECK(Archive(std::string(2000, 'x')).failure() == "cannot read x.tar: it is not a tar archive");
  CHECK(Archive(test::gzipped("x")).failure() == "cannot read x.tar: it is not a tar archive");
  const auto whole = test::TarBuilder().file("a", std::string(3000, 'a')).bytes();
  CHECK(Archive(whole.substr(0, 1024)).failure() == "cannot read x.tar: it is cut: a is not whole in it");
  CHECK(Archive(test::TarBuilder().file("../a", "")).failure() == "cannot read x.tar: the path ../a leads out of it");
  CHECK(Archive(test::TarBuilder().file("a", "1").file("./a", "2")).failure("a") ==
        "cannot read x.tar: it has 2 files a");
  const Archive many(test::TarBuilder().file("a", "").file("b", "").file("c", ""));
  archive::Limits limits;
  limits.entries = 2;
  CHECK(test::failure([&] { static_cast<void>(many.index(limits)); }) ==
        "cannot read x.tar: it has more than 2 entries");
}
