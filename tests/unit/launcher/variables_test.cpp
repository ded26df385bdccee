#include "launcher/variables.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"

using launcher::Variables;
using Texts = std::vector<std::string>;

namespace {

base::Environment environment(base::Environment::Variables variables) {
  return base::Environment(std::move(variables));
}

// A layer on disk, written file by file.
class Layer {
 public:
  Layer& with(const std::string& file, const std::string& content) {
    const auto path = directory_.path() / file;
    std::filesystem::create_directories(path.parent_path());
    base::write_file(path, content);
    return *this;
  }
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return name.empty() ? directory_.path().string() : (directory_.path() / name).string();
  }

 private:
  base::TemporaryDirectory directory_{"layer"};
};

std::string after(const Layer& layer, base::Environment::Variables before, const std::string& name) {
  Variables variables(environment(std::move(before)));
  variables.add_directory(layer.path("env"));
  return variables.get(name);
}

}  // namespace

TEST_CASE("the launcher's own variables and folders do not reach the process") {
  const Variables variables(environment({{"CNB_LAYERS_DIR", "/l"},
                                         {"CNB_APP_DIR", "/a"},
                                         {"CNB_PLATFORM_API", "0.12"},
                                         {"CNB_PROCESS_TYPE", "web"},
                                         {"CNB_DEPRECATION_MODE", "quiet"},
                                         {"CNB_STACK_ID", "stack"},
                                         {"PATH", "/cnb/process:/cnb/lifecycle:/usr/bin:/cnb/process::/bin"}}));
  CHECK(variables.list() == Texts{"CNB_STACK_ID=stack", "PATH=/usr/bin::/bin"});
  CHECK(Variables(environment({{"PATH", "/cnb/process"}})).list() == Texts{"PATH="});
}

TEST_CASE("a layer's bin and lib come first on the paths") {
  Layer layer;
  layer.with("bin/tool", "").with("lib/libx.so", "").with("include/x.h", "");
  Variables variables(environment({{"PATH", "/bin"}}));
  variables.add_layer_root(layer.path());
  CHECK(variables.list() == Texts{"LD_LIBRARY_PATH=" + layer.path("lib"), "PATH=" + layer.path("bin") + ":/bin"});
}

TEST_CASE("a file's suffix says what happens to the variable") {
  const Layer layer = std::move(Layer()
                                    .with("env/PLAIN", "new")
                                    .with("env/OVERRIDE.override", "new")
                                    .with("env/DEFAULT.default", "new")
                                    .with("env/APPEND.append", "new")
                                    .with("env/PREPEND.prepend", "new")
                                    .with("env/UNKNOWN.other", "new")
                                    .with("env/LONG.append.x", "new"));
  const struct {
    const char* name;
    const char* on_old;    // "old" was there before
    const char* on_empty;  // the variable was empty, or not there
  } cases[] = {{"PLAIN", "new", "new"},     {"OVERRIDE", "new", "new"},   {"DEFAULT", "old", "new"},
               {"APPEND", "oldnew", "new"}, {"PREPEND", "newold", "new"}, {"UNKNOWN", "old", ""},
               {"LONG", "old", ""}};
  for (const auto& expected : cases) {
    INFO(expected.name);
    CHECK(after(layer, {{expected.name, "old"}}, expected.name) == expected.on_old);
    CHECK(after(layer, {{expected.name, ""}}, expected.name) == expected.on_empty);
    CHECK(after(layer, {}, expected.name) == expected.on_empty);
  }
}

TEST_CASE("a file that is not of a variable is refused by its name") {
  Layer layer;
  layer.with("env/PATH=evil.override", "x");
  CHECK_THROWS_AS(after(layer, {}, "PATH"), base::Error);
  Layer pipe;
  pipe.with("env/A", "1");
  REQUIRE(mkfifo(pipe.path("env/B").c_str(), 0600) == 0);
  CHECK_THROWS_AS(after(pipe, {}, "A"), base::Error);
}

TEST_CASE("a delimiter stands between two values only") {
  Layer layer;
  layer.with("env/A.append", "new").with("env/A.delim", ", ").with("env/B.prepend", "new").with("env/B.delim", ":");
  CHECK(after(layer, {{"A", "old"}}, "A") == "old, new");
  CHECK(after(layer, {}, "A") == "new");
  CHECK(after(layer, {{"B", "old"}}, "B") == "new:old");
}

TEST_CASE("several files for one variable are applied in the order of their names") {
  Layer layer;
  layer.with("env/A.append", "1").with("env/A.override", "2").with("env/A.prepend", "3");
  CHECK(after(layer, {{"A", "0"}}, "A") == "32");
}

TEST_CASE("a value is the file's bytes, unchanged") {
  Layer layer;
  layer.with("env/A", " $HOME \n");
  CHECK(after(layer, {}, "A") == " $HOME \n");
}

TEST_CASE("folders in an env folder are passed over, and so are links to them") {
  Layer layer;
  layer.with("env/web/A", "x").with("env/B", "y");
  std::filesystem::create_directory_symlink("web", layer.path("env/C"));
  Variables variables{base::Environment()};
  variables.add_directory(layer.path("env"));
  CHECK(variables.list() == Texts{"B=y"});
}

TEST_CASE("a layer without an env folder changes nothing") {
  Variables variables{base::Environment()};
  variables.add_directory("/nonexistent/env");
  CHECK(variables.list().empty());
}

TEST_CASE("a value with a NUL byte is an error, not a shorter value") {
  Layer layer;
  layer.with("env/A", std::string("a\0b", 3));
  Variables variables{base::Environment()};
  CHECK_THROWS_AS(variables.add_directory(layer.path("env")), base::Error);
}
