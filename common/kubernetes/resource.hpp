// A kind of object as the API's URLs name it (kubernetes.io, "API concepts", "Resource URIs").
#pragma once

#include <string>
#include <string_view>

namespace kubernetes {

enum class Scope { namespaced, cluster };

struct Resource {
  std::string_view group;  // empty: the core group
  std::string_view version;
  std::string_view plural;  // "images"
  std::string_view kind;    // "Image"
  Scope scope = Scope::namespaced;
};

inline constexpr Resource pods{"", "v1", "pods", "Pod"};
inline constexpr Resource resource_quotas{"", "v1", "resourcequotas", "ResourceQuota"};
inline constexpr Resource namespaces{"", "v1", "namespaces", "Namespace", Scope::cluster};

// "/apis/kpack.io/v1alpha2/namespaces/apps/images"; with a name the object's own path. An empty `space` is all of them,
// for lists and watches; for what is not in a namespace it is ignored.
[[nodiscard]] std::string path_of(const Resource& resource, std::string_view space, std::string_view name = "",
                                  std::string_view subresource = "");

// "/apis/kpack.io" or "/api": what lists the versions of the group.
[[nodiscard]] std::string group_path(const Resource& resource);

// "images (kpack.io)" or "pods", for people.
[[nodiscard]] std::string described(const Resource& resource);

}  // namespace kubernetes
