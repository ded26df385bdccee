#include "image/platform.hpp"

namespace image {

void describe(json::Fields<PlatformFields>& fields) {
  fields.optional("os", &PlatformFields::os, "operating system; default linux");
  fields.optional("architecture", &PlatformFields::architecture,
                  "architecture as Go names it, amd64 or arm64/v8; default this machine's");
  fields.optional("variant", &PlatformFields::variant, "variant of the architecture, such as v8");
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
