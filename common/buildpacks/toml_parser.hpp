// toml++ as this project uses it, for the files that parse TOML. Texts go through nests_too_deep() first.
#pragma once

#define TOML_ENABLE_FORMATTERS 0
// Its assertions end the program on texts that are not TOML ("[.a]"), before its own checks refuse them.
#define TOML_ASSERT(condition) static_assert(true)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wundef"
#include <toml++/toml.h>
#pragma GCC diagnostic pop
