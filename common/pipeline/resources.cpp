#include "pipeline/resources.hpp"

#include <algorithm>
#include <string_view>

namespace pipeline {
namespace {

struct Type {
  std::string image;  // the last part of its repository; "?" where that is not known
  json::Value defaults = json::Value::object();
  Path path;  // of the defaults
};

std::string_view last_part(std::string_view repository) {
  const auto slash = repository.rfind('/');
  if (slash != std::string_view::npos) repository.remove_prefix(slash + 1);
  return repository.substr(0, repository.find_first_of(":@"));
}

Maker maker_of(std::string_view type, const Type* declared) {
  const std::string_view image = declared == nullptr ? std::string_view{} : declared->image;
  if (type.starts_with("build-service") || image.starts_with("build-service")) return Maker::ours;
  if (image.find("kpack") != std::string_view::npos || type.find("kpack") != std::string_view::npos)
    return Maker::kpack;
  // Concourse's own types, or those images under a name of the pipeline's.
  if (image == "git-resource" || (declared == nullptr && type == "git")) return Maker::git;
  if (image == "registry-image-resource" || (declared == nullptr && type == "registry-image"))
    return Maker::registry_image;
  return Maker::other;
}

std::map<std::string, Type> types_of(const json::Value& pipeline) {
  std::map<std::string, Type> types;
  const auto& listed = member(pipeline, "resource_types");
  for (std::size_t index = 0; listed.is_array() && index < listed.size(); ++index) {
    const auto& value = listed[index];
    if (!value.is_object()) continue;
    const auto repository = json::text_or(member(value, "source"), "repository");
    types[json::text_or(value, "name")] = {std::string(last_part(repository.empty() ? "?" : repository)),
                                           member(value, "defaults"),
                                           {"resource_types", std::to_string(index), "defaults"}};
  }
  return types;
}

void put_defaults(json::Value& resource, const Path& path, const Type& type, std::set<Path>& unknown) {
  if (!type.defaults.is_object() || type.defaults.empty()) return;
  auto& source = resource["source"];
  if (source.is_null()) source = json::Value::object();
  if (!source.is_object()) return;
  for (const auto& [field, value] : type.defaults.items()) {
    if (source.contains(field)) continue;
    source[field] = value;
    Path from = type.path;
    from.push_back(field);
    std::set<Path> copied;
    for (const auto& each : unknown) {
      if (each.size() < from.size() || !std::equal(from.begin(), from.end(), each.begin())) continue;
      Path to = path;
      to.insert(to.end(), {"source", field});
      to.insert(to.end(), each.begin() + static_cast<std::ptrdiff_t>(from.size()), each.end());
      copied.insert(std::move(to));
    }
    unknown.merge(copied);
  }
}

}  // namespace

const json::Value& member(const json::Value& object, const char* name) {
  static const json::Value none = json::Value::object();
  const auto* found = object.is_object() ? json::find(object, name) : nullptr;
  return found == nullptr || found->is_null() ? none : *found;
}

std::map<std::string, Resource> resources_of(json::Value& pipeline, std::set<Path>& unknown) {
  const auto types = types_of(pipeline);
  std::map<std::string, Resource> resources;
  const auto listed = pipeline.find("resources");
  if (listed == pipeline.end() || !listed->is_array()) return resources;
  for (std::size_t index = 0; index < listed->size(); ++index) {
    auto& value = listed->at(index);
    if (!value.is_object()) continue;
    Resource resource{json::text_or(value, "name"),
                      json::text_or(value, "type"),
                      Maker::other,
                      &value,
                      {"resources", std::to_string(index)}};
    const auto type = types.find(resource.type);
    if (type != types.end()) put_defaults(value, resource.path, type->second, unknown);
    resource.maker = maker_of(resource.type, type == types.end() ? nullptr : &type->second);
    if (!resource.name.empty()) resources.emplace(resource.name, std::move(resource));
  }
  return resources;
}

}  // namespace pipeline
