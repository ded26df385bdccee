#include "http/stack.hpp"

#include <utility>

#include "http/redirecting.hpp"
#include "http/retrying.hpp"

namespace http {

std::unique_ptr<Client> make_client(std::unique_ptr<Client> sender, base::Random& random, base::Log& log) {
  return make_retrying(make_redirecting(std::move(sender)), RetryPolicy{}, random, log);
}

}  // namespace http
