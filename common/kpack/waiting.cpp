#include "kpack/waiting.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace kpack {
namespace {

constexpr std::chrono::minutes between_repetitions(1);

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
  const bool is_new = last_.empty() || without_durations(what) != without_durations(last_);
  last_ = what;
  if (is_new) {
    began_ = now;
    said_ = now;
    return "waiting: " + what;
  }
  if (now - said_ < between_repetitions) return std::nullopt;
  said_ = now;
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  return fmt::format("still waiting, for {}: {}", base::human_duration(waited), what);
}

}  // namespace kpack
