#include "buildpacks/descriptor.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace buildpacks {
namespace {

using base::Error;
using base::ErrorKind;

ApiVersion read_api(const TomlReader& document) {
  const auto text = document.text("api");
  const auto api = ApiVersion::parse(text);
  if (!api || *api < oldest_buildpack_api || *api > newest_buildpack_api) {
    throw Error(ErrorKind::usage,
                {"use buildpack", document.file(), fmt::format("Buildpack API \"{}\" is not supported", text),
                 fmt::format("supported are {} to {}", oldest_buildpack_api.text(), newest_buildpack_api.text())});
  }
  return *api;
}

Target read_target(const TomlReader& table) {
  Target target{table.text_or("os"), table.text_or("arch"), table.text_or("arch-variant"), {}};
  for (const auto& distro : table.tables("distros")) {
    target.distributions.push_back({distro.text_or("name"), distro.text_or("version")});
  }
  return target;
}

// Buildpacks from before targets: their stacks are understood where a target can be read from them; a buildpack
// with a bin/build serves any Linux (the reference's bp_descriptor.go).
void infer_targets(Descriptor& descriptor, const TomlReader& document) {
  const auto stacks = document.tables("stacks");
  for (const auto& stack : stacks) {
    const auto id = stack.text_or("id");
    if (id == "*") descriptor.targets.push_back({});
    if (id == "io.buildpacks.stacks.bionic" && (descriptor.api >= ApiVersion{0, 10} || stacks.size() == 1)) {
      descriptor.targets.push_back({"linux", "amd64", "", {{"ubuntu", "18.04"}}});
    }
  }
  if (descriptor.targets.empty() && std::filesystem::exists(descriptor.root / "bin/build")) {
    descriptor.targets.push_back({"linux", "", "", {}});
  }
}

}  // namespace

Descriptor read_descriptor(const std::filesystem::path& buildpack_toml) {
  const auto document = parse_toml(base::read_file(buildpack_toml), buildpack_toml.string());
  const TomlReader reader(document, buildpack_toml.string());
  Descriptor descriptor;
  descriptor.root = buildpack_toml.parent_path();
  descriptor.api = read_api(reader);
  const auto info = reader.table("buildpack");
  if (!info) reader.fail("buildpack", "is missing");
  descriptor.id = info->text("id");
  descriptor.version = info->text_or("version");
  descriptor.name = info->text_or("name");
  descriptor.homepage = info->text_or("homepage");
  descriptor.clear_env = info->flag("clear-env");
  descriptor.sbom_formats = info->texts("sbom-formats").value_or(std::vector<std::string>());
  if (descriptor.api >= ApiVersion{0, 12}) {
    descriptor.execution_environments = info->texts("exec-env").value_or(std::vector<std::string>());
  }
  descriptor.order = read_order_tables(reader);
  for (const auto& target : reader.tables("targets")) descriptor.targets.push_back(read_target(target));
  if (descriptor.targets.empty()) infer_targets(descriptor, reader);
  return descriptor;
}

Descriptor Store::find(const GroupElement& element) const {
  const auto path = buildpacks_ / escaped(element.id) / element.version / "buildpack.toml";
  // An id or version that leaves the folder ("..") names no buildpack of it.
  const bool plain = element.id != ".." && element.version != ".." && element.version.find('/') == std::string::npos;
  if (!plain || !std::filesystem::exists(path)) {
    throw Error(ErrorKind::usage,
                {"find buildpack", element.text(), fmt::format("there is no {} in this builder", path.string()),
                 "use a builder whose order.toml names only buildpacks that it has"});
  }
  return read_descriptor(path);
}

std::string escaped(std::string_view id) {
  std::string result(id);
  std::replace(result.begin(), result.end(), '/', '_');
  return result;
}

}  // namespace buildpacks
