#include "support/builder_world.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buildpacks/descriptor.hpp"

namespace test {

BuilderWorld::BuilderWorld() {
  const auto& root = directory.path();
  platform.cnb = root / "cnb";
  platform.layers = root / "layers";
  platform.workspace = root / "workspace";
  platform.application = platform.workspace;
  platform.fields = {"params.source", "params.run_image", "params.project"};
  platform.settings = root / "platform";
  platform.identity = {getuid(), getgid()};
  platform.home = "/home/cnb";
  for (const auto* name : {"cnb", "layers", "workspace", "platform/env", "notes"}) {
    std::filesystem::create_directories(root / name);
  }
  write("platform/env/NOTES", (root / "notes").string());
}

// A phase that runs buildpacks hides the process for good (Containment); the leak checker wants to look into it.
BuilderWorld::~BuilderWorld() { prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }

void BuilderWorld::add(const std::string& id, const Scripts& scripts) const {
  const auto folder = fmt::format("cnb/buildpacks/{}/1.0", buildpacks::escaped(id));
  write(folder + "/buildpack.toml",
        fmt::format("api = \"{}\"\n[buildpack]\nid = \"{}\"\nversion = \"1.0\"\n{}\n", scripts.api, id, scripts.toml));
  for (const auto& [name, script] : {std::pair("detect", scripts.detect), std::pair("build", scripts.build)}) {
    const auto path = fmt::format("{}/bin/{}", folder, name);
    write(path, "#!/bin/sh\n" + script + "\n");
    chmod((directory.path() / path).c_str(), 0755);
  }
}

void BuilderWorld::order(const std::string& groups) const {
  std::string text;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {
    text += "[[order]]\n";
    std::istringstream names(line);
    for (std::string name; names >> name;) {
      const bool optional = name.ends_with('?');
      if (optional) name.pop_back();
      text += fmt::format("[[order.group]]\nid = \"{}\"\nversion = \"1.0\"\noptional = {}\n", name, optional);
    }
  }
  write("cnb/order.toml", text);
}

void BuilderWorld::write(const std::string& path, const std::string& text) const {
  std::filesystem::create_directories((directory.path() / path).parent_path());
  base::write_file(directory.path() / path, text);
}

std::string BuilderWorld::note(const std::string& name) const {
  return base::read_file_if_exists(directory.path() / "notes" / name).value_or("");
}

}  // namespace test
