// The process's environment as a value, read once in main: what code may know of it is then seen in its signature.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace base {

class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  Environment() = default;
  explicit Environment(Variables variables) : variables_(std::move(variables)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  // The variable's value, or `fallback` when it is unset or empty.
  [[nodiscard]] std::string get_or(std::string_view name, std::string_view fallback) const;
  [[nodiscard]] const Variables& variables() const { return variables_; }

 private:
  Variables variables_;
};

[[nodiscard]] Environment process_environment();

}  // namespace base
