// YAML from outside (yaml.org, 1.2, with the core schema's null, true and false), parsed with bounds into the project's
// JSON values: all other scalars become text, since a kubeconfig has nothing else.
#pragma once

#include <string_view>

#include "json/value.hpp"

namespace kubernetes {

// One document of at most 1 MiB. `path` names the field in the error. Error{usage} with line and column for what is not
// YAML; for keys that are not text or stand twice; for nesting, and for what anchors expand to, beyond the bounds.
[[nodiscard]] json::Value parse_yaml(std::string_view text, const std::string& path);

}  // namespace kubernetes
