#include "git/private_key.hpp"

#include <algorithm>
#include <string>

namespace git {

bool is_locked(std::string_view private_key) {
  if (private_key.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos) return true;
  if (private_key.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos) return true;
  constexpr std::string_view header = "-----BEGIN OPENSSH PRIVATE KEY-----";
  const auto begin = private_key.find(header);
  if (begin == std::string_view::npos) return false;
  // "openssh-key-v1", a zero byte and the name of the cipher, in base64 up to the last character that is theirs alone.
  constexpr std::string_view magic = "b3BlbnNzaC1rZXktdjEA";
  constexpr std::string_view no_cipher = "AAAABG5vbm";
  std::string encoded(private_key.substr(begin + header.size(), 200));
  std::erase_if(encoded, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return encoded.starts_with(magic) && !std::string_view(encoded).substr(magic.size()).starts_with(no_cipher);
}

}  // namespace git
