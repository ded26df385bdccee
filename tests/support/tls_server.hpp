// A server on loopback that speaks TLS, and identities that are made as they are needed.
#pragma once

#include <string>

#include "support/listener.hpp"

namespace test {

// PEM: a certificate that vouches for itself, and its key.
struct Identity {
  std::string certificate;
  std::string key;
};

// For a server of that DNS name, or a client of that common name.
[[nodiscard]] Identity make_identity(const std::string& name);

class TlsServer {
 public:
  // Shows `own`, and takes nobody but `client` where that has a certificate. Every answer is one line: the name that
  // was asked for by TLS, the Host header, the client's common name or "-".
  explicit TlsServer(Identity own, Identity client = {});

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string authority() const;

 private:
  void answer(int connection) const;

  Identity own_;
  Identity client_;
  Listener listener_;
};

}  // namespace test
