#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/utf8.hpp"

namespace base {
namespace {

std::string render(const Report& report) {
  std::string text = "cannot " + report.action;
  if (!report.object.empty()) text += " " + report.object;
  if (!report.cause.empty()) text += ": " + report.cause;
  // What a server says is a sentence with its full stop, and the remedy goes on.
  if (!report.remedy.empty() && text.ends_with('.') && !text.ends_with("..")) text.pop_back();
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

}  // namespace

Error::Error(ErrorKind kind, Report report) : kind_(kind), report_(std::move(report)) {
  report_.object = printable(report_.object);
  report_.cause = printable(report_.cause, 2048);
  report_.remedy = printable(report_.remedy);
  text_ = render(report_);
}

Error Error::answered(int status, std::string code) && {
  status_ = status;
  code = printable(code, 64);
  code_ = std::move(code);
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
    const std::size_t length = utf8_length(text);
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
