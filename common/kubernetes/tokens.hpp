// Where the bearer tokens of requests to a cluster come from: given, read from a file, or fetched by a login elsewhere
// and renewed before they end. Each is an http::TokenSource, which threads share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "http/authenticating.hpp"
#include "http/client.hpp"

namespace kubernetes {

[[nodiscard]] std::shared_ptr<http::TokenSource> make_given_token(base::Secret token);

// Read again after a minute, and at once when the cluster does not accept it any more: kubelets and secret managers
// change such files. Error{usage} naming the field when it cannot be read.
[[nodiscard]] std::shared_ptr<http::TokenSource> make_file_token(std::string path, std::string named_by,
                                                                 base::Clock& clock);

// What a login gives.
struct FetchedToken {
  base::Secret token;
  std::chrono::seconds lifetime{0};
};

// Fetched when it is first needed, again in the last tenth of its life, and when the cluster does not accept it. The
// log masks each.
[[nodiscard]] std::shared_ptr<http::TokenSource> make_fetched_token(std::function<FetchedToken()> fetch,
                                                                    base::Log& log);

// Sends a form to a token server and reads the token out of its JSON answer. The form is a secret: it goes to this URL
// and to no other. Error{denied} with what the server says for 400, 401 and 403; `object` and `remedy` as in a Report.
[[nodiscard]] FetchedToken request_token(http::Client& http, const http::Url& url, std::string form,
                                         std::string_view token_member, const std::string& object,
                                         const std::string& remedy);

}  // namespace kubernetes
