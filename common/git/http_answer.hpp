// What an HTTP answer that is not git's tells a person: pure.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace git {

// Without parameters, and in lower case: proxies add a charset, and types are of any case (RFC 9110, 8.3.1).
[[nodiscard]] std::string media_type(const http::Response& response);

// What a host says in plain text with a refusal (a repository taken down, a token that is spent): often all that tells
// what to do. On one line, bounded and printable; empty for other types, whose bodies are written for browsers.
[[nodiscard]] std::string host_says(const http::Response& response);

// A page that came in place of an answer: `a login page ("Sign in")`, `a web page ("Welcome")`. `url` is the one
// that answered.
struct Page {
  std::string shown;
  bool asks_to_log_in = false;
};
[[nodiscard]] Page describe_page(std::string_view html, const http::Url& url);

}  // namespace git
