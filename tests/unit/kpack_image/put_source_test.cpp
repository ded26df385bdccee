#include "kpack_image/put_source.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "kpack_image/local_checkout.hpp"
#include "kpack_image/source_image.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

namespace fs = std::filesystem;

namespace {

struct World {
  base::TemporaryDirectory directory{"inputs"};
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};

  void write(const std::string& path, const std::string& content) const {
    fs::create_directories((directory.path() / path).parent_path());
    std::ofstream(directory.path() / path) << content;
  }

  [[nodiscard]] std::string refusal(const kpack_image::PutFields& fields) const {
    try {
      (void)kpack_image::read_given_source(fields, directory.path());
    } catch (const base::Error& error) {
      CHECK(error.kind() == base::ErrorKind::usage);
      return error.what();
    }
    return "accepted";
  }
};

kpack_image::PutFields commitish(const std::string& path) {
  kpack_image::PutFields fields;
  fields.commitish = path;
  return fields;
}

}  // namespace

TEST_CASE("a file with a revision holds one line") {
  const World world;
  world.write("app/.git/ref", "  main\n");
  world.write("app/empty", "\n\n");
  world.write("app/two", "one\ntwo\n");
  world.write("app/words", "one two");
  CHECK(kpack_image::read_given_source(commitish("app/.git/ref"), world.directory.path()).revision == "main");
  CHECK(world.refusal(commitish("app/empty")) == "cannot read params.commitish: the file app/empty is empty");
  CHECK(
      world.refusal(commitish("app/two")) ==
      "cannot read params.commitish: the file app/two has several lines; it must hold one revision or URL and nothing "
      "else");
  CHECK(world.refusal(commitish("app/words")).find("holds blanks") != std::string::npos);
  CHECK(world.refusal(commitish("app/none")) ==
        "cannot read params.commitish: there is no file app/none; check the path");
  CHECK(world.refusal(commitish("other/ref")).find("params.commitish") != std::string::npos);
  CHECK(world.refusal(commitish("app/../../etc/passwd")).find("params.commitish") != std::string::npos);
}

TEST_CASE("an archive's URL is one, and without credentials") {
  const World world;
  kpack_image::PutFields fields;
  fields.blob_url = "https://blobs.example/app.zip";
  CHECK(world.refusal(fields) == "accepted");
  fields.blob_url = "blobs.example/app.zip";
  CHECK(world.refusal(fields) == "cannot read params.blob_url: \"blobs.example/app.zip\" is not an http or https URL");
  fields.blob_url = "https://ann:geheim@blobs.example/app.zip";
  CHECK(world.refusal(fields).find("geheim") == std::string::npos);
}

TEST_CASE("addresses of one repository are told from those of others") {
  using kpack_image::is_same_repository;
  CHECK(is_same_repository("https://github.com/acme/app.git", "git@github.com:acme/app"));
  CHECK(is_same_repository("https://ann:x@GitHub.com/acme/app/", "ssh://git@github.com/acme/app.git"));
  CHECK(is_same_repository("http://127.0.0.1:8080/app.git", "http://127.0.0.1:8080/app"));
  CHECK_FALSE(is_same_repository("https://github.com/acme/app", "https://github.com/acme/app2"));
  CHECK_FALSE(is_same_repository("https://github.com/acme/app", "https://gitlab.com/acme/app"));
  CHECK_FALSE(is_same_repository("https://github.com/acme/App", "https://github.com/acme/app"));
  CHECK_FALSE(is_same_repository("http://h:1/app", "http://h:2/app"));
  CHECK_FALSE(is_same_repository("/srv/app", "https://host/srv/app"));
}

TEST_CASE("a source image's digest depends on the files alone") {
  World world;
  world.write("a/pom.xml", "<project/>");
  world.write("a/src/Main.java", "class Main {}");
  world.write("a/.git/HEAD", "ref: refs/heads/main");
  fs::create_symlink("../pom.xml", world.directory.path() / "a/src/link");
  fs::copy(world.directory.path() / "a", world.directory.path() / "b",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  world.write("b/.git/HEAD", "another");
  fs::permissions(world.directory.path() / "b/pom.xml", fs::perms::owner_read | fs::perms::owner_write);
  fs::last_write_time(world.directory.path() / "b/pom.xml", fs::file_time_type::clock::now() - std::chrono::hours(24));
  test::InMemoryRegistry registry;
  const registry::Repository repository{"registry.example", "app-source"};
  const auto push = [&](const char* name) {
    return kpack_image::push_source_image(world.directory.path() / name, repository, "apps-app", registry, world.log);
  };
  const auto first = push("a");
  CHECK(first.starts_with("registry.example/app-source@sha256:"));
  CHECK(push("b") == first);
  fs::permissions(world.directory.path() / "b/pom.xml", fs::perms::owner_all);
  CHECK(push("b") != first);
  world.write("a/pom.xml", "<project></project>");
  CHECK(push("a") != first);
}

TEST_CASE("a source image lies beside the image") {
  const auto tag = registry::Reference::parse("registry.example:5000/acme/app:main", "tag");
  const auto beside = kpack_image::source_repository(tag);
  CHECK(beside.host == tag.repository.host);
  CHECK(beside.path == "acme/app-source");
}
