// Writing what a put wants to the Image, whoever else writes to it at the same time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "kpack/change.hpp"
#include "kpack/objects.hpp"
#include "kubernetes/client.hpp"

namespace kpack_image {

// A new Image's tag and first fields; nothing: it is not made.
struct Creation {
  std::string tag;
  kpack::ImageChange first;
};

// The Image as it is after the write: created where it was not there, else changed by a merge patch of just the fields
// that differ; what another changed meanwhile is read and the patch made anew, at most ten times. The log shows what
// changes. `image` is what was read before; nothing: it was not there. Error{not_found} without a creation.
[[nodiscard]] kpack::Image write_image(kubernetes::Client& client, const std::string& space, const std::string& name,
                                       std::optional<kpack::Image> image, const kpack::ImageChange& change,
                                       const std::optional<Creation>& creation, base::Log& log);

}  // namespace kpack_image
