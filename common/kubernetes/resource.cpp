#include "kubernetes/resource.hpp"

#include <fmt/format.h>

#include "http/url.hpp"

namespace kubernetes {

std::string path_of(const Resource& resource, std::string_view space, std::string_view name,
                    std::string_view subresource) {
  std::string path = fmt::format("{}/{}", group_path(resource), resource.version);
  if (resource.scope == Scope::namespaced && !space.empty()) path += "/namespaces/" + http::percent_encode(space);
  path += fmt::format("/{}", resource.plural);
  if (!name.empty()) path += "/" + http::percent_encode(name);
  if (!subresource.empty()) path += fmt::format("/{}", subresource);
  return path;
}

std::string group_path(const Resource& resource) {
  return resource.group.empty() ? "/api" : fmt::format("/apis/{}", resource.group);
}

std::string described(const Resource& resource) {
  return resource.group.empty() ? std::string(resource.plural)
                                : fmt::format("{} ({})", resource.plural, resource.group);
}

}  // namespace kubernetes
