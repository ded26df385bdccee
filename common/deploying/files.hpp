// What those who deploy an image read, as files in deploy/ of a get: the image by its digest in the words of the tool
// that takes it to the cluster. docs/deploying.md shows each in use.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "json/types.hpp"

namespace deploying {

enum class Form {
  kustomize,    // deploy/kustomization.yaml, a component of kustomize with an images transformer
  helm_values,  // deploy/helm-values.yaml, image.repository and its siblings
  patch,        // deploy/patch.yaml, a JSON patch (RFC 6902) that `kubectl patch` takes
};

struct Image {
  std::string repository;  // as manifests name it
  std::string tag;
  std::string digest;
};

// The documents alone. What they hold may come from a cluster or a registry: all of it is quoted.
[[nodiscard]] std::string kustomization(const std::vector<Image>& images);
[[nodiscard]] std::string helm_values(const Image& image);
[[nodiscard]] std::string patch(const Image& image);

// deploy/ below the destination, with the forms that are asked for; nothing where none is.
void write_files(const std::vector<Form>& forms, const Image& image, const std::filesystem::path& destination);

// One of them, made where it is not there: deploy/`name`.
void write_file(const std::filesystem::path& destination, const std::string& name, const std::string& text);

// The description of params.deploy, for every kind that takes the three.
inline constexpr const char* help =
    "list of files for deployers, written to `deploy/`. `kustomize`: `kustomization.yaml`, a component that sets the "
    "digest. `helm-values`: `helm-values.yaml`, with `image.repository`, `image.tag` and `image.digest`. `patch`: "
    "`patch.yaml`, for `kubectl patch --type=json`. Default: none";

}  // namespace deploying

namespace json {
template <>
struct Type<deploying::Form> {
  static deploying::Form read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
