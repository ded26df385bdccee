#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace base {
namespace {

std::string render(const Report& report) {
  std::string text = "cannot " + report.action;
  if (!report.object.empty()) text += " " + report.object;
  if (!report.cause.empty()) text += ": " + report.cause;
  if (!report.remedy.empty()) text += "; " + report.remedy;
  return text;
}

std::string remedy_for(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "free disk space on the worker, or give the step a larger volume";
    case EROFS:
      return "the directory must be writable";
    case EACCES:
    case EPERM:
      return "check the owner and the permissions";
    case EMFILE:
      return "raise the limit of open files";
    default:
      return "";
  }
}

// The length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first >= 0xF5 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
  if (first == 0xED && byte(1) >= 0xA0) return 0;  // surrogate
  if (first == 0xF0 && byte(1) < 0x90) return 0;   // overlong
  if (first == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
  return length;
}

bool drives_a_terminal(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]) < 0x20 || sequence[0] == 0x7F;
  // C1 controls, and the bidirectional controls U+200E/F, U+202A..U+202E, U+2066..U+2069, line separators U+2028/9.
  if (sequence.size() == 2) return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
  if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(sequence[1]);
  const auto third = static_cast<unsigned char>(sequence[2]);
  if (second == 0x80) return third == 0x8E || third == 0x8F || (third >= 0xA8 && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

}  // namespace

Error::Error(ErrorKind kind, Report report) : kind_(kind), report_(std::move(report)) {
  report_.object = printable(report_.object);
  report_.cause = printable(report_.cause, 2048);
  report_.remedy = printable(report_.remedy);
  text_ = render(report_);
}

Error Error::answered(int status, std::string code) && {
  status_ = status;
  code_ = printable(code, 64);
  return std::move(*this);
}

Error system_error(std::string action, std::string object, int error_number) {
  std::array<char, 256> buffer{};
  const char* cause = strerror_r(error_number, buffer.data(), buffer.size());
  const auto kind = error_number == EROFS || error_number == EACCES || error_number == ENOENT || error_number == ENOTDIR
                        ? ErrorKind::usage
                        : ErrorKind::internal;
  return {kind, {std::move(action), std::move(object), cause, remedy_for(error_number)}};
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  result.reserve(std::min(text.size(), limit));
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    if (result.size() + sequence.size() > limit) return result + "...";
    if (length == 0 || drives_a_terminal(sequence)) {
      // A newline inside an error text is only ever layout: a blank keeps the words apart.
      result += sequence == "\n" || sequence == "\t" ? ' ' : '?';
    } else {
      result += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return result;
}

}  // namespace base
