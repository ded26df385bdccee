// The one conversation with HTTP servers. make_client() in http/stack.hpp gives the one that everybody uses; it is made
// of parts that can be read and tested alone, each with a header of its name: retrying, redirecting, progress and
// authenticating are decorators around curl_client, which knows connections, TLS and proxies.
//
// send() returns every response that arrived, whatever its status; it throws when none did: Error{transient} for
// connections that fail (Unreachable), stall or break, {usage} for a certificate that cannot be verified or a bad
// proxy, {protocol} for answers beyond their bounds; Aborted on termination, Cancelled where Request::cancellation asks
// for it. Clients may be shared between threads.
#pragma once

#include "base/error.hpp"
#include "http/message.hpp"

namespace http {

class Client {
 public:
  virtual ~Client() = default;
  [[nodiscard]] virtual Response send(const Request& request) = 0;
};

// The host could not be reached: its name has no address, or it refuses the connection. Nothing was sent.
class Unreachable final : public base::Error {
 public:
  // A name without an address is misspelt more often than not; a host that refuses may be restarting.
  enum class Reason { unknown_name, refused };
  explicit Unreachable(base::Report report, Reason reason = Reason::refused)
      : Error(base::ErrorKind::transient, std::move(report)), reason_(reason) {}
  [[nodiscard]] Reason reason() const { return reason_; }

 private:
  Reason reason_;
};

}  // namespace http
