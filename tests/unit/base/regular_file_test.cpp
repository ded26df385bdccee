#include "base/regular_file.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace {

std::string error_of(const std::filesystem::path& path, base::Links links = base::Links::followed) {
  try {
    static_cast<void>(base::open_file(path, links));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

std::string refusal(const std::filesystem::path& path, const std::string& kind) {
  return "cannot read " + path.string() + ": it is " + kind + ", not a regular file";
}

void make_socket(const std::filesystem::path& path) {
  const base::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.string().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1) ==
          path.string().size());
  REQUIRE(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);  // NOLINT
}

}  // namespace

TEST_CASE("what is not a regular file is refused by its kind, without waiting for anybody") {
  const base::TemporaryDirectory directory("file", "/tmp");
  const auto fifo = directory.path() / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  std::filesystem::create_symlink("fifo", directory.path() / "link");
  make_socket(directory.path() / "socket");
  CHECK(error_of(fifo) == refusal(fifo, "a FIFO"));
  CHECK(error_of(directory.path() / "link") == refusal(directory.path() / "link", "a FIFO"));
  CHECK(error_of(directory.path()) == refusal(directory.path(), "a directory"));
  CHECK(error_of(directory.path() / "socket") == refusal(directory.path() / "socket", "a socket or a device"));
  CHECK(error_of("/dev/zero") == refusal("/dev/zero", "a device"));
  CHECK_THROWS_AS(base::read_file(fifo), base::Error);
  CHECK_THROWS_AS(base::read_file_if_exists(fifo), base::Error);
}

TEST_CASE("a link is followed or refused as the caller says") {
  const base::TemporaryDirectory directory("file", "/tmp");
  base::write_file(directory.path() / "file", "content");
  const auto link = directory.path() / "link";
  std::filesystem::create_symlink("file", link);
  CHECK(base::read_file(link) == "content");
  CHECK(error_of(link, base::Links::refused) == refusal(link, "a symbolic link"));
  CHECK(error_of(directory.path() / "file", base::Links::refused) == "no error");
}

TEST_CASE("what is not there is absent, and what cannot be reached is not") {
  const base::TemporaryDirectory directory("file", "/tmp");
  base::write_file(directory.path() / "file", "");
  CHECK_FALSE(base::open_file_if_exists(directory.path() / "none"));
  CHECK_FALSE(base::open_file_if_exists(directory.path() / "file/none"));
  CHECK(error_of(directory.path() / "none") ==
        "cannot read " + (directory.path() / "none").string() + ": there is no such file");
  std::filesystem::create_symlink("circle", directory.path() / "circle");
  CHECK_THROWS_AS(base::open_file_if_exists(directory.path() / "circle"), base::Error);
}

TEST_CASE("files of the kernel are read, which say no size") {
  CHECK_FALSE(base::read_file("/proc/self/stat").empty());
}
