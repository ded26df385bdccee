// The client that everybody uses: retries around redirects around progress around curl. Whoever needs credentials for
// every request puts an authenticating decorator of its own around curl (see http/authenticating.hpp).
#pragma once

#include <memory>

#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "http/client.hpp"
#include "http/curl_client.hpp"

namespace http {

[[nodiscard]] std::unique_ptr<Client> make_client(const base::Environment& environment, ConnectionOptions options,
                                                  base::Random& random, base::Log& log);

}  // namespace http
