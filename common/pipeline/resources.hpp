// The resources of a pipeline, by who made their type: this project, or one whose type this project's takes the place
// of.
#pragma once

#include <map>
#include <set>
#include <string>

#include "json/value.hpp"
#include "pipeline/document.hpp"

namespace pipeline {

enum class Maker { ours, git, registry_image, kpack, other };

struct Resource {
  std::string name;
  std::string type;
  Maker maker = Maker::other;
  const json::Value* value = nullptr;
  Path path;
};

// An object's member; an empty object where it has none, or null.
[[nodiscard]] const json::Value& member(const json::Value& object, const char* name);

// By name. A type is ours when its name, or the last part of its image's repository, begins with "build-service". The
// `defaults` of a type are put into the sources of its resources, as Concourse does (their fields win), and the
// `unknown` paths below them with them. Points into `pipeline`.
[[nodiscard]] std::map<std::string, Resource> resources_of(json::Value& pipeline, std::set<Path>& unknown);

}  // namespace pipeline
