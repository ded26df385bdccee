#include "kubernetes/log_merger.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/clock.hpp"

namespace kubernetes {
namespace {

// Longer ones are shown in pieces of this size, so that they do not fill the memory.
constexpr std::size_t longest_line = 64UL << 10U;
// More lines than this in two seconds are remembered by their time alone.
constexpr std::size_t largest_window = 1UL << 15U;
constexpr std::size_t longest_time = 40;

std::uint64_t hash_of(std::string_view time, std::string_view text) {
  const auto first = std::hash<std::string_view>()(time);
  return (first * 31U) ^ std::hash<std::string_view>()(text);
}

bool read_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  const auto* end = text.data() + digits;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool read_mark(std::string_view& text, char mark) {
  if (!text.starts_with(mark)) return false;
  text.remove_prefix(1);
  return true;
}

std::int32_t read_fraction(std::string_view& text) {
  if (!read_mark(text, '.')) return 0;
  std::int32_t nanoseconds = 0;
  std::int32_t unit = 100'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanoseconds += unit * (text.front() - '0');
    unit /= 10;
    text.remove_prefix(1);
  }
  return nanoseconds;
}

// "Z" or "+02:00", in seconds; nothing when it is neither.
std::optional<std::int64_t> read_offset(std::string_view text) {
  if (text == "Z") return 0;
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!read_number(text, 2, hours) || !read_mark(text, ':') || !read_number(text, 2, minutes) || !text.empty()) {
    return std::nullopt;
  }
  const std::int64_t seconds = hours * 3600LL + minutes * 60LL;
  return west ? -seconds : seconds;
}

}  // namespace

std::optional<LogTime> LogTime::parse(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!read_number(text, 4, year) || !read_mark(text, '-') || !read_number(text, 2, month) || !read_mark(text, '-') ||
      !read_number(text, 2, day) || !read_mark(text, 'T') || !read_number(text, 2, hour) || !read_mark(text, ':') ||
      !read_number(text, 2, minute) || !read_mark(text, ':') || !read_number(text, 2, second)) {
    return std::nullopt;
  }
  const auto nanoseconds = read_fraction(text);
  const auto offset = read_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!offset || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(days).count() + hour * 3600LL + minute * 60LL + second - *offset;
  return LogTime{seconds, nanoseconds};
}

void LogMerger::begin() {
  cut_hash_ = is_begun_ && !is_dropped_ ? line_hash_ : 0;
  cut_shown_ = is_begun_ && !is_dropped_ ? line_shown_ : 0;
  line_.clear();
  is_begun_ = false;
  again_.clear();
  for (const auto& shown : window_) ++again_[shown.hash];
}

void LogMerger::receive(std::string_view bytes, const Show& show) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    // Taken in parts, so that where a line is cut into pieces does not depend on how its bytes arrive.
    const auto room = longest_line + longest_time - std::min(longest_line + longest_time, line_.size());
    const auto count = std::min({newline, bytes.size(), room});
    line_ += bytes.substr(0, count);
    bytes.remove_prefix(count);
    if (count == newline) {
      bytes.remove_prefix(1);
      complete(show);
    } else if (line_.size() >= longest_line + longest_time) {
      begin_line(show);
    }
  }
}

void LogMerger::end(const Show& show) {
  if (!line_.empty() || is_begun_) complete(show);
}

std::optional<std::string> LogMerger::since() const {
  if (!has_shown_) return std::nullopt;
  return base::rfc3339(base::WallTime(std::chrono::seconds(newest_.seconds - 1)));
}

// The first longest_line bytes of a long line tell which one it is; later ones are shown as they come.
void LogMerger::begin_line(const Show& show) {
  const bool first = !is_begun_;
  std::string_view text = line_;
  if (first) {
    const auto blank = std::string_view(line_).substr(0, longest_time).find(' ');
    const auto head = std::string_view(line_).substr(0, blank == std::string_view::npos ? 0 : blank);
    auto time = LogTime::parse(head);
    // The kubelet's own words about a log that it cannot read have no time.
    if (time) text.remove_prefix(head.size() + 1);
    const LogTime at = time.value_or(newest_);
    line_hash_ = hash_of(time ? head : std::string_view(), text.substr(0, longest_line));
    is_begun_ = true;
    line_shown_ = 0;
    const bool is_cut_one = cut_shown_ > 0 && line_hash_ == cut_hash_;
    skip_ = is_cut_one ? cut_shown_ : 0;
    if (is_cut_one) cut_shown_ = 0;
    is_dropped_ = !is_cut_one && was_shown(line_hash_, at);
    if (!is_dropped_ && !is_cut_one) remember(line_hash_, at);
  }
  show_piece(text, show);
  line_.clear();
}

void LogMerger::show_piece(std::string_view piece, const Show& show) {
  line_shown_ += piece.size();
  const auto skipped = std::min<std::uint64_t>(skip_, piece.size());
  skip_ -= skipped;
  piece.remove_prefix(skipped);
  if (!is_dropped_ && (!piece.empty() || skipped == 0)) show(piece);
}

void LogMerger::complete(const Show& show) {
  const bool rest_is_empty = is_begun_ && line_.empty();
  if (!rest_is_empty) begin_line(show);
  line_.clear();
  is_begun_ = false;
  is_dropped_ = false;
}

void LogMerger::remember(std::uint64_t hash, LogTime time) {
  has_shown_ = true;
  newest_ = std::max(newest_, time);
  window_.push_back({hash, time});
  while (!window_.empty() && window_.front().time.seconds < newest_.seconds - 1) window_.pop_front();
  if (window_.size() > largest_window) {
    forgotten_ = std::max(forgotten_.value_or(LogTime()), window_.front().time);
    window_.pop_front();
  }
}

bool LogMerger::was_shown(std::uint64_t hash, LogTime time) {
  if (again_.empty()) return false;
  if (const auto found = again_.find(hash); found != again_.end() && found->second > 0) {
    --found->second;
    return true;
  }
  return forgotten_ && time <= *forgotten_;
}

}  // namespace kubernetes
