// A builder's folders in a temporary directory, with buildpacks that are shell scripts: for the phases that run them.
// The builder's user is the one that runs the tests.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>

#include "base/environment.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "lifecycle/platform.hpp"
#include "support/manual_clock.hpp"

namespace test {

struct Scripts {
  std::string detect = "exit 0";
  std::string build = "exit 0";
  std::string toml{};  // beside [buildpack]
  std::string api = "0.10";
};

class BuilderWorld {
 public:
  BuilderWorld();
  ~BuilderWorld();
  BuilderWorld(const BuilderWorld&) = delete;
  BuilderWorld& operator=(const BuilderWorld&) = delete;

  // Version 1.0 of buildpack `id`.
  void add(const std::string& id, const Scripts& scripts) const;
  // One group a line, its buildpacks separated by blanks, a "?" after those that are optional.
  void order(const std::string& groups) const;
  void write(const std::string& path, const std::string& text) const;
  // What a script wrote to <directory>/notes/<name>, which scripts know as $NOTES/<name>.
  [[nodiscard]] std::string note(const std::string& name) const;

  base::TemporaryDirectory directory{"builder-world"};
  lifecycle::Platform platform;
  base::Environment environment{{{"PATH", "/usr/bin:/bin"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}}};
  ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

}  // namespace test
