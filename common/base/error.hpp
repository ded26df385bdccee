// The two exceptions of the program: Error, and Aborted when the step was told to end. An Error's kind says what a
// caller may do about it, its report what a person should know: "cannot push image r.example/app:latest: 401
// UNAUTHORIZED; check source.password". Text from outside (objects, causes) is made printable and bounded here, once,
// for every message.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace base {

enum class ErrorKind {
  usage,      // the request or its environment is wrong: only its author can mend it
  not_found,  // the named thing does not exist there
  denied,     // credentials are missing, wrong or too weak
  transient,  // the same call may succeed later; bounded retries have been made already
  protocol,   // the other side, or data from it, breaks its specification
  internal,   // a defect of this program or of its machine (disk full, no memory)
};

// A report is printed as one line: "cannot <action> <object>: <cause>; <remedy>". Lowercase, no full stop; object,
// cause and remedy may be empty.
struct Report {
  std::string action;
  std::string object;
  std::string cause;
  std::string remedy;
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, Report report);

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] const Report& report() const { return report_; }
  // What the other side answered, for decisions that depend on it: an HTTP status (0: there was no answer), and the
  // code of its own protocol ("MANIFEST_UNKNOWN", "Conflict"; empty: it gave none).
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] Error answered(int status, std::string code = "") &&;
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  ErrorKind kind_;
  Report report_;
  std::string text_;
  int status_ = 0;
  std::string code_;
};

// The step was told to end (SIGTERM). It is not an Error: code that goes on without what failed must not go on after
// it.
class Aborted final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override {
    return "cannot finish the step: it was told to end (SIGTERM)";
  }
};

// An error from errno of a system call on `object`: ENOSPC, EROFS and EACCES get a remedy of their own.
[[nodiscard]] Error system_error(std::string action, std::string object, int error_number);

// Replaces control characters, bidirectional overrides and invalid UTF-8 by '?', and cuts what is longer than `limit`
// bytes: what comes from outside may neither forge log lines nor drive a terminal.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 512);

}  // namespace base
