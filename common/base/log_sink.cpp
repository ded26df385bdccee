#include "base/log_sink.hpp"

#include <fmt/format.h>

namespace base {
namespace {

constexpr std::string_view reset = "\x1b[0m";
constexpr std::string_view part_colour = "\x1b[36m";

// On Concourse's page only green, yellow, cyan and plain text have a contrast of 4.5:1 (tests/support/ansi.py computes
// it): red has 3.2:1, blue 3.8:1, faint text 1.9:1; and all text is bold there, so bold alone shows nothing.
std::string_view colour_of(LogKind kind) {
  switch (kind) {
    case LogKind::heading:
      return "\x1b[1;36m";
    case LogKind::new_value:
    case LogKind::success:
      return "\x1b[32m";
    case LogKind::old_value:
    case LogKind::warning:
    case LogKind::error:
      return "\x1b[33m";
    case LogKind::debug:
    case LogKind::info:
    case LogKind::detail:
    case LogKind::output:
      break;
  }
  return "";
}

std::string_view mark_of(LogKind kind) {
  switch (kind) {
    case LogKind::heading:
      return "===> ";
    case LogKind::detail:
      return "  ";
    case LogKind::old_value:
      return "  - ";
    case LogKind::new_value:
      return "  + ";
    case LogKind::warning:
      return "warning: ";
    case LogKind::error:
      return "error: ";
    case LogKind::debug:
      return "debug: ";
    case LogKind::info:
    case LogKind::success:
    case LogKind::output:
      break;
  }
  return "";
}

class TextSink final : public LogSink {
 public:
  TextSink(std::ostream& stream, Colour colour) : stream_(stream), colour_(colour) {}

  // One write for a line: the stream is not buffered.
  void write(const LogLine& line) override {
    const auto colour = coloured(colour_of(line.kind));
    const auto end = left_open(line) || !colour.empty() ? coloured(reset) : "";
    const auto part =
        line.part.empty() ? std::string() : fmt::format("{}[{}]{} ", coloured(part_colour), line.part, coloured(reset));
    stream_ << fmt::format("{}{}{}{}\n", part, colour, marked(plain_text(line), line.kind), end) << std::flush;
  }

 private:
  [[nodiscard]] std::string_view coloured(std::string_view sequence) const {
    return colour_ == Colour::on ? sequence : "";
  }

  // The error is to be seen among warnings: its first word is dark on yellow, 5.2:1.
  [[nodiscard]] std::string marked(std::string text, LogKind kind) const {
    if (kind != LogKind::error || colour_ == Colour::off) return text;
    const auto word = mark_of(kind).substr(0, mark_of(kind).find(' '));
    return fmt::format("\x1b[30;43m{}{}{}{}", word, reset, colour_of(kind), text.substr(word.size()));
  }

  // A child's colours end with its last line, and where lines of several children alternate, with each.
  static bool left_open(const LogLine& line) {
    return line.kind == LogKind::output && (!line.ended || !line.part.empty());
  }

  std::ostream& stream_;
  Colour colour_;
};

}  // namespace

std::string plain_text(const LogLine& line) { return fmt::format("{}{}", mark_of(line.kind), line.text); }

Colour colour_for(const Environment& environment, bool is_terminal) {
  if (!environment.get_or("NO_COLOR", "").empty()) return Colour::off;
  if (environment.get("ATC_EXTERNAL_URL") || environment.get("BUILD_ID")) return Colour::on;
  if (environment.get_or("TERM", "") == "dumb") return Colour::off;
  return is_terminal ? Colour::on : Colour::off;
}

std::unique_ptr<LogSink> make_text_sink(std::ostream& stream, Colour colour) {
  return std::make_unique<TextSink>(stream, colour);
}

}  // namespace base
