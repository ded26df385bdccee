// The one conversation with HTTP servers. The curl client at the bottom knows connections, TLS and proxies; retry,
// redirects, credentials and progress are decorators around it, so that each can be read and tested alone:
//
//   make_retrying(make_redirecting(make_curl_client(...)))
//
// send() returns every response that arrived, whatever its status; it throws when none did: Error{transient} for
// connections that fail (Unreachable), stall or break, {usage} for a certificate that cannot be verified or a bad
// proxy, {protocol} for answers beyond their bounds, Aborted on termination. Clients may be shared between threads.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "http/message.hpp"

namespace http {

class Client {
 public:
  virtual ~Client() = default;
  [[nodiscard]] virtual Response send(const Request& request) = 0;
};

// Nobody is there: the host has no address, or refuses the connection. Nothing was sent.
class Unreachable final : public base::Error {
 public:
  explicit Unreachable(base::Report report) : Error(base::ErrorKind::transient, std::move(report)) {}
};

enum class Verification { on, off };

// A HTTP proxy that all requests go through, tunnelled by CONNECT (the git resource's https_tunnel).
struct Tunnel {
  std::string host;
  std::uint16_t port = 0;
  std::optional<Credentials> credentials;
};

struct ConnectionOptions {
  Verification verification = Verification::on;
  std::vector<std::string> ca_certificates;  // PEM, beside the system's
  std::optional<Tunnel> tunnel;              // instead of the environment's proxies
  std::chrono::seconds connect_timeout{20};
  // A transfer slower than this many bytes in a second for this long has stalled.
  long slowest_bytes_per_second = 10;
  std::chrono::seconds stall_timeout{60};
  std::string user_agent = "build-service";
  // What to do about a certificate that cannot be verified, in the words of the kind's fields.
  std::string certificate_remedy = "add its authority to the worker's certificates";
};

// Proxies come from http_proxy, https_proxy, all_proxy and no_proxy; certificates from SSL_CERT_FILE, SSL_CERT_DIR
// or where Debian, Ubuntu, UBI and Alpine keep them. `log` gets one debug line for each request.
[[nodiscard]] std::unique_ptr<Client> make_curl_client(const base::Environment& environment, ConnectionOptions options,
                                                       base::Log& log);

// Follows at most ten redirects. Authorization, Cookie and Proxy-Authorization never go to another origin, and an
// https URL is never left for a http one. A body is sent again for 307 and 308 only.
[[nodiscard]] std::unique_ptr<Client> make_redirecting(std::unique_ptr<Client> inner);

struct RetryPolicy {
  int attempts = 5;  // in all
  std::chrono::milliseconds first_delay{500};
  std::chrono::milliseconds longest_delay{20'000};
  // A server that asks for a longer pause by Retry-After is not asked again in this step.
  std::chrono::milliseconds longest_retry_after{120'000};
};

// For a host where nobody is (Unreachable) and nobody was before: a name that was misspelt is told within two to three
// seconds. One that has answered restarts, and gets the usual time.
inline constexpr RetryPolicy unreachable_policy{.attempts = 4, .first_delay = std::chrono::milliseconds(400)};

// What a response or its absence means for the next attempt.
enum class Verdict { final, retry };
[[nodiscard]] Verdict judge(Method method, bool repeatable, int status);

// The pause before attempt `next` (2 is the first repetition): exponential with full jitter on its upper half, and
// never shorter than what Retry-After asks for. Nothing when the policy allows no further attempt.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_delay(const RetryPolicy& policy, int next,
                                                                  std::optional<std::chrono::milliseconds> retry_after,
                                                                  base::Random& random);
// Delta-seconds or an HTTP date (RFC 9110, 10.2.3).
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, base::WallTime now);

// Repeats requests that failed for a passing reason (a broken connection, 408, 429, 500, 502, 503, 504), when they are
// idempotent or said to be repeatable; 429, 503 and Unreachable are repeated for every method, since nothing was done.
[[nodiscard]] std::unique_ptr<Client> make_retrying(std::unique_ptr<Client> inner, RetryPolicy policy,
                                                    base::Random& random, base::Log& log);

// Sends Basic credentials to the one origin they belong to (one of http on port 80 may move to https on port 443), from
// the first request on.
[[nodiscard]] std::unique_ptr<Client> make_basic_authenticating(std::unique_ptr<Client> inner, Origin origin,
                                                                Credentials credentials);

// Sends header fields to the one origin they belong to, which may move likewise.
[[nodiscard]] std::unique_ptr<Client> make_header_adding(std::unique_ptr<Client> inner, Origin origin,
                                                         std::vector<std::pair<std::string, std::string>> headers);

// Shows the progress of labelled requests that take long, in both directions.
[[nodiscard]] std::unique_ptr<Client> make_progress_showing(std::unique_ptr<Client> inner, base::Log& log);

[[nodiscard]] std::string basic_authorization(const Credentials& credentials);

// The usual stack: retries around redirects around progress around curl.
[[nodiscard]] std::unique_ptr<Client> make_client(const base::Environment& environment, ConnectionOptions options,
                                                  base::Random& random, base::Log& log);

// An error for a response whose status says that the request failed; kind by status (401, 403 denied; 404 not_found;
// 429, 5xx transient; else protocol).
[[nodiscard]] base::Error status_error(std::string action, std::string object, const Response& response,
                                       std::string detail = "", std::string remedy = "");

}  // namespace http
