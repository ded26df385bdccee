#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/redactor.hpp"

namespace base {
namespace {

// A child that never ends its line must not fill the memory.
constexpr std::size_t longest_kept_line = 64UL * 1024;
// Of the log's own lines: many times what any of them needs.
constexpr std::size_t longest_line = 8UL * 1024;
// Between two lines of one progress: several layers that take ten minutes must not bury the rest of the log.
constexpr std::chrono::seconds longest_interval{30};

}  // namespace

struct Log::Shared {
  Shared(std::unique_ptr<LogSink> lines, Clock& time, Verbosity detail)
      : sink(std::move(lines)), clock(time), verbosity(detail) {}

  std::mutex mutex;  // guards the sink, the redactor and what the logs of the family keep
  std::unique_ptr<LogSink> sink;
  Redactor redactor;
  Clock& clock;
  std::atomic<Verbosity> verbosity;
};

Log::Log(std::unique_ptr<LogSink> sink, Clock& clock, Verbosity verbosity)
    : shared_(std::make_shared<Shared>(std::move(sink), clock, verbosity)) {}

Log::Log(std::ostream& stream, Colour colour, Clock& clock, Verbosity verbosity)
    : Log(make_text_sink(stream, colour), clock, verbosity) {}

Log::Log(std::shared_ptr<Shared> shared, std::string part) : shared_(std::move(shared)), part_(std::move(part)) {}

Log::~Log() = default;

Log Log::part(std::string_view name) const {
  const auto shown = printable(name);
  return {shared_, part_.empty() ? shown : fmt::format("{}/{}", part_, shown)};
}

Clock& Log::clock() const { return shared_->clock; }
Verbosity Log::verbosity() const { return shared_->verbosity; }
void Log::set_verbosity(Verbosity verbosity) { shared_->verbosity = verbosity; }

void Log::redact(const Secret& secret) {
  const std::lock_guard lock(shared_->mutex);
  shared_->redactor.add(secret);
}

void Log::write(LogKind kind, std::string_view text) {
  const std::lock_guard lock(shared_->mutex);
  flush_output();
  emit({kind, part_, printable(shared_->redactor.masked(text), longest_line)});
}

void Log::emit(const LogLine& line) {
  shared_->sink->write(line);
  if (transcript_limit_ == 0) return;
  const auto text = plain_text(line);
  if (transcript_.size() + text.size() + 1 <= transcript_limit_) {
    transcript_ += text + "\n";
  } else {
    transcript_ += "(the rest is cut)\n";
    transcript_limit_ = 0;
  }
}

void Log::keep_transcript(std::size_t limit) {
  const std::lock_guard lock(shared_->mutex);
  transcript_limit_ = limit;
}

std::string Log::transcript() {
  const std::lock_guard lock(shared_->mutex);
  flush_output();
  return transcript_;
}

void Log::heading(std::string_view title) { write(LogKind::heading, title); }
void Log::info(std::string_view text) { write(LogKind::info, text); }
void Log::detail(std::string_view text) { write(LogKind::detail, text); }
void Log::success(std::string_view text) { write(LogKind::success, text); }
void Log::warning(std::string_view text) { write(LogKind::warning, text); }
void Log::error(std::string_view text) { write(LogKind::error, text); }

void Log::difference(std::string_view old_value, std::string_view new_value) {
  if (!old_value.empty()) write(LogKind::old_value, old_value);
  if (!new_value.empty()) write(LogKind::new_value, new_value);
}

void Log::debug(std::string_view text) {
  if (verbosity() == Verbosity::debug) write(LogKind::debug, text);
}

void Log::output(std::string_view bytes) {
  const std::lock_guard lock(shared_->mutex);
  partial_line_ += bytes;
  const auto end = partial_line_.rfind('\n');
  if (end != std::string::npos) {
    write_output(std::string_view(partial_line_).substr(0, end));
    partial_line_.erase(0, end + 1);
  }
  if (partial_line_.size() < longest_kept_line) return;
  auto length = shared_->redactor.whole_length(partial_line_);
  if (length == 0) length = partial_line_.size();
  emit({LogKind::output, part_, shared_->redactor.masked(std::string_view(partial_line_).substr(0, length)), false});
  partial_line_.erase(0, length);
}

// Whole lines: a secret of several lines is masked while they are together.
void Log::write_output(std::string_view lines) {
  const auto masked = shared_->redactor.masked(lines);
  for (std::string_view rest = masked;;) {
    const auto end = rest.find('\n');
    emit({LogKind::output, part_, rest.substr(0, end)});
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

void Log::end_output() {
  const std::lock_guard lock(shared_->mutex);
  flush_output();
}

void Log::flush_output() {
  if (partial_line_.empty()) return;
  emit({LogKind::output, part_, shared_->redactor.masked(partial_line_), false});
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
  interval_ = std::min(2 * interval_, std::max(interval_, longest_interval));
  const auto shown = [&](std::uint64_t value) {
    return unit_ == Unit::bytes ? human_bytes(value) : fmt::format("{}", value);
  };
  log_.detail(total_ == 0 ? fmt::format("{}: {}", label_, shown(done_))
                          : fmt::format("{}: {} of {} ({}%)", label_, shown(done_), shown(total_),
                                        std::min<std::uint64_t>(100, done_ * 100 / total_)));
}

}  // namespace base
