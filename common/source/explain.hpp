// What a request of the source kind is and what it would contact, without contacting it; and the JSON Schemas of its
// source and of a get's params.
#pragma once

#include <string>

#include "concourse/request.hpp"
#include "json/value.hpp"

namespace source {

[[nodiscard]] std::string explain(const concourse::Request& request);
[[nodiscard]] json::Value source_schema();
[[nodiscard]] json::Value in_params_schema();

}  // namespace source
