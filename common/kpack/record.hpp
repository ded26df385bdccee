// A Build as the build record that every engine writes: for metadata, tables and files.
#pragma once

#include <optional>

#include "builds/history.hpp"
#include "builds/record.hpp"
#include "kpack/objects.hpp"
#include "kpack/pod.hpp"

namespace kpack {

// `pod` gives the phases' times, where it is still there.
[[nodiscard]] builds::BuildRecord record_of(const Build& build, const std::optional<Pod>& pod = std::nullopt);

// "SUCCESS", "FAILURE" or "BUILDING", as `kp build list` writes them.
[[nodiscard]] std::string_view status_of(const Build& build);

[[nodiscard]] builds::BuildRow row_of(const Build& build);

}  // namespace kpack
