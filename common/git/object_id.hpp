// The name of a git object: 40 lower-case hexadecimal digits (SHA-1). An ObjectId can only be made by parsing, so code
// that holds one need not check it again. Repositories with SHA-256 names (64 digits) are told apart by
// looks_like_sha256(), for a clear answer: they are not supported.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace git {

class ObjectId {
 public:
  [[nodiscard]] static std::optional<ObjectId> parse(std::string_view text);
  [[nodiscard]] const std::string& text() const { return text_; }
  // The seven digits that people know a commit by.
  [[nodiscard]] std::string_view short_text() const { return std::string_view(text_).substr(0, 7); }

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;

 private:
  explicit ObjectId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

[[nodiscard]] bool looks_like_sha256(std::string_view text);

}  // namespace git
