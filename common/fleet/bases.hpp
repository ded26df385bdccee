// The new base of a fleet, read once: the run image for each platform that it is there for.
#pragma once

#include <string>
#include <vector>

#include "lifecycle/analyze.hpp"
#include "registry/client.hpp"

namespace fleet {

// "linux/arm64/v8"
[[nodiscard]] std::string text_of(const registry::Platform& platform);

struct Bases {
  registry::Reference reference;            // by the digest that was named: of the index, where it is one
  std::vector<lifecycle::RunImage> images;  // at least one

  // nullptr: there is no base for the platform.
  [[nodiscard]] const lifecycle::RunImage* find(const registry::Platform& platform) const;
};

// Error{not_found, usage} when it is not there, or has no layers.
[[nodiscard]] Bases read_bases(registry::Client& client, const registry::Reference& reference);

}  // namespace fleet
