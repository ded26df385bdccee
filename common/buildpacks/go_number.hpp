// Floating-point numbers as Go's strconv and encoding/json write them: the shortest digits that read back equal.
#pragma once

#include <string>

namespace buildpacks {

// strconv.FormatFloat(x, 'g', -1, 64), with ".0" where there would be neither point nor exponent (toml).
[[nodiscard]] std::string go_toml_float(double value);
// encoding/json: 1.0 is "1", 1e21 is "1e+21", 1e-7 is "1e-07" without the zero: "1e-7".
[[nodiscard]] std::string go_json_float(double value);

}  // namespace buildpacks
