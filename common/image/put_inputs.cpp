#include "image/put_inputs.hpp"

#include "base/error.hpp"
#include "base/presence.hpp"
#include "concourse/inputs.hpp"
#include "lifecycle/platform.hpp"
#include "registry/input.hpp"

namespace image {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

lifecycle::Binding read_binding(const std::string& name, const BindingParam& param, const fs::path& inputs) {
  const auto field = "params.bindings." + name;
  if (!param.directory.empty()) {
    return lifecycle::read_binding(name, concourse::input_directory(inputs, param.directory, field), field);
  }
  lifecycle::Binding binding{name, param.secrets};
  binding.entries["type"] = param.type;
  if (!param.provider.empty()) binding.entries["provider"] = param.provider;
  return binding;
}

}  // namespace

lifecycle::SourceLocation source_location(const PutParams& params, const fs::path& inputs) {
  lifecycle::SourceLocation location;
  location.root = concourse::input_directory(inputs, params.source, "params.source");
  const auto root = fs::canonical(inputs);
  const auto relative = location.root.lexically_relative(root);
  location.top = relative == "." ? root : root / *relative.begin();
  if (params.path.empty()) return location;
  location.application = fs::path(params.path).lexically_normal();
  // A link would lead the build to another place than the one that is hashed.
  auto path = location.root;
  for (const auto& part : location.application) {
    path /= part;
    const auto status = base::status_if_exists(path);
    if (status && S_ISDIR(status->st_mode)) continue;
    throw Error(ErrorKind::usage,
                {"use params.path", params.path, status ? "it is not a directory" : "the source has no such directory",
                 "name the application's directory below " + params.source});
  }
  return location;
}

std::vector<lifecycle::Binding> read_bindings(const PutParams& params, const fs::path& inputs) {
  std::vector<lifecycle::Binding> bindings;
  for (const auto& [name, param] : params.bindings) bindings.push_back(read_binding(name, param, inputs));
  return bindings;
}

std::string builder_name(const PutParams& params, const fs::path& inputs, const base::Environment& environment) {
  if (!params.builder.empty()) return registry::image_of_input(inputs, params.builder, "params.builder").text();
  const auto name = environment.get_or("BUILD_SERVICE_BUILDER", "");
  if (!name.empty()) return name;
  const auto system = lifecycle::read_distribution("/etc/os-release");
  return system.name.empty() ? "" : system.name + " " + system.version;
}

std::vector<builds::NamedSecret> secrets_of(const std::vector<lifecycle::Binding>& bindings) {
  std::vector<builds::NamedSecret> secrets;
  for (const auto& binding : bindings) {
    for (const auto& [entry, value] : binding.entries) {
      if (entry != "type" && entry != "provider") secrets.push_back({binding.name + "/" + entry, value});
    }
  }
  return secrets;
}

std::vector<builds::NamedSecret> secrets_of(const PutParams& params, const std::vector<lifecycle::Binding>& bindings) {
  auto secrets = secrets_of(bindings);
  for (const auto& [name, value] : params.env) secrets.push_back({name, value});
  return secrets;
}

}  // namespace image
