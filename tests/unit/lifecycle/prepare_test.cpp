#include "lifecycle/prepare.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace lifecycle;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

class World {
 public:
  World() {
    platform.layers = directory.path() / "layers";
    platform.application = directory.path() / "workspace";
    platform.settings = directory.path() / "platform";
    platform.identity = {getuid(), getgid()};
    write("main.py", "print()");
    write("static/logo.svg", "<svg/>");
    write(".git/HEAD", "ref: refs/heads/main\n");
  }

  void write(const std::string& path, const std::string& text, unsigned mode = 0644) const {
    fs::create_directories((source() / path).parent_path());
    base::write_file(source() / path, text, mode);
  }
  [[nodiscard]] fs::path source() const { return directory.path() / "source"; }
  [[nodiscard]] bool has(const std::string& path) const { return fs::exists(platform.application / path); }

  [[nodiscard]] PreparedSource run(const SourceSettings& settings = {}) const {
    return prepare(platform, source(), settings);
  }
  [[nodiscard]] std::string digest() const { return run().workspace.digest.text(); }

  base::TemporaryDirectory directory{"prepare-test"};
  Platform platform;
};

}  // namespace

TEST_CASE("the workspace has the source's files, and not its .git") {
  World world;
  world.write("bin/run", "#!/bin/sh\n", 0755);
  fs::create_symlink("../main.py", world.source() / "static/link");
  const auto prepared = world.run();
  CHECK(base::read_file(world.platform.application / "main.py") == "print()");
  CHECK(fs::read_symlink(world.platform.application / "static/link") == "../main.py");
  struct stat status {};
  REQUIRE(stat((world.platform.application / "bin/run").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0755);
  CHECK_FALSE(world.has(".git"));
  CHECK(prepared.workspace.files == 6);
  CHECK(prepared.workspace.bytes == 7 + 6 + 10);
}

TEST_CASE("the digest of a workspace is of names, types, modes and contents, and not of times or of .git") {
  World world;
  const auto before = world.digest();
  CHECK(world.digest() == before);
  fs::last_write_time(world.source() / "main.py", fs::file_time_type::min());
  world.write(".git/index", "anything");
  CHECK(world.digest() == before);
  fs::permissions(world.source() / "main.py", fs::perms(0755));
  const auto executable = world.digest();
  CHECK(executable != before);
  world.write("main.py", "print(1)", 0755);
  CHECK(world.digest() != executable);
  world.write("main.py", "print()");
  CHECK(world.digest() == before);
  fs::create_directory(world.source() / "empty");
  CHECK(world.digest() != before);
}

TEST_CASE("project.toml leaves out what it excludes") {
  World world;
  world.write("project.toml", "[_]\nschema-version = \"0.2\"\n[io.buildpacks]\nexclude = [\"*.md\", \"/docs/\"]\n");
  world.write("README.md", "words");
  world.write("docs/page.html", "words");
  world.write("src/docs/page.html", "words");
  const auto before = world.digest();
  CHECK_FALSE(world.has("README.md"));
  CHECK_FALSE(world.has("docs"));
  CHECK(world.has("src/docs/page.html"));
  world.write("README.md", "other words");
  CHECK(world.digest() == before);
}

TEST_CASE("project.toml keeps only what it includes, with the directories above it") {
  World world;
  world.write("project.toml", "[io.buildpacks]\ninclude = [\"*.py\", \"/static/css/\"]\n");
  world.write("static/css/deep/style.css", "");
  static_cast<void>(world.run());
  CHECK(world.has("main.py"));
  CHECK(world.has("static/css/deep/style.css"));
  CHECK_FALSE(world.has("static/logo.svg"));
  CHECK_FALSE(world.has("project.toml"));
}

TEST_CASE("variables come from project.toml, and from the user over them") {
  World world;
  world.write("deploy/project.toml",
              "[[io.buildpacks.build.env]]\nname = \"A\"\nvalue = \"project\"\n"
              "[[io.buildpacks.build.env]]\nname = \"B\"\nvalue = \"project\"\n");
  CHECK(world.run().environment.empty());
  const auto prepared = world.run({"deploy/project.toml", {{"B", "user"}}});
  CHECK(prepared.environment == std::map<std::string, std::string>{{"A", "project"}, {"B", "user"}});
  CHECK(base::read_file(world.platform.settings / "env/A") == "project");
  struct stat status {};
  REQUIRE(stat((world.platform.settings / "env/B").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0400);
}

TEST_CASE("the first schema of project.toml is read too") {
  World world;
  world.write("project.toml", "[build]\nexclude = [\"*.svg\"]\n[[build.env]]\nname = \"A\"\nvalue = \"1\"\n");
  CHECK(world.run().environment.at("A") == "1");
  CHECK_FALSE(world.has("static/logo.svg"));
}

TEST_CASE("a project descriptor that cannot be meant is an error that says why") {
  World world;
  CHECK_THROWS_WITH(world.run({"nowhere.toml", {}}), ContainsSubstring("params.project"));
  CHECK_THROWS_WITH(world.run({"../other.toml", {}}), ContainsSubstring("below the source"));
  CHECK_THROWS_WITH(world.run({"/etc/passwd", {}}), ContainsSubstring("below the source"));
  world.write("project.toml", "[io.buildpacks]\ninclude = [\"a\"]\nexclude = [\"b\"]\n");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("include and exclude"));
  world.write("project.toml", "[[io.buildpacks.build.env]]\nname = \"A/B\"\nvalue = \"1\"\n");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("A/B"));
  world.write("project.toml", "not TOML");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("project.toml"));
  fs::remove(world.source() / "project.toml");
  fs::create_symlink("/etc/passwd", world.source() / "project.toml");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("symbolic link"));
}

TEST_CASE("the source's origin is what git and the get wrote") {
  World world;
  const std::string commit(40, 'c');
  world.write(".git/HEAD", commit + "\n");
  world.write(".git/url", "https://github.com/acme/app/commit/" + commit + "\n");
  world.write(".git/config",
              "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://robot:word@github.com/acme/app.git\n");
  const auto origin = world.run().origin;
  CHECK(origin.commit == commit);
  CHECK(origin.page == "https://github.com/acme/app/commit/" + commit);
  CHECK(origin.repository == "https://github.com/acme/app.git");
}

TEST_CASE("a .git that says nothing credible gives no origin") {
  World world;
  world.write(".git/HEAD", "c0ffee");
  world.write(".git/url", "javascript:alert(1)");
  world.write(".git/config", "[remote \"origin\"]\n\turl = ext::sh -c true\n");
  fs::create_symlink("/etc/hostname", world.source() / ".git/commit");
  const auto origin = world.run().origin;
  CHECK(origin.commit.empty());
  CHECK(origin.page.empty());
  CHECK(origin.repository.empty());
}

TEST_CASE("what is neither file nor directory nor link cannot be copied") {
  World world;
  REQUIRE(mkfifo((world.source() / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("pipe"));
}
