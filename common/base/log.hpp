// The log a person reads in Concourse: headings for phases, what each did, the output of children, progress of long
// transfers. It goes to stderr; stdout belongs to the protocol. Every text passes the redactor: a secret that was made
// known to the log cannot be printed by it, wherever the text came from. The log's own lines are made printable: names
// from outside can neither forge a line nor drive a terminal. Threads may share a log.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/log_sink.hpp"
#include "base/secret.hpp"

namespace base {

enum class Verbosity { normal, debug };

class Log {
 public:
  Log(std::unique_ptr<LogSink> sink, Clock& clock, Verbosity verbosity = Verbosity::normal);
  // With the text sink.
  Log(std::ostream& stream, Colour colour, Clock& clock, Verbosity verbosity = Verbosity::normal);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // A log for one part of work that runs beside other parts: its lines carry `name` (of a part of a part:
  // "name/name"), its transcript and the unfinished lines of its children are its own. Secrets, verbosity and sink are
  // shared with all of the family; lines never mix. It may outlive its parent.
  [[nodiscard]] Log part(std::string_view name) const;

  // From here on printed as ((redacted)), see base/redactor.hpp.
  void redact(const Secret& secret);

  // "===> BUILDING", as pack and kpack print phases.
  void heading(std::string_view title);
  void info(std::string_view text);
  // Indented below the last info line.
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

  [[nodiscard]] Clock& clock() const;
  [[nodiscard]] Verbosity verbosity() const;
  // Known only when the request has been read (source.debug).
  void set_verbosity(Verbosity verbosity);

  // From here on what is printed is also kept, without part and colours of its own, for whoever reads the log
  // elsewhere: at most `limit` bytes, and a last line that says when there was more.
  void keep_transcript(std::size_t limit);
  [[nodiscard]] std::string transcript();

 private:
  struct Shared;
  Log(std::shared_ptr<Shared> shared, std::string part);

  void write(LogKind kind, std::string_view text);
  void write_output(std::string_view bytes);
  void flush_output();
  void emit(const LogLine& line);

  std::shared_ptr<Shared> shared_;
  std::string part_;
  std::string partial_line_;
  std::string transcript_;
  std::size_t transcript_limit_ = 0;
};

// Progress of one transfer or of other long work: a line after `interval`, then after pauses that double up to half a
// minute, and none at all for what ends sooner. Threads may share it.
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
