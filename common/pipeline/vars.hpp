// Concourse's vars, ((name)), ((name.field)) and ((source:name.field)), as `fly set-pipeline` and the web node put them
// into a pipeline (https://concourse-ci.org/vars.html).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "json/value.hpp"
#include "pipeline/document.hpp"

namespace pipeline {

// Puts what `vars` (an object) knows into every text of `value`. A text that is one var becomes the var's value, of
// whatever type; a var within a text becomes part of it. Returns the paths, which begin with `root`, of texts that
// still hold a var: a credential manager knows those, or a step of the build. With a `source` the vars are that
// source's,
// ((source:name)), and no others: "." is the source of local vars.
[[nodiscard]] std::set<Path> put_vars(json::Value& value, const json::Value& vars, const Path& root = {},
                                      std::string_view source = {});

}  // namespace pipeline
