// A credential. It cannot be printed, compared in short-circuit or written to a stream by accident; the one way to its
// bytes is reveal(), which makes every use easy to find.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace base {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] std::string_view reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  // Equality, for "the same credentials serve this host": never for checking a guess.
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace base
