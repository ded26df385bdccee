// The log a person reads in Concourse: headings for phases, what each did, the output of children, progress of long
// transfers. It goes to stderr; stdout belongs to the protocol. Every text passes the redactor: a secret that was
// made known to the log cannot be printed by it, wherever the text came from.
#pragma once

#include <cstdint>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/environment.hpp"
#include "base/secret.hpp"

namespace base {

enum class Colour { off, on };

// On where the output shows them: a terminal, or Concourse (it sets ATC_EXTERNAL_URL or BUILD_ID and renders ANSI
// though there is no terminal). NO_COLOR (no-color.org) and TERM=dumb turn them off.
[[nodiscard]] Colour colour_for(const Environment& environment, bool is_terminal);

enum class Verbosity { normal, debug };

class Log {
 public:
  Log(std::ostream& stream, Colour colour, Clock& clock, Verbosity verbosity = Verbosity::normal);

  // From here on printed as ((redacted)). Secrets of fewer than four bytes are not masked: that would garble the log.
  void redact(const Secret& secret);

  // "===> BUILDING", as pack and kpack print phases.
  void heading(std::string_view title);
  void info(std::string_view text);
  // Indented below the last info line, dimmed.
  void detail(std::string_view text);
  // "old -> new" of one reason, in the colours of `kp build status`: red and green, or -/+ without colours.
  void difference(std::string_view old_value, std::string_view new_value);
  void success(std::string_view text);
  void warning(std::string_view text);
  void error(std::string_view text);
  // Only where source.debug is set.
  void debug(std::string_view text);
  // A child's output, byte for byte but for secrets; kept back until a whole line is there.
  void output(std::string_view bytes);
  // Ends a child's last line if it had no newline.
  void end_output();

  [[nodiscard]] Clock& clock() const { return clock_; }
  [[nodiscard]] Verbosity verbosity() const { return verbosity_; }
  // Known only when the request has been read (source.debug).
  void set_verbosity(Verbosity verbosity) { verbosity_ = verbosity; }

  // From here on what is printed is also kept, without colours of its own, for whoever reads the log elsewhere: at most
  // `limit` bytes, and a last line that says when there was more.
  void keep_transcript(std::size_t limit);
  [[nodiscard]] std::string transcript();

 private:
  void write(std::string_view style, std::string_view text);
  void flush_output();
  void keep(std::string_view text);
  [[nodiscard]] std::string masked(std::string_view text) const;

  std::ostream& stream_;
  Colour colour_;
  Clock& clock_;
  Verbosity verbosity_;
  std::mutex mutex_;
  std::vector<std::string> secrets_;
  std::string partial_line_;
  std::string transcript_;
  std::size_t transcript_limit_ = 0;
};

// Progress of one transfer or of other long work: a line at most every `interval`, and none at all for what ends
// sooner. Threads may share it.
class Progress {
 public:
  enum class Unit { bytes, pieces };
  // A total of 0 is not known.
  Progress(Log& log, std::string label, std::uint64_t total, Unit unit = Unit::bytes,
           std::chrono::seconds interval = std::chrono::seconds(5));
  void advance(std::uint64_t amount);

 private:
  Log& log_;
  std::string label_;
  std::uint64_t total_;
  Unit unit_;
  std::chrono::seconds interval_;
  std::mutex mutex_;
  SteadyTime last_;
  std::uint64_t done_ = 0;
};

}  // namespace base
