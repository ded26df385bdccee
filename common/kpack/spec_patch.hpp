// A JSON merge patch (RFC 7396) of just the members of a spec that differ, and what people are shown of it.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "json/value.hpp"

namespace kpack {

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

// A member's value in one line; empty for none.
[[nodiscard]] std::string shown_text(const json::Value& value);

// Puts `value` at a path of the spec, unless it stands there; null removes what does.
void set(Patch& patch, const json::Value& spec, const std::vector<std::string>& path, const json::Value& value);

// The document for the API: the patch, on the condition that the object still has the resourceVersion that was read.
[[nodiscard]] json::Value merge_patch(const std::string& resource_version, const Patch& patch);

// The differences in colours, as `kp` shows those of a build.
void print(const std::vector<Difference>& differences, base::Log& log);

}  // namespace kpack
