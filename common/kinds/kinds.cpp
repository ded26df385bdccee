#include "kinds/kinds.hpp"

#include <array>

#include "image/kind.hpp"
#include "kpack_image/kind.hpp"
#include "source/kind.hpp"

namespace kinds {
namespace {

constexpr concourse::NotServed not_yet{"use source.uri, source.repository or source.image"};
constexpr concourse::NotServed no_put_yet{"use source.repository to build and push an image, or the kpack resource"};

concourse::Kind fleet() { return {"fleet", "fleet", "images rebased together", not_yet, not_yet, no_put_yet}; }

}  // namespace

std::span<const concourse::Kind> all() {
  static const std::array kinds{source::kind(), image::kind(), kpack_image::kind(), fleet()};
  return kinds;
}

}  // namespace kinds
