// Where the bearer tokens of requests to a cluster come from: given, read from a file, or fetched by a login elsewhere
// and renewed before they end. Each is an http::TokenSource, which threads share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "clouds/oauth.hpp"
#include "http/authenticating.hpp"

namespace kubernetes {

[[nodiscard]] std::shared_ptr<http::TokenSource> make_given_token(base::Secret token);

// Read again after a minute, and at once when the cluster does not accept it any more: kubelets and secret managers
// change such files. Error{usage} naming the field when it cannot be read.
[[nodiscard]] std::shared_ptr<http::TokenSource> make_file_token(std::string path, std::string named_by,
                                                                 base::Clock& clock);

// Fetched when it is first needed, again in the last tenth of its life, and when the cluster does not accept it. The
// log masks each.
[[nodiscard]] std::shared_ptr<http::TokenSource> make_fetched_token(std::function<clouds::FetchedToken()> fetch,
                                                                    base::Log& log);

}  // namespace kubernetes
