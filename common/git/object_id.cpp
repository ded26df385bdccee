#include "git/object_id.hpp"

namespace git {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_hexadecimal(std::string_view text) { return text.find_first_not_of(digits) == std::string_view::npos; }

}  // namespace

std::optional<ObjectId> ObjectId::parse(std::string_view text) {
  if (text.size() != 40 || !is_hexadecimal(text)) return std::nullopt;
  // The null id stands for "no object" in git's protocols.
  if (text.find_first_not_of('0') == std::string_view::npos) return std::nullopt;
  return ObjectId(std::string(text));
}

bool looks_like_sha256(std::string_view text) { return text.size() == 64 && is_hexadecimal(text); }

}  // namespace git
