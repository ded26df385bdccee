#include "clouds/xml.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace clouds {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> entities{
    {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};

// '\0' for one that is not known; references to characters beyond ASCII are not written in what is read here.
char resolved(std::string_view entity) {
  for (const auto& [name, character] : entities) {
    if (entity == name) return character;
  }
  if (!entity.starts_with('#')) return '\0';
  const bool is_hex = entity.starts_with("#x");
  entity.remove_prefix(is_hex ? 2 : 1);
  unsigned code = 0;
  const auto parsed = std::from_chars(entity.data(), entity.data() + entity.size(), code, is_hex ? 16 : 10);
  return parsed.ec == std::errc() && parsed.ptr == entity.data() + entity.size() && code < 128 ? static_cast<char>(code)
                                                                                               : '\0';
}

}  // namespace

std::optional<std::string> xml_text(std::string_view document, std::string_view name) {
  const auto opening = "<" + std::string(name) + ">";
  const auto begin = document.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  auto text = document.substr(begin + opening.size());
  const auto end = text.find('<');
  if (end == std::string_view::npos || !text.substr(end).starts_with("</" + std::string(name) + ">")) {
    return std::nullopt;
  }
  text = text.substr(0, end);
  std::string result;
  while (!text.empty()) {
    const auto ampersand = text.find('&');
    result += text.substr(0, ampersand);
    if (ampersand == std::string_view::npos) break;
    const auto semicolon = text.find(';', ampersand);
    if (semicolon == std::string_view::npos) return std::nullopt;
    const char character = resolved(text.substr(ampersand + 1, semicolon - ampersand - 1));
    if (character == '\0') return std::nullopt;
    result += character;
    text.remove_prefix(semicolon + 1);
  }
  return result;
}

}  // namespace clouds
