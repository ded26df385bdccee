// Service bindings (servicebinding.io, "Workload Projection"): credentials and settings of services that buildpacks
// read below <platform>/bindings, a directory for each binding with the files `type`, `provider` and one for each
// entry. They are there for the build alone: nothing of them goes into a layer, a label, a record or a log that is
// kept.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lifecycle {

struct Binding {
  std::string name;
  std::map<std::string, std::string> entries;  // with type, and provider where there is one
};

// From the directory of a get or a task: its regular files, also behind the links that a projected volume is made of.
// Error{usage} naming `field` when there is no file `type`, or more than a binding may hold.
[[nodiscard]] Binding read_binding(const std::string& name, const std::filesystem::path& directory,
                                   const std::string& field);

// What is wrong with the name of a binding or of an entry, which become names of files; nothing: it may be one.
[[nodiscard]] std::optional<std::string> flaw_of_binding_name(const std::string& name);

// What a change of bindings is seen by: names of bindings and, stretched, their values.
[[nodiscard]] std::string fingerprint(const std::vector<Binding>& bindings);

}  // namespace lifecycle
