// What a put changes in an Image: from the fields given to a JSON merge patch of just those, and to what people are
// shown of it. (Server-side apply would drop what was set before: docs/decisions/0008-a-merge-patch-by-name.md.)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "json/value.hpp"
#include "kpack/objects.hpp"

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
};

// What differs, in the words of an Image's fields; values of variables are not shown, since they may be secret.
struct Difference {
  std::string field;
  std::string before;
  std::string after;
  friend bool operator==(const Difference&, const Difference&) = default;
};

struct Patch {
  json::Value spec;  // what stands below "spec" of the merge patch; empty: nothing changes
  std::vector<Difference> differences;
  [[nodiscard]] bool empty() const { return spec.empty(); }
};

// Error{usage} where the Image has no git repository that a revision could be of.
[[nodiscard]] Patch patch_for(const Image& image, const ImageChange& change);

// The document for the API: the patch, on the condition that the Image is still the one that was read.
[[nodiscard]] json::Value merge_patch(const Image& image, const Patch& patch);

// A whole Image for POST.
[[nodiscard]] json::Value new_image(const std::string& space, const std::string& name, const std::string& tag,
                                    const ImageChange& change);

// The differences in colours, as `kp` shows those of a build.
void print(const std::vector<Difference>& differences, base::Log& log);

}  // namespace kpack
