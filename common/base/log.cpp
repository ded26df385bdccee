#include "base/log.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace base {
namespace {

constexpr std::string_view bold_blue = "\x1b[1;34m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view bold_red = "\x1b[1;31m";
constexpr std::string_view reset = "\x1b[0m";
constexpr std::string_view mask = "((redacted))";
constexpr std::size_t shortest_masked_secret = 4;
// A child that never ends its line must not fill the memory.
constexpr std::size_t longest_kept_line = 64UL * 1024;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

Colour colour_for(const Environment& environment, bool is_terminal) {
  if (!environment.get_or("NO_COLOR", "").empty()) return Colour::off;
  if (environment.get("ATC_EXTERNAL_URL") || environment.get("BUILD_ID")) return Colour::on;
  if (environment.get_or("TERM", "") == "dumb") return Colour::off;
  return is_terminal ? Colour::on : Colour::off;
}

Log::Log(std::ostream& stream, Colour colour, Clock& clock, Verbosity verbosity)
    : stream_(stream), colour_(colour), clock_(clock), verbosity_(verbosity) {}

void Log::redact(const Secret& secret) {
  const std::lock_guard lock(mutex_);
  if (secret.reveal().size() < shortest_masked_secret) return;
  const auto known = [&](const std::string& other) { return other == secret.reveal(); };
  if (std::any_of(secrets_.begin(), secrets_.end(), known)) return;
  secrets_.emplace_back(secret.reveal());
  // The longest first, so that a secret which contains another one vanishes whole.
  std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Log::masked(std::string_view text) const {
  std::string result(text);
  for (const auto& secret : secrets_) replace_all(result, secret, mask);
  return result;
}

void Log::write(std::string_view style, std::string_view text) {
  const std::lock_guard lock(mutex_);
  flush_output();
  const bool coloured = colour_ == Colour::on && !style.empty();
  const auto shown = masked(text);
  stream_ << (coloured ? style : "") << shown << (coloured ? reset : "") << '\n' << std::flush;
  keep(shown + "\n");
}

void Log::keep_transcript(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  transcript_limit_ = limit;
}

std::string Log::transcript() {
  const std::lock_guard lock(mutex_);
  flush_output();
  return transcript_;
}

void Log::keep(std::string_view text) {
  if (transcript_limit_ == 0) return;
  if (transcript_.size() + text.size() <= transcript_limit_) {
    transcript_ += text;
  } else {
    transcript_ += "(the rest is cut)\n";
    transcript_limit_ = 0;
  }
}

void Log::heading(std::string_view title) { write(bold_blue, fmt::format("===> {}", title)); }
void Log::info(std::string_view text) { write("", text); }
void Log::detail(std::string_view text) { write(dim, fmt::format("  {}", text)); }
void Log::success(std::string_view text) { write(green, text); }
void Log::warning(std::string_view text) { write(yellow, fmt::format("warning: {}", text)); }
void Log::error(std::string_view text) { write(bold_red, fmt::format("error: {}", text)); }

void Log::difference(std::string_view old_value, std::string_view new_value) {
  if (!old_value.empty()) write(red, fmt::format("  - {}", printable(old_value)));
  if (!new_value.empty()) write(green, fmt::format("  + {}", printable(new_value)));
}

void Log::debug(std::string_view text) {
  if (verbosity_ == Verbosity::debug) write(dim, fmt::format("debug: {}", text));
}

void Log::output(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  partial_line_ += bytes;
  const auto end = partial_line_.rfind('\n');
  if (end == std::string::npos && partial_line_.size() < longest_kept_line) return;
  const auto length = end == std::string::npos ? partial_line_.size() : end + 1;
  const auto lines = masked(std::string_view(partial_line_).substr(0, length));
  stream_ << lines << std::flush;
  keep(lines);
  partial_line_.erase(0, length);
}

void Log::end_output() {
  const std::lock_guard lock(mutex_);
  flush_output();
}

void Log::flush_output() {
  if (partial_line_.empty()) return;
  const auto line = masked(partial_line_);
  stream_ << line << (colour_ == Colour::on ? reset : "") << '\n' << std::flush;
  keep(line + "\n");
  partial_line_.clear();
}

Progress::Progress(Log& log, std::string label, std::uint64_t total, Unit unit, std::chrono::seconds interval)
    : log_(log),
      label_(std::move(label)),
      total_(total),
      unit_(unit),
      interval_(interval),
      last_(log.clock().steady_now()) {}

void Progress::advance(std::uint64_t amount) {
  const std::lock_guard lock(mutex_);
  done_ += amount;
  const auto now = log_.clock().steady_now();
  if (now - last_ < interval_) return;
  last_ = now;
  const auto shown = [&](std::uint64_t value) {
    return unit_ == Unit::bytes ? human_bytes(value) : fmt::format("{}", value);
  };
  log_.detail(total_ == 0 ? fmt::format("{}: {}", label_, shown(done_))
                          : fmt::format("{}: {} of {} ({}%)", label_, shown(done_), shown(total_),
                                        std::min<std::uint64_t>(100, done_ * 100 / total_)));
}

}  // namespace base
