// Texts of a declared encoding (the first line): what is decoded is UTF-8, and comes back when it is encoded again.
#include <string>

#include "fuzz/fuzzing.hpp"
#include "git/encoding.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto newline = std::min(text.find('\n'), text.size());
  const auto name = text.substr(0, newline);
  const auto bytes = text.substr(std::min(newline + 1, text.size()));
  fuzz::answers([&] {
    static_cast<void>(git::classify_encoding(name));
    static_cast<void>(git::encoded(bytes, name));
    const auto utf8 = git::decoded(bytes, name);
    if (!utf8) return;
    const auto back = git::encoded(*utf8, name);
    if (!back) return;
    // Byte order marks and the spare forms of some code pages change the bytes, never the text.
    const auto again = git::decoded(*back, name);
    fuzz::require(!again || *again == *utf8, "a text that is encoded and decoded is the same");
  });
  return 0;
}
