#include "http/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/termination.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t longest_error_body = 64UL * 1024;
// An error page that goes on beyond this is not waited for.
constexpr std::uint64_t longest_error_transfer = 1UL << 20U;
// Of fields alone, and their sizes are curl's to bound (300 kB).
constexpr std::size_t most_headers = 1000;

}  // namespace

void require_ok(CURLcode code) {
  if (code == CURLE_OK) return;
  throw Error(ErrorKind::internal, {"set up", "a connection", curl_easy_strerror(code), ""});
}

void Transfer::prepare() {
  set(handle_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(handle_, CURLOPT_HEADERDATA, this);
  set(handle_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(handle_, CURLOPT_WRITEDATA, this);
  set(handle_, CURLOPT_NOPROGRESS, 0L);
  set(handle_, CURLOPT_XFERINFOFUNCTION, &Transfer::on_progress);
  set(handle_, CURLOPT_XFERINFODATA, this);
  const bool sends =
      request_.method == Method::post || request_.method == Method::put || request_.method == Method::patch;
  if (request_.method == Method::head) set(handle_, CURLOPT_NOBODY, 1L);
  if (request_.method == Method::delete_) set(handle_, CURLOPT_CUSTOMREQUEST, "DELETE");
  if (!sends) return;
  set(handle_, CURLOPT_POST, 1L);
  if (request_.method != Method::post) set(handle_, CURLOPT_CUSTOMREQUEST, name_of(request_.method).data());
  const std::uint64_t size = request_.body ? request_.body->size() : 0;
  set(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  if (size == 0) {
    set(handle_, CURLOPT_POSTFIELDS, "");
    return;
  }
  request_.body->rewind(0);
  set(handle_, CURLOPT_READFUNCTION, &Transfer::on_read);
  set(handle_, CURLOPT_READDATA, this);
  set(handle_, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  set(handle_, CURLOPT_SEEKDATA, this);
}

void Transfer::rewind() {
  if (request_.body) request_.body->rewind(0);
}

bool Transfer::is_cut() const { return error_bytes_ > longest_error_transfer; }

void Transfer::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
  base::throw_if_terminated();
  if (request_.cancellation) request_.cancellation->throw_if_requested();
}

Response Transfer::finish() {
  response_.url = request_.url;
  if (request_.sink && response_.ok() && !sink_started_) request_.sink->begin(response_);
  return std::move(response_);
}

void Transfer::take_header(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    // An interim response (100, 103) came before: only the last one counts.
    response_.headers = {};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      std::from_chars(line.data() + space + 1, line.data() + line.size(), response_.status);
    }
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  if (response_.headers.fields().size() == most_headers) {
    throw Error(ErrorKind::protocol, {"read", request_.url.shown(),
                                      fmt::format("the answer has more than {} header fields", most_headers), ""});
  }
  auto value = line.substr(colon + 1);
  while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  response_.headers.add(std::string(line.substr(0, colon)), std::string(value));
}

void Transfer::take_body(std::string_view bytes) {
  if (!response_.ok()) {
    error_bytes_ += bytes.size();
    const auto room = longest_error_body - std::min(longest_error_body, response_.body.size());
    response_.body += bytes.substr(0, room);
    return;
  }
  if (request_.sink) {
    if (!sink_started_) request_.sink->begin(response_);
    sink_started_ = true;
    request_.sink->write(bytes);
    return;
  }
  if (response_.body.size() + bytes.size() > request_.body_limit) {
    throw Error(ErrorKind::protocol,
                {"read", request_.url.shown(),
                 fmt::format("the answer is larger than {}", base::human_bytes(request_.body_limit)), ""});
  }
  response_.body += bytes;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded(
      [&] {
        transfer.take_header({data, size * count});
        return size * count;
      },
      std::size_t{0});
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded(
      [&] {
        return transfer.timed([&] {
          transfer.take_body({data, size * count});
          return transfer.is_cut() ? static_cast<std::size_t>(CURL_WRITEFUNC_ERROR) : size * count;
        });
      },
      static_cast<std::size_t>(CURL_WRITEFUNC_ERROR));
}

std::size_t Transfer::on_read(char* buffer, std::size_t size, std::size_t count, void* pointer) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded(
      [&] { return transfer.timed([&] { return transfer.request_.body->read(buffer, size * count); }); },
      static_cast<std::size_t>(CURL_READFUNC_ABORT));
}

int Transfer::on_seek(void* pointer, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  return transfer.guarded(
      [&] {
        transfer.request_.body->rewind(static_cast<std::uint64_t>(offset));
        return CURL_SEEKFUNC_OK;
      },
      CURL_SEEKFUNC_FAIL);
}

int Transfer::on_progress(void* pointer, curl_off_t /*down_total*/, curl_off_t down, curl_off_t up_total,
                          curl_off_t up) {
  auto& transfer = *static_cast<Transfer*>(pointer);
  return transfer.guarded([&] { return transfer.must_end(down, up_total, up) ? 1 : 0; }, 1);
}

bool Transfer::must_end(curl_off_t down, curl_off_t up_total, curl_off_t up) {
  if (base::termination_requested()) return true;
  if (request_.cancellation && request_.cancellation->is_requested()) return true;
  const bool waiting = down == 0 && up >= up_total;
  stalled_ = watch_.look(clock_.steady_now(), static_cast<std::uint64_t>(down) + static_cast<std::uint64_t>(up),
                         waiting ? StallWatch::Phase::waiting : StallWatch::Phase::transferring);
  return stalled_ != StallWatch::State::alive;
}

}  // namespace http
