// kpack's kinds of objects, in the version that this project speaks (kpack.io/v1alpha2), and the labels and annotations
// that kpack puts on Builds (pkg/apis/build/v1alpha2).
#pragma once

#include <string_view>

#include "kubernetes/resource.hpp"

namespace kpack {

inline constexpr std::string_view api_version = "kpack.io/v1alpha2";

inline constexpr kubernetes::Resource image_resource{"kpack.io", "v1alpha2", "images", "Image"};
inline constexpr kubernetes::Resource build_resource{"kpack.io", "v1alpha2", "builds", "Build"};
inline constexpr kubernetes::Resource builder_resource{"kpack.io", "v1alpha2", "builders", "Builder"};
inline constexpr kubernetes::Resource cluster_builder_resource{"kpack.io", "v1alpha2", "clusterbuilders",
                                                               "ClusterBuilder", kubernetes::Scope::cluster};
inline constexpr kubernetes::Resource cluster_stack_resource{"kpack.io", "v1alpha2", "clusterstacks", "ClusterStack",
                                                             kubernetes::Scope::cluster};
inline constexpr kubernetes::Resource cluster_store_resource{"kpack.io", "v1alpha2", "clusterstores", "ClusterStore",
                                                             kubernetes::Scope::cluster};

namespace label {
inline constexpr std::string_view image = "image.kpack.io/image";
inline constexpr std::string_view build_number = "image.kpack.io/buildNumber";
inline constexpr std::string_view image_generation = "image.kpack.io/imageGeneration";
// On pods alone.
inline constexpr std::string_view build = "kpack.io/build";
}  // namespace label

namespace annotation {
inline constexpr std::string_view reason = "image.kpack.io/reason";
inline constexpr std::string_view build_changes = "image.kpack.io/buildChanges";
inline constexpr std::string_view builder_name = "image.kpack.io/builderName";
// On the latest Build: kpack builds once more. Never on an Image, whose annotations are copied to each of its Builds:
// it would build for ever.
inline constexpr std::string_view build_needed = "image.kpack.io/additionalBuildNeeded";
}  // namespace annotation

}  // namespace kpack
