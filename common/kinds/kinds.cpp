#include "kinds/kinds.hpp"

#include <array>

#include "fleet/kind.hpp"
#include "image/kind.hpp"
#include "kpack_image/kind.hpp"
#include "source/kind.hpp"

namespace kinds {

std::span<const concourse::Kind> all() {
  static const std::array kinds{source::kind(), image::kind(), kpack_image::kind(), fleet::kind()};
  return kinds;
}

}  // namespace kinds
