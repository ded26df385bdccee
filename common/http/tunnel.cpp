#include "http/tunnel.hpp"

#include <array>
#include <cerrno>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/termination.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

struct Deleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};

int stop_when_terminated(void* /*pointer*/, curl_off_t /*a*/, curl_off_t /*b*/, curl_off_t /*c*/, curl_off_t /*d*/) {
  return base::termination_requested() ? 1 : 0;
}

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

}  // namespace

base::FileDescriptor open_tunnel(const Tunnel& proxy, const std::string& host, std::uint16_t port,
                                 std::chrono::seconds limit) {
  const std::unique_ptr<CURL, Deleter> handle(curl_easy_init());
  if (handle == nullptr) throw Error(ErrorKind::internal, {"open", "a connection", "out of memory", ""});
  std::array<char, CURL_ERROR_SIZE> text{};
  const auto set = [&](CURLoption option, auto value) {
    if (curl_easy_setopt(handle.get(), option, value) != CURLE_OK) {
      throw Error(ErrorKind::internal, {"set up", "a connection", "libcurl does not take an option", ""});
    }
  };
  const std::string shown = fmt::format("{}:{}", bracketed(proxy.host), proxy.port);
  set(CURLOPT_ERRORBUFFER, text.data());
  set(CURLOPT_URL, fmt::format("http://{}:{}", bracketed(host), port).c_str());
  set(CURLOPT_PROXY, ("http://" + shown).c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  set(CURLOPT_CONNECT_ONLY, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, stop_when_terminated);
  set(CURLOPT_TIMEOUT, static_cast<long>(limit.count()));
  if (proxy.credentials) {
    set(CURLOPT_PROXYUSERNAME, proxy.credentials->username.c_str());
    set(CURLOPT_PROXYPASSWORD, std::string(proxy.credentials->password.reveal()).c_str());
  }
  const CURLcode code = curl_easy_perform(handle.get());
  base::throw_if_terminated();
  if (code != CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_HTTP_CONNECTCODE, &status);
    throw Error(status == 407 ? ErrorKind::denied : ErrorKind::transient,
                {fmt::format("reach {}:{} through the proxy", host, port), shown,
                 status >= 300 ? fmt::format("its answer is HTTP status {}", status) : std::string(text.data()), ""});
  }
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle.get(), CURLINFO_ACTIVESOCKET, &socket);
  // curl closes its own with the handle, and has made it non-blocking, which a second descriptor shares.
  base::FileDescriptor copy(fcntl(socket, F_DUPFD_CLOEXEC, 3));
  if (!copy) throw base::system_error("open", "a connection", errno);
  fcntl(copy.get(), F_SETFL, fcntl(copy.get(), F_GETFL) & ~O_NONBLOCK);
  return copy;
}

}  // namespace http
