// Token servers of clouds: a form goes out, a token comes back (RFC 6749), and a refusal is told in the server's words.
// A login carries a time, so a worker's clock that is wrong is named where a server refuses.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"

namespace clouds {

// What a login gives.
struct FetchedToken {
  base::Secret token;
  std::chrono::seconds lifetime{0};
};

// What a question to a cloud is about, for its errors: "cannot <action> <object>: ...; <remedy>".
struct Asked {
  std::string action = "get a token for";
  std::string object;
  std::string remedy;
  base::WallTime now;  // by the worker's clock
  // Whether there is another way where no answer comes: then one short try.
  enum class Effort { full, brief } effort = Effort::full;
};

// Sends a form to a token server and reads the token out of its JSON answer. The form is a secret: it goes to this URL
// and to no other. Error{denied} with what the server says for 400, 401 and 403.
[[nodiscard]] FetchedToken request_token(http::Client& http, const http::Url& url, std::string form,
                                         std::string_view token_member, const Asked& asked);
// The same of an answer that is there.
[[nodiscard]] FetchedToken read_token(const http::Response& response, std::string_view token_member,
                                      const Asked& asked);

// "name=value" with the value percent-encoded, after a "&" where something stands before it.
void add_to_form(std::string& form, std::string_view name, std::string_view value);

// Error{denied} for a refused login, `said` being the server's words. Where the server's clock and this one are apart
// by more than clouds allow (5 minutes), the remedy is to set the clock.
[[nodiscard]] base::Error refusal(const http::Response& response, std::string said, const Asked& asked);

}  // namespace clouds
