// One log out of the pieces of several connections. A pod's log can be asked for again from a time on, but only from a
// whole second, and several lines may have one time: so what was shown of the last seconds is remembered, and shown no
// second time. Nothing here knows of a network.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kubernetes {

// A moment as the kubelet writes it (RFC 3339 with nanoseconds).
struct LogTime {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  friend auto operator<=>(const LogTime&, const LogTime&) = default;

  [[nodiscard]] static std::optional<LogTime> parse(std::string_view text);
};

class LogMerger {
 public:
  // A line, or a piece of one that is longer than any program can mean; without its time and its newline.
  using Show = std::function<void(std::string_view line)>;

  // A new connection answers, asked for what is since(): what came of a line without its end is void.
  void begin();
  // Bytes of it: "<time> <line>\n", as timestamps=true gives them.
  void receive(std::string_view bytes, const Show& show);
  // The log is over: a last line without newline is a line all the same.
  void end(const Show& show);

  // The value of sinceTime for the next connection; nothing: from the beginning.
  [[nodiscard]] std::optional<std::string> since() const;

 private:
  struct Shown {
    std::uint64_t hash = 0;
    LogTime time;
  };

  void complete(const Show& show);
  void begin_line(const Show& show);
  void show_piece(std::string_view piece, const Show& show);
  void remember(std::uint64_t hash, LogTime time);
  [[nodiscard]] bool was_shown(std::uint64_t hash, LogTime time);

  std::string line_;         // what came of the current line and was not shown yet, its time included at first
  bool is_begun_ = false;    // its time was read, and what came so far shown: it is a long one
  bool is_dropped_ = false;  // it was shown by an earlier connection
  std::uint64_t line_hash_ = 0;
  std::uint64_t line_shown_ = 0;  // bytes of it
  std::uint64_t skip_ = 0;        // bytes of it that an earlier connection showed

  LogTime newest_;
  bool has_shown_ = false;
  std::deque<Shown> window_;                                // what was shown since the second before newest_
  std::optional<LogTime> forgotten_;                        // the newest that had no place in the window
  std::unordered_map<std::uint64_t, std::uint32_t> again_;  // what this connection will give a second time
  // The long line that the last connection ended in.
  std::uint64_t cut_hash_ = 0;
  std::uint64_t cut_shown_ = 0;
};

}  // namespace kubernetes
