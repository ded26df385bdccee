#include "image/platform.hpp"

namespace image {

void describe(json::Fields<PlatformFields>& fields) {
  fields.optional("os", &PlatformFields::os, "the operating system. Default: `linux`");
  fields.optional("architecture", &PlatformFields::architecture,
                  "the architecture as Go names it, as in `amd64` or `arm64/v8`. Default: the worker's");
  fields.optional("variant", &PlatformFields::variant, "the variant of the architecture, as in `v8`");
}

registry::Platform to_platform(const std::optional<PlatformFields>& fields) {
  registry::Platform result = registry::host_platform();
  if (!fields) return result;
  if (!fields->os.empty()) result.os = fields->os;
  if (!fields->architecture.empty()) {
    const auto slash = fields->architecture.find('/');
    result.architecture = fields->architecture.substr(0, slash);
    result.variant = slash == std::string::npos ? "" : fields->architecture.substr(slash + 1);
  }
  if (!fields->variant.empty()) result.variant = fields->variant;
  return result;
}

}  // namespace image
