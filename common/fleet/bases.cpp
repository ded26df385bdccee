#include "fleet/bases.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_platforms = 32;

// Attestations are listed as images of the platform unknown/unknown.
bool is_image(const registry::Descriptor& entry) { return entry.platform && entry.platform->os != "unknown"; }

}  // namespace

std::string text_of(const registry::Platform& platform) {
  return fmt::format("{}/{}{}{}", platform.os, platform.architecture, platform.variant.empty() ? "" : "/",
                     platform.variant);
}

const lifecycle::RunImage* Bases::find(const registry::Platform& platform) const {
  for (const auto& image : images) {
    const auto own = image.image.platform();
    // As registry::choose() has it: variants count where both say one.
    const bool same_variant = own.variant.empty() || platform.variant.empty() || own.variant == platform.variant;
    if (own.os == platform.os && own.architecture == platform.architecture && same_variant) return &image;
  }
  return nullptr;
}

Bases read_bases(registry::Client& client, const registry::Reference& reference) {
  const auto raw = client.find_manifest(reference);
  if (!raw) {
    throw Error(ErrorKind::not_found,
                {"find run image", reference.text(), "there is no such image", "check params.run_image"});
  }
  Bases result{reference.with(raw->digest), {}};
  if (!raw->is_index()) {
    result.images.push_back(lifecycle::find_run_image(client, {result.reference, {}}, reference.repository, {}));
    return result;
  }
  for (const auto& entry : registry::parse_index(*raw, "run image " + reference.text()).entries) {
    if (!is_image(entry)) continue;
    if (result.images.size() == most_platforms) {
      throw Error(ErrorKind::protocol, {"read run image", reference.text(),
                                        fmt::format("it is there for more than {} platforms", most_platforms), ""});
    }
    result.images.push_back(
        lifecycle::find_run_image(client, {reference.with(entry.digest), {}}, reference.repository, *entry.platform));
  }
  if (result.images.empty()) {
    throw Error(ErrorKind::usage, {"use run image", reference.text(), "the index lists no image", ""});
  }
  return result;
}

}  // namespace fleet
