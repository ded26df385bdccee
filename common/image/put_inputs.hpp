// What the params of a put name below its inputs, read: the source, the builder, the bindings.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/environment.hpp"
#include "builds/secrets.hpp"
#include "image/put_params.hpp"
#include "lifecycle/bindings.hpp"
#include "lifecycle/prepare.hpp"

namespace image {

// Error{usage} naming the field, for all of these.
[[nodiscard]] lifecycle::SourceLocation source_location(const PutParams& params, const std::filesystem::path& inputs);
[[nodiscard]] std::vector<lifecycle::Binding> read_bindings(const PutParams& params,
                                                            const std::filesystem::path& inputs);
// What the image is built by: params.builder, else the name that the builder's image tells, else the system that it is.
[[nodiscard]] std::string builder_name(const PutParams& params, const std::filesystem::path& inputs,
                                       const base::Environment& environment);

// The values of bindings that are secrets: all but types and providers.
[[nodiscard]] std::vector<builds::NamedSecret> secrets_of(const std::vector<lifecycle::Binding>& bindings);
// With the values of variables, which a live log may show and one that is kept may not.
[[nodiscard]] std::vector<builds::NamedSecret> secrets_of(const PutParams& params,
                                                          const std::vector<lifecycle::Binding>& bindings);

}  // namespace image
