#include "git/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/letters.hpp"
#include "git/encoding_tables.hpp"

namespace git {
namespace {

constexpr char32_t replacement = 0xFFFD;  // no character, in the tables
constexpr char32_t byte_order_mark = 0xFEFF;
constexpr std::size_t all_bytes = 256;

std::string plain_name(std::string_view name) {
  std::string result = base::lowered(name);
  std::erase_if(result, [](char c) { return c == '-' || c == '_' || c == ' ' || c == ':' || c == '.'; });
  return result;
}

struct Alias {
  std::string_view alias;
  std::string_view name;
};
constexpr std::array<Alias, 17> aliases{{{"latin1", "iso88591"},
                                         {"l1", "iso88591"},
                                         {"latin2", "iso88592"},
                                         {"latin3", "iso88593"},
                                         {"latin4", "iso88594"},
                                         {"latin5", "iso88599"},
                                         {"latin6", "iso885910"},
                                         {"latin9", "iso885915"},
                                         {"latin10", "iso885916"},
                                         {"cyrillic", "iso88595"},
                                         {"greek", "iso88597"},
                                         {"hebrew", "iso88598"},
                                         {"arabic", "iso88596"},
                                         {"ansix341968", "ascii"},
                                         {"usascii", "ascii"},
                                         {"macroman", "macintosh"},
                                         {"mac", "macintosh"}}};

// Multi-byte encodings whose lower half is ASCII.
constexpr std::array<std::string_view, 14> like_ascii{"gbk",   "gb2312",    "gb18030", "cp936", "euccn",
                                                      "big5",  "big5hkscs", "cp950",   "euctw", "eucjp",
                                                      "cp932", "euckr",     "cp949",   "uhc"};

std::string_view known_name(std::string_view plain) {
  for (const auto& [alias, name] : aliases) {
    if (alias == plain) return name;
  }
  return plain;
}

const ByteEncoding* find_byte_encoding(std::string_view plain) {
  std::string name(known_name(plain));
  for (const std::string_view prefix : {"cp125", "win125", "ms125"}) {
    if (name.starts_with(prefix)) name = "windows125" + name.substr(prefix.size());
  }
  if (name.starts_with("ibm")) name = "cp" + name.substr(3);
  const auto* const found = std::find_if(byte_encodings.begin(), byte_encodings.end(),
                                         [&](const ByteEncoding& one) { return one.name == name; });
  return found == byte_encodings.end() ? nullptr : &*found;
}

void append_utf8(std::string& text, char32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xC0U | c >> 6U);
    text += static_cast<char>(0x80U | (c & 0x3FU));
  } else {
    text += static_cast<char>(0xE0U | c >> 12U);
    text += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
    text += static_cast<char>(0x80U | (c & 0x3FU));
  }
}

// The first character, which is taken off the text; nothing where it is not UTF-8 (RFC 3629: the shortest form, no
// surrogates).
std::optional<char32_t> take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  if (size == 0 || text.size() < size) return std::nullopt;
  char32_t c = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
    c = c << 6U | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  if (c < smallest.at(size) || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return std::nullopt;
  text.remove_prefix(size);
  return c;
}

// UTF-16 and UTF-32, as glibc's iconv and git write them: without a byte order in the name the machine's, with a mark.
struct Wide {
  unsigned size = 0;  // bytes of a unit
  bool big_endian = false;
  bool marked = false;
};

std::optional<Wide> find_wide(std::string_view plain) {
  for (const unsigned size : {2U, 4U}) {
    const std::string_view name = size == 2 ? "utf16" : "utf32";
    if (!plain.starts_with(name)) continue;
    const auto rest = plain.substr(name.size());
    if (rest.empty()) return Wide{size, false, true};
    if (rest == "le") return Wide{size, false, false};
    if (rest == "be") return Wide{size, true, false};
    if (rest == "lebom" && size == 2) return Wide{size, false, true};
    if (rest == "bebom" && size == 2) return Wide{size, true, true};
  }
  return std::nullopt;
}

void append_unit(std::string& text, const Wide& wide, char32_t unit) {
  for (unsigned i = 0; i < wide.size; ++i) {
    const unsigned shift = 8 * (wide.big_endian ? wide.size - 1 - i : i);
    text += static_cast<char>(unit >> shift & 0xFFU);
  }
}

void append_wide(std::string& text, const Wide& wide, char32_t c) {
  if (wide.size == 2 && c >= 0x10000) {
    append_unit(text, wide, 0xD800 + ((c - 0x10000) >> 10U));
    append_unit(text, wide, 0xDC00 + ((c - 0x10000) & 0x3FFU));
  } else {
    append_unit(text, wide, c);
  }
}

std::optional<char> byte_of(const ByteEncoding& encoding, char32_t c) {
  const std::size_t begin = all_bytes - encoding.upper.size();
  if (c < begin) return static_cast<char>(c);
  const auto found = encoding.upper.find(static_cast<char16_t>(c));
  if (c > 0xFFFF || c == replacement || found == std::u16string_view::npos) return std::nullopt;
  return static_cast<char>(begin + found);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::optional<std::string> decoded(std::string_view bytes, std::string_view encoding) {
  const std::string plain = plain_name(encoding);
  if (plain == "utf8") return std::string(bytes);
  if (known_name(plain) == "ascii") return is_ascii(bytes) ? std::optional(std::string(bytes)) : std::nullopt;
  const auto* table = find_byte_encoding(plain);
  if (table == nullptr) return std::nullopt;
  const std::size_t begin = all_bytes - table->upper.size();
  std::string text;
  for (const char one : bytes) {
    const auto byte = static_cast<unsigned char>(one);
    const char32_t c = byte < begin ? byte : table->upper[byte - begin];
    if (c == replacement) return std::nullopt;
    append_utf8(text, c);
  }
  return text;
}

std::optional<std::string> encoded(std::string_view utf8, std::string_view encoding) {
  const std::string plain = plain_name(encoding);
  if (plain == "utf8") return std::string(utf8);
  if (known_name(plain) == "ascii") return is_ascii(utf8) ? std::optional(std::string(utf8)) : std::nullopt;
  const auto wide = find_wide(plain);
  const auto* table = find_byte_encoding(plain);
  if (!wide && table == nullptr) return std::nullopt;
  std::string text;
  if (wide && wide->marked) append_wide(text, *wide, byte_order_mark);
  while (!utf8.empty()) {
    const auto c = take_character(utf8);
    if (!c) return std::nullopt;
    if (wide) {
      append_wide(text, *wide, *c);
      continue;
    }
    const auto byte = byte_of(*table, *c);
    if (!byte) return std::nullopt;
    text += *byte;
  }
  return text;
}

Encoding classify_encoding(std::string_view encoding) {
  const std::string plain = plain_name(encoding);
  if (plain == "utf8") return Encoding::utf8;
  if (known_name(plain) == "ascii" || find_wide(plain) || find_byte_encoding(plain) != nullptr)
    return Encoding::convertible;
  const bool known = std::find(like_ascii.begin(), like_ascii.end(), plain) != like_ascii.end();
  return known ? Encoding::like_ascii : Encoding::unknown;
}

}  // namespace git
