// A directory of a put that is a checkout of a git repository, as a get of the source kind or of the git resource
// leaves it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "git/object_id.hpp"

namespace kpack_image {

struct LocalCheckout {
  std::string remote;  // the address of its remote "origin"
  git::ObjectId commit;
};

// Nothing when the directory is not the top of a checkout, has no such remote, or has files that differ from the
// commit, those that git does not know included.
[[nodiscard]] std::optional<LocalCheckout> clean_checkout(const std::filesystem::path& directory);

// Whether two addresses name one repository, whichever protocol they go by: "git@host:acme/app.git" and
// "https://host/acme/app" do.
[[nodiscard]] bool is_same_repository(const std::string& one, const std::string& other);

}  // namespace kpack_image
