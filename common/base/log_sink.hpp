// Where the lines of a log go: a seam, so that another form of log is one file. The text sink is for people.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "base/environment.hpp"

namespace base {

enum class LogKind {
  heading,
  info,
  detail,
  old_value,
  new_value,
  success,
  warning,
  error,
  debug,
  output,  // of a child: bytes as they came
};

// One line, masked, without its newline. All but `output` is printable.
struct LogLine {
  LogKind kind;
  std::string_view part;  // whose line it is, where work runs side by side; else empty
  std::string_view text;
  bool ended = true;  // false: the child wrote no newline, or the line is longer than what is kept of one
};

// "===> BUILDING", "warning: ...": the line as text, without part and colours.
[[nodiscard]] std::string plain_text(const LogLine& line);

class LogSink {
 public:
  virtual ~LogSink() = default;
  // Called for one line at a time.
  virtual void write(const LogLine& line) = 0;
};

enum class Colour { off, on };

// On where the output shows them: a terminal, or Concourse (it sets ATC_EXTERNAL_URL or BUILD_ID and renders ANSI
// though there is no terminal). NO_COLOR (no-color.org) and TERM=dumb turn them off.
[[nodiscard]] Colour colour_for(const Environment& environment, bool is_terminal);

// Lines as people read them, each flushed at once.
[[nodiscard]] std::unique_ptr<LogSink> make_text_sink(std::ostream& stream, Colour colour);

}  // namespace base
