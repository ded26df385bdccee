#include "http/status.hpp"

#include <fmt/format.h>

namespace http {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

base::ErrorKind kind_of(int status) {
  if (status == 401 || status == 403 || status == 407) return base::ErrorKind::denied;
  if (status == 404) return base::ErrorKind::not_found;
  if (status == 408 || status == 429 || status >= 500) return base::ErrorKind::transient;
  return base::ErrorKind::protocol;
}

// For what may be well in a while: everything else needs the caller's remedy.
std::string remedy_of(const Response& response) {
  const auto pause = response.headers.get("Retry-After").value_or("");
  if (response.status != 401 && pause.find_first_not_of('0') != std::string::npos) {
    const bool is_seconds = pause.find_first_not_of("0123456789") == std::string::npos;
    return fmt::format("the server asks to wait {}{}", pause, is_seconds ? " s" : "");
  }
  if (response.status == 429) return "the server's limit is reached: run this again later, or less often";
  if (response.status >= 500) return "the fault is the server's: look at its log, and run this again when it is well";
  return "";
}

}  // namespace

base::Error status_error(std::string action, std::string object, const Response& response, std::string detail,
                         std::string remedy) {
  const auto reason = reason_of(response.status);
  // A success that does not fit what was asked: another server's, or a proxy's.
  std::string cause = response.ok()
                          ? fmt::format("the server answers with HTTP status {}, which does not fit", response.status)
                          : fmt::format("HTTP status {}{}{}", response.status, reason.empty() ? "" : " ", reason);
  if (!detail.empty()) cause += fmt::format(" ({})", detail);
  if (remedy.empty()) remedy = remedy_of(response);
  return base::Error(kind_of(response.status),
                     {std::move(action), std::move(object), std::move(cause), std::move(remedy)})
      .answered(response.status);
}

}  // namespace http
