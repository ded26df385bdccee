#include "image/instant.hpp"

#include <charconv>
#include <chrono>

namespace image {
namespace {

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : text_(text) {}

  std::optional<Instant> read() {
    const int year = digits(4);
    expect("-");
    const int month = digits(2);
    expect("-");
    const int day = digits(2);
    expect("Tt ");
    const int hour = digits(2);
    expect(":");
    const int minute = digits(2);
    expect(":");
    const int second = digits(2);
    const auto nanoseconds = fraction();
    const int offset = zone();
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    const bool is_valid = is_good_ && text_.empty() && date.ok() && hour < 24 && minute < 60 && second <= 60;
    if (!is_valid) return std::nullopt;
    const auto days = std::chrono::sys_days(date).time_since_epoch();
    const std::int64_t of_day = hour * 3600 + minute * 60 + second;
    return Instant{std::chrono::duration_cast<std::chrono::seconds>(days).count() + of_day - offset * 60L, nanoseconds};
  }

 private:
  int digits(std::size_t count) {
    int value = 0;
    const auto part = text_.substr(0, count);
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    is_good_ = is_good_ && part.size() == count && parsed.ptr == part.data() + count && value >= 0;
    text_.remove_prefix(part.size());
    return value;
  }

  void expect(std::string_view any_of) {
    is_good_ = is_good_ && !text_.empty() && any_of.find(text_.front()) != std::string_view::npos;
    if (!text_.empty()) text_.remove_prefix(1);
  }

  std::uint32_t fraction() {
    if (!text_.starts_with('.')) return 0;
    text_.remove_prefix(1);
    std::uint32_t value = 0;
    std::uint32_t weight = 100'000'000;
    std::size_t count = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; text_.remove_prefix(1), ++count) {
      value += weight * static_cast<std::uint32_t>(text_.front() - '0');
      weight /= 10;
    }
    is_good_ = is_good_ && count > 0;
    return value;
  }

  // Minutes east of Greenwich.
  int zone() {
    if (text_.starts_with('Z') || text_.starts_with('z')) {
      text_.remove_prefix(1);
      return 0;
    }
    const bool west = text_.starts_with('-');
    expect("+-");
    const int hours = digits(2);
    expect(":");
    const int minutes = hours * 60 + digits(2);
    return west ? -minutes : minutes;
  }

  std::string_view text_;
  bool is_good_ = true;
};

}  // namespace

std::optional<Instant> Instant::parse(std::string_view text) { return TimeReader(text).read(); }

}  // namespace image
