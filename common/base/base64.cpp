#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace base {
namespace {

constexpr std::string_view usual = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view for_urls = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned bits = 6;
constexpr std::uint32_t mask = (1U << bits) - 1;

std::string encoded(std::string_view bytes, std::string_view alphabet) {
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t pool = 0;
  unsigned filled = 0;
  for (const char c : bytes) {
    pool = (pool << 8U) | static_cast<unsigned char>(c);
    filled += 8;
    while (filled >= bits) {
      filled -= bits;
      result += alphabet[(pool >> filled) & mask];
    }
  }
  if (filled > 0) result += alphabet[(pool << (bits - filled)) & mask];
  return result;
}

// The value of a letter; 64 for what is skipped, 65 for what is not base64.
constexpr std::uint8_t skipped = 64;
constexpr std::uint8_t wrong = 65;
constexpr auto values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(wrong);
  for (std::size_t i = 0; i < usual.size(); ++i) {
    table[static_cast<unsigned char>(usual[i])] = static_cast<std::uint8_t>(i);
    table[static_cast<unsigned char>(for_urls[i])] = static_cast<std::uint8_t>(i);
  }
  for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = skipped;
  return table;
}();

}  // namespace

std::string base64(std::string_view bytes) {
  auto result = encoded(bytes, usual);
  while (result.size() % 4 != 0) result += '=';
  return result;
}

std::string base64url(std::string_view bytes) { return encoded(bytes, for_urls); }

std::optional<std::string> decode_base64(std::string_view text) {
  std::string result;
  result.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t pool = 0;
  unsigned filled = 0;
  std::size_t letters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto value = values[static_cast<unsigned char>(c)];
    if (value == skipped) continue;
    if (value == wrong || padding > 0) return std::nullopt;
    ++letters;
    pool = (pool << bits) | value;
    filled += bits;
    if (filled >= 8) {
      filled -= 8;
      result += static_cast<char>((pool >> filled) & 0xffU);
    }
  }
  const bool whole = letters % 4 != 1 && (padding == 0 || (letters + padding) % 4 == 0) && padding <= 2;
  return whole ? std::optional(std::move(result)) : std::nullopt;
}

}  // namespace base
