#include "lifecycle/environment.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"

using lifecycle::BuildEnvironment;
using Settings = lifecycle::BuildEnvironment::UserSettings;

namespace {

class Folders {
 public:
  void add(const std::string& path, const std::string& value) const {
    std::filesystem::create_directories((directory_.path() / path).parent_path());
    base::write_file(directory_.path() / path, value);
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

 private:
  base::TemporaryDirectory directory_{"environment"};
};

const base::Environment engine({{"PATH", "/bin"},
                                {"https_proxy", "http://proxy:3128"},
                                {"SSL_CERT_FILE", "/etc/ca.pem"},
                                {"BUILD_ID", "7"},
                                {"AWS_SECRET_ACCESS_KEY", "s3cret"},
                                {"HOME", "/root"}});

}  // namespace

TEST_CASE("buildpacks see paths, proxies and certificates of the engine's environment, and nothing else") {
  const BuildEnvironment environment(engine, "/home/cnb");
  CHECK(environment.with_overrides("/none", "/none", Settings::seen) ==
        lifecycle::Variables{{"HOME", "/home/cnb"},
                             {"PATH", "/bin"},
                             {"SSL_CERT_FILE", "/etc/ca.pem"},
                             {"https_proxy", "http://proxy:3128"}});
}

TEST_CASE("suffixes say what becomes of a variable") {
  const Folders folders;
  folders.add("env/A", "plain");
  folders.add("env/B.append", "end");
  folders.add("env/B.delim", ":");
  folders.add("env/PATH.prepend", "/first");
  folders.add("env/PATH.delim", ":");
  folders.add("env/C.default", "fallback");
  folders.add("env/HOME.default", "unused");
  folders.add("env/D.unknown", "x");
  BuildEnvironment environment(engine, "/home/cnb");
  environment.add_directory(folders.path("env"));
  environment.add_directory(folders.path("env"));
  const auto variables = environment.with_overrides("/none", "/none", Settings::seen);
  CHECK(variables.at("A") == "plain");
  CHECK(variables.at("B") == "end:end");
  CHECK(variables.at("PATH") == "/first:/first:/bin");
  CHECK(variables.at("C") == "fallback");
  CHECK(variables.at("HOME") == "/home/cnb");
  CHECK_FALSE(variables.contains("D"));
}

TEST_CASE("a build layer's folders come first in the paths") {
  const Folders folders;
  folders.add("layer/bin/tool", "");
  folders.add("layer/lib/x.so", "");
  BuildEnvironment environment(engine, "/home/cnb");
  environment.add_layer(folders.path("layer"));
  const auto variables = environment.with_overrides("/none", "/none", Settings::seen);
  CHECK(variables.at("PATH") == folders.path("layer/bin").string() + ":/bin");
  CHECK(variables.at("LD_LIBRARY_PATH") == folders.path("layer/lib").string());
  CHECK_FALSE(variables.contains("CPATH"));
}

TEST_CASE("the user's settings win over layers, the operator's over both where they say so") {
  const Folders folders;
  folders.add("platform/env/A", "user");
  folders.add("platform/env/PATH", "/user");
  folders.add("config/env/A", "operator's default");
  folders.add("config/env/B", "operator's default");
  folders.add("config/env/C.override", "forced");
  const BuildEnvironment environment(engine, "/home/cnb");
  const auto seen = environment.with_overrides(folders.path("platform"), folders.path("config"), Settings::seen);
  CHECK(seen.at("A") == "user");
  CHECK(seen.at("PATH") == "/user:/bin");
  CHECK(seen.at("B") == "operator's default");
  CHECK(seen.at("C") == "forced");
  const auto cleared = environment.with_overrides(folders.path("platform"), folders.path("config"), Settings::cleared);
  CHECK(cleared.at("A") == "operator's default");
  CHECK(cleared.at("PATH") == "/bin");
}
