// One request under way in libcurl: what its callbacks write into. Part of curl_client alone.
#pragma once

#include <curl/curl.h>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "http/message.hpp"
#include "http/stall_watch.hpp"

namespace http {

struct CurlDeleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CurlDeleter>;
using List = std::unique_ptr<curl_slist, CurlDeleter>;

// Error{internal} for an option that curl does not take.
void require_ok(CURLcode code);
template <class T>
void set(CURL* handle, CURLoption option, T value) {
  require_ok(curl_easy_setopt(handle, option, value));
}

class Transfer {
 public:
  Transfer(const Request& request, CURL* handle, StallBounds bounds, base::Clock& clock)
      : request_(request), handle_(handle), clock_(clock), watch_(bounds, clock.steady_now()) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Method, body and callbacks; the caller sets URL, headers and connection.
  void prepare();
  // Before the same request is performed again.
  void rewind();
  // The error page was longer than is waited for: curl's failure is our own doing.
  [[nodiscard]] bool is_cut() const;
  // Throws what ended the transfer, where that was not the connection: an exception of a callback, a request to end.
  void rethrow() const;
  [[nodiscard]] StallWatch::State stalled() const { return stalled_; }

  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] CURL* handle() const { return handle_; }
  // The answer, once curl has ended without failure.
  [[nodiscard]] Response finish();
  [[nodiscard]] int status() const { return response_.status; }

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* pointer);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* pointer);
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* pointer);
  static int on_seek(void* pointer, curl_off_t offset, int origin);
  static int on_progress(void* pointer, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up);

  // Exceptions do not cross C: they are kept, and `failed` ends the transfer.
  template <class F, class R>
  R guarded(F&& action, R failed) noexcept {
    try {
      return action();
    } catch (...) {
      failure_ = std::current_exception();
      return failed;
    }
  }
  // The time of our own side is not the server's.
  template <class F>
  auto timed(F&& action) {
    const auto start = clock_.steady_now();
    auto result = action();
    watch_.leave_out(clock_.steady_now() - start);
    return result;
  }

  void take_header(std::string_view line);
  void take_body(std::string_view bytes);
  [[nodiscard]] bool must_end(curl_off_t down, curl_off_t up_total, curl_off_t up);

  const Request& request_;
  CURL* handle_;
  base::Clock& clock_;
  StallWatch watch_;
  StallWatch::State stalled_ = StallWatch::State::alive;
  Response response_;
  std::exception_ptr failure_;
  bool sink_started_ = false;
  std::uint64_t error_bytes_ = 0;
};

}  // namespace http
