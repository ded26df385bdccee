// What a put changes in an Image: from the fields given to a JSON merge patch of just those, and to what people are
// shown of it. (Server-side apply would drop what was set before: docs/decisions/0008-a-merge-patch-by-name.md.)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "json/value.hpp"
#include "kpack/field_names.hpp"
#include "kpack/objects.hpp"
#include "kpack/spec_patch.hpp"

namespace kpack {

// The members of a spec; nothing: it stays as it is.
struct ImageChange {
  std::optional<Source> source;  // of git the place may be empty: the Image's own
  std::optional<std::string> sub_path;
  std::optional<BuilderReference> builder;
  std::map<std::string, std::optional<std::string>> env;  // nothing: the variable is removed
  std::optional<std::string> service_account;
  std::optional<json::Value> cache;  // as an Image has it: {volume: {...}} or {registry: {...}}
  std::optional<std::vector<std::string>> additional_tags;
  FieldNames fields;
};

// Error{usage} where the Image has no git repository that a revision could be of.
[[nodiscard]] Patch patch_for(const Image& image, const ImageChange& change);

// A whole Image for POST.
[[nodiscard]] json::Value new_image(const std::string& space, const std::string& name, const std::string& tag,
                                    const ImageChange& change);

}  // namespace kpack
