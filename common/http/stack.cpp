#include "http/stack.hpp"

#include "http/progress.hpp"
#include "http/redirecting.hpp"
#include "http/retrying.hpp"

namespace http {

std::unique_ptr<Client> make_client(const base::Environment& environment, ConnectionOptions options,
                                    base::Random& random, base::Log& log) {
  auto client = make_progress_showing(make_curl_client(environment, std::move(options), log), log);
  return make_retrying(make_redirecting(std::move(client)), RetryPolicy{}, random, log);
}

}  // namespace http
