#include "kpack_image/write_image.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/resources.hpp"

namespace kpack_image {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

constexpr int most_attempts = 10;
constexpr milliseconds between_attempts(100);

std::optional<kpack::Image> read(kubernetes::Client& client, const std::string& space, const std::string& name) {
  auto found = client.find(kpack::image_resource, space, name);
  return found ? std::optional<kpack::Image>(kpack::Image(std::move(*found))) : std::nullopt;
}

// Nothing when somebody else was faster.
std::optional<kpack::Image> create(kubernetes::Client& client, const std::string& space, const std::string& name,
                                   const Creation& creation, base::Log& log) {
  try {
    kpack::Image made(
        client.create(kpack::image_resource, space, kpack::new_image(space, name, creation.tag, creation.first)));
    log.success(fmt::format("Image Resource \"{}\" created", name));
    return made;
  } catch (const Error& error) {
    if (error.code() != kubernetes::already_exists) throw;
    log.info(fmt::format("the Image {} was created by another meanwhile", name));
    return std::nullopt;
  }
}

std::optional<kpack::Image> patch(kubernetes::Client& client, const std::string& space, const kpack::Image& image,
                                  const kpack::Patch& patch, base::Log& log) {
  try {
    kpack::Image changed(
        client.patch(kpack::image_resource, space, image.name, kpack::merge_patch(image.resource_version, patch)));
    log.success(fmt::format("Image Resource \"{}\" patched", image.name));
    return changed;
  } catch (const Error& error) {
    const bool is_gone = error.kind() == ErrorKind::not_found;
    if (error.code() != kubernetes::conflict && !is_gone) throw;
    log.debug(fmt::format("the Image {} was {} meanwhile", image.name, is_gone ? "deleted" : "changed"));
    return std::nullopt;
  }
}

}  // namespace

kpack::Image write_image(kubernetes::Client& client, const std::string& space, const std::string& name,
                         std::optional<kpack::Image> image, const kpack::ImageChange& change,
                         const std::optional<Creation>& creation, base::Log& log) {
  std::vector<kpack::Difference> shown;
  for (int attempt = 1; attempt <= most_attempts; ++attempt) {
    if (!image && !creation) {
      throw Error(ErrorKind::not_found,
                  {"build", fmt::format("the Image {} in namespace {}", name, space), "there is no such Image",
                   "check source.image and source.namespace, or give params.create"});
    }
    std::optional<kpack::Image> written;
    if (!image) {
      written = create(client, space, name, *creation, log);
    } else {
      const auto made = kpack::patch_for(*image, change);
      if (made.empty()) {
        log.info(fmt::format("Image Resource \"{}\" patched (no change)", name));
        return std::move(*image);
      }
      if (made.differences != shown) {
        log.info(fmt::format("Image {} in namespace {}:", name, space));
        kpack::print(made.differences, log);
        shown = made.differences;
      }
      written = patch(client, space, *image, made, log);
    }
    if (written) return std::move(*written);
    client.clock().sleep(between_attempts * attempt);
    image = read(client, space, name);
  }
  throw Error(ErrorKind::transient,
              {"change", fmt::format("the Image {} in namespace {}", name, space),
               fmt::format("others changed it {} times meanwhile", most_attempts), "try again later"});
}

}  // namespace kpack_image
