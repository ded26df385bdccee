#include "kpack/waiting.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kpack {
namespace {

constexpr std::chrono::minutes between_repetitions(1);
constexpr std::chrono::seconds worth_a_line(2);

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "back-off 1m20s restarting" without its times, which change from look to look.
std::string without_durations(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    const bool is_duration = digits > 0 && digits < text.size() && (text[digits] == 's' || text[digits] == 'm');
    if (!is_duration) result += text.substr(0, std::max<std::size_t>(1, digits));
    text.remove_prefix(is_duration ? digits + 1 : std::max<std::size_t>(1, digits));
  }
  return result;
}

}  // namespace

std::optional<std::string> Waiting::say(const std::string& what, base::SteadyTime now) {
  if (last_.empty()) said_ = now;
  if (last_.empty() || without_durations(what) != without_durations(last_)) {
    began_ = now;
    is_said_ = false;
  }
  last_ = what;
  const bool is_due = now - said_ >= between_repetitions;
  if (!is_due && (is_said_ || now - began_ < worth_a_line)) return std::nullopt;
  said_ = now;
  if (!std::exchange(is_said_, true)) return "waiting: " + what;
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  return fmt::format("still waiting, for {}: {}", base::human_duration(waited), what);
}

}  // namespace kpack
