// The client at the bottom: connections, TLS, proxies and the bounds on waiting, by libcurl.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"
#include "http/proxy.hpp"

namespace http {

enum class Verification { on, off };

// PEM, both: who we are to a server that asks (mutual TLS). They stay in memory.
struct ClientCertificate {
  base::Secret certificate;
  base::Secret key;
};

struct ConnectionOptions {
  Verification verification = Verification::on;
  std::vector<std::string> ca_certificates;        // PEM, beside the system's
  std::string certificates_named_by = "ca_certs";  // the field that they come from
  std::optional<ClientCertificate> client_certificate;
  // The name that https servers are asked for and must prove, where it is not the URL's host; empty: that.
  std::string tls_server_name;
  // Instead of the environment's proxies; at most one of the two.
  std::optional<Tunnel> tunnel;
  std::optional<Proxy> proxy;
  std::chrono::seconds connect_timeout{20};
  // A transfer has stalled when nothing moves for this long, or fewer bytes in a second than that on average over a
  // minute. Request::silence is instead of both.
  std::chrono::seconds stall_timeout{60};
  std::uint64_t slowest_bytes_per_second = 1000;
  std::string user_agent = "build-service";
  // What to do about a certificate of an authority that is not known, in the words of the kind's fields.
  std::string certificate_remedy = "add its authority to the worker's certificates";
};

// Proxies come from http_proxy, https_proxy, all_proxy and no_proxy; certificates from SSL_CERT_FILE, SSL_CERT_DIR
// or where Debian, Ubuntu, UBI and Alpine keep them. `log` gets one debug line for each request. Error{usage} for
// options that are not certificates.
[[nodiscard]] std::unique_ptr<Client> make_curl_client(const base::Environment& environment, ConnectionOptions options,
                                                       base::Log& log);

}  // namespace http
