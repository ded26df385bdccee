// What a builder has, and what of an image is older: no rebase mends that, only a build does. Read from the labels of
// both (platform.md, "Image Metadata Labels"; builder metadata as `pack` writes it). Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fleet/record.hpp"
#include "registry/manifest.hpp"

namespace fleet {

struct Builder {
  std::map<std::string, std::vector<std::string>> buildpacks;  // versions by id
  std::string lifecycle;     // its version: the launcher that the reference lifecycle brings
  std::string own_launcher;  // the version of ours, which comes with these programs
};

// Nothing when the image does not say what it has: it is not a builder.
[[nodiscard]] std::optional<Builder> parse_builder(const registry::Image& image);

// Buildpacks and the launcher that are older than the builder's, or that the builder does not have any more. A launcher
// is compared with one of its own origin: the reference lifecycle's, or ours.
[[nodiscard]] std::vector<NeededBuild> needs_of(const registry::Image& image, const Builder& builder);

// Whether version `a` comes before `b`: by their numbers, and where those are equal, a pre-release before its release.
[[nodiscard]] bool is_older(std::string_view a, std::string_view b);

}  // namespace fleet
