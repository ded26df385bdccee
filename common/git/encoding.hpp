// Encodings of text other than UTF-8: those that commits declare (git-commit, "DISCUSSION") and those that
// working-tree-encoding asks for (gitattributes(5)). Names are read as iconv reads them, whatever their case and
// dashes. Conversion is done here, by tables: glibc's iconv reads modules from the file system, and a static program on
// a root that it does not know has none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace git {

// The text as UTF-8; nothing for an encoding that is not known here, and for bytes that it does not have.
[[nodiscard]] std::optional<std::string> decoded(std::string_view bytes, std::string_view encoding);

// UTF-8 in another encoding, which may also be UTF-16 or UTF-32, with a byte order mark where git writes one; nothing
// likewise.
[[nodiscard]] std::optional<std::string> encoded(std::string_view utf8, std::string_view encoding);

enum class Encoding {
  utf8,         // no conversion
  convertible,  // by decoded() and encoded()
  like_ascii,   // not known here, but a text of ASCII is the same in it
  unknown,
};
[[nodiscard]] Encoding classify_encoding(std::string_view encoding);

}  // namespace git
