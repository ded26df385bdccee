#include "lifecycle/prepare.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "lifecycle/origin.hpp"

using namespace lifecycle;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

class World {
 public:
  World() {
    platform.layers = directory.path() / "layers";
    platform.workspace = directory.path() / "workspace";
    platform.application = platform.workspace;
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
  [[nodiscard]] bool has(const std::string& path) const { return fs::exists(platform.workspace / path); }

  [[nodiscard]] ExaminedSource look(const SourceSettings& settings = {}) const {
    return examine({source(), application, directory.path()}, settings, {"params.source", "", "params.project"});
  }
  ExaminedSource run(const SourceSettings& settings = {}, const std::vector<Binding>& bindings = {}) const {
    auto examined = look(settings);
    prepare(platform, examined, bindings);
    return examined;
  }
  [[nodiscard]] std::string digest() const { return run().tree.digest.text(); }
  [[nodiscard]] unsigned mode(const fs::path& path) const {
    struct stat status {};
    REQUIRE(lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
  }

  fs::path application;

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
  CHECK(prepared.tree.entries.size() == 6);
  CHECK(prepared.tree.bytes == 7 + 6 + 10);
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
  world.run();
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
  CHECK(world.mode(world.platform.settings / "env/B") == 0440);
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

TEST_CASE("a source is examined where it lies, and nothing is written") {
  World world;
  static_cast<void>(world.look());
  CHECK_FALSE(fs::exists(world.platform.workspace));
  CHECK_FALSE(fs::exists(world.platform.settings));
}

TEST_CASE("a file that changed after it was examined is an error, and so is one that is gone") {
  World world;
  const auto examined = world.look();
  world.write("main.py", "print(1)");
  CHECK_THROWS_WITH(prepare(world.platform, examined, {}), ContainsSubstring("main.py: it changed while it was read"));
  fs::remove(world.source() / "main.py");
  CHECK_THROWS_WITH(prepare(world.platform, examined, {}), ContainsSubstring("main.py: it changed while it was read"));
}

TEST_CASE("setuid, setgid and sticky bits are kept, and are a part of the digest") {
  World world;
  const auto before = world.digest();
  fs::create_directory(world.source() / "shared");
  REQUIRE(chmod((world.source() / "shared").c_str(), 03775) == 0);
  REQUIRE(chmod((world.source() / "main.py").c_str(), 04755) == 0);
  CHECK(world.digest() != before);
  CHECK(world.mode(world.platform.workspace / "shared") == 03775);
  CHECK(world.mode(world.platform.workspace / "main.py") == 04755);
}

TEST_CASE("patterns that leave nothing say so") {
  World world;
  world.write("project.toml", "[io.buildpacks]\ninclude = [\"*.rb\"]\n");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("leave no file of it"));
  world.write("project.toml", "[io.buildpacks]\nexclude = [\"*\"]\n");
  CHECK_THROWS_WITH(world.run(), ContainsSubstring("leave no file of it"));
}

TEST_CASE("an application below its source: all of the source is the build's, and the patterns are the application's") {
  World world;
  world.application = "services/customers";
  world.platform.application = world.platform.workspace / world.application;
  world.write("services/customers/app.py", "");
  world.write("services/customers/README.md", "");
  world.write("shared/README.md", "");
  world.write("services/customers/project.toml", "[io.buildpacks]\nexclude = [\"*.md\"]\n");
  const auto before = world.digest();
  CHECK(world.has("services/customers/app.py"));
  CHECK_FALSE(world.has("services/customers/README.md"));
  CHECK(world.has("shared/README.md"));
  CHECK_FALSE(world.has(".git"));
  world.write("shared/README.md", "changed");
  CHECK(world.digest() != before);
}

TEST_CASE("the .git of a source is found above the application, and not above its top") {
  World world;
  const std::string commit(40, 'c');
  world.write(".git/HEAD", commit + "\n");
  world.write(".git/commit_message", "Say Hello\n\nIt is polite.\n");
  world.write("services/customers/app.py", "");
  const auto found = find_origin(world.source() / "services/customers", world.source());
  CHECK(found.commit == commit);
  CHECK(found.subject == "Say Hello");
  CHECK(find_origin(world.source() / "services/customers", world.source() / "services").commit.empty());
}

TEST_CASE("a subject from outside can forge no line") {
  World world;
  const std::string commit(40, 'c');
  world.write(".git/HEAD", commit);
  world.write(".git/commit_message", "Say\x1b[31m Hello\r" + std::string(1000, 'x') + "\n");
  const auto subject = world.look().origin.subject;
  CHECK(subject.find_first_of("\x1b\r") == std::string::npos);
  CHECK(subject.size() < 200);
}

TEST_CASE("bindings lie beside the builder's own, and nobody but the owner may write the settings") {
  World world;
  fs::create_directories(world.platform.settings / "bindings/ca");
  fs::create_directories(world.platform.settings / "env");
  base::write_file(world.platform.settings / "bindings/ca/type", "ca-certificates", 0666);
  base::write_file(world.platform.settings / "env/OLD", "x");
  world.run({std::nullopt, {{"A", "1"}}}, {{"maven", {{"type", "maven"}, {"settings.xml", "<password/>"}}}});
  const auto bindings = world.platform.settings / "bindings";
  CHECK(base::read_file(bindings / "ca/type") == "ca-certificates");
  CHECK(base::read_file(bindings / "maven/settings.xml") == "<password/>");
  CHECK_FALSE(fs::exists(world.platform.settings / "env/OLD"));
  CHECK(world.mode(bindings / "ca/type") == 0644);
  CHECK(world.mode(bindings / "maven/settings.xml") == 0440);
  CHECK(world.mode(bindings / "maven") == 0750);
  for (const auto& entry : fs::recursive_directory_iterator(world.platform.settings)) {
    CHECK((world.mode(entry.path()) & 0022U) == 0);
  }
}

TEST_CASE("a directory that cannot be read is not an empty one") {
  if (geteuid() == 0) SUCCEED("root may read everything");
  World world;
  fs::create_directory(world.source() / "closed");
  fs::permissions(world.source() / "closed", fs::perms::none);
  if (geteuid() != 0) CHECK_THROWS_WITH(world.run(), ContainsSubstring("closed"));
  fs::permissions(world.source() / "closed", fs::perms::owner_all);
}
