// Running the programs of buildpacks: as the builder's user, with exactly the given environment, and with nothing
// left running afterwards.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "lifecycle/environment.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

// Between its life and its end no process of a buildpack may outlive the phase: orphans become children of this
// process, and are killed. It also hides this process's memory from other users.
class Containment {
 public:
  Containment();
  ~Containment();
  Containment(const Containment&) = delete;
  Containment& operator=(const Containment&) = delete;
};

struct Run {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  Variables variables;
};

// Runs in the application folder; both outputs go to `output`. Error{usage} when it cannot be started.
[[nodiscard]] base::ExitStatus execute(const Platform& platform, const Run& run,
                                       const std::function<void(std::string_view)>& output);

// A directory that belongs to the builder's user, for the files that one of its programs reads and writes.
class ExchangeDirectory {
 public:
  ExchangeDirectory(const Platform& platform, std::string_view purpose);
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  base::TemporaryDirectory directory_;
};

}  // namespace lifecycle
