#include "git/local_files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "support/failure.hpp"

namespace {

namespace fs = std::filesystem;

struct World {
  base::TemporaryDirectory directory{"local-files", "/tmp"};
  fs::path repository = directory.path() / "app";

  World() {
    fs::create_directories(repository / ".git/objects/info");
    fs::create_directories(repository / ".git/refs/heads");
    base::write_file(repository / ".git/HEAD", "ref: refs/heads/main\n");
  }
  void fifo(const fs::path& path) const {
    fs::create_directories(path.parent_path());
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  }
  [[nodiscard]] std::string refusal() const {
    return test::failure([&] { git::require_regular_files(repository); });
  }
};

}  // namespace

TEST_CASE("a git directory of files and directories may be read") {
  const World world;
  fs::create_directory_symlink(world.repository / ".git/refs", world.repository / ".git/refs/again");
  fs::create_symlink("nowhere", world.repository / ".git/dangling");
  const base::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (world.repository / ".git/fsmonitor--daemon.ipc").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  world.fifo(world.repository / "a.txt");  // the working tree is not read
  CHECK_NOTHROW(git::require_regular_files(world.repository));
}

TEST_CASE("a FIFO in a git directory is refused, wherever its files lead to") {
  const World world;
  const fs::path elsewhere = world.directory.path() / "elsewhere";
  SECTION("beside HEAD") { world.fifo(world.repository / ".git/packed-refs"); }
  SECTION("a ref") { world.fifo(world.repository / ".git/refs/heads/main"); }
  SECTION("an object") { world.fifo(world.repository / ".git/objects/ab/cd"); }
  SECTION("behind a link to it") {
    world.fifo(elsewhere / "fifo");
    fs::create_symlink(elsewhere / "fifo", world.repository / ".git/config");
  }
  SECTION("behind a link to a directory") {
    world.fifo(elsewhere / "fifo");
    fs::create_directory_symlink(elsewhere, world.repository / ".git/objects/pack");
  }
  SECTION("in an alternate") {
    world.fifo(elsewhere / "ab/cd");
    base::write_file(world.repository / ".git/objects/info/alternates", "# other\n../../../elsewhere\n");
  }
  SECTION("in a common directory") {
    world.fifo(elsewhere / "packed-refs");
    base::write_file(world.repository / ".git/commondir", "../../elsewhere\n");
  }
  SECTION("where .git is a file that names the directory") {
    fs::remove_all(world.repository / ".git");
    world.fifo(elsewhere / "HEAD");
    base::write_file(world.repository / ".git", "gitdir: ../elsewhere\n");
  }
  SECTION("in place of .git") {
    fs::remove_all(world.repository / ".git");
    world.fifo(world.repository / ".git");
  }
  CHECK(world.refusal().find("it is neither a regular file nor a directory") != std::string::npos);
}

TEST_CASE("a device in a git directory is refused, too") {
  const World world;
  fs::create_symlink("/dev/zero", world.repository / ".git/shallow");
  CHECK(world.refusal().find("shallow: it is neither a regular file nor a directory") != std::string::npos);
}
