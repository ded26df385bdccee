// The certificate authorities that the connections of a client trust, parsed once and shared by all of them: a system's
// bundle costs 33 ms of CPU to parse, which is more than a request does.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/trust.hpp"

// OpenSSL's, by pointer alone.
struct x509_store_st;
struct ssl_ctx_st;

namespace http {

// Threads share it.
class TrustStore {
 public:
  // The system's authorities, and those of `certificates` (PEM), which came from `field`. Error{usage} when one of
  // these is not a certificate.
  TrustStore(Trust system, const std::vector<std::string>& certificates, const std::string& field);

  // Makes a connection trust it; the connection keeps the store alive.
  void attach(ssl_ctx_st* context) const;
  // The directory did not know an authority: reads the bundle and the folders (see Trust). False when that brings
  // nothing new.
  [[nodiscard]] bool widen();

 private:
  struct Deleter {
    void operator()(x509_store_st* store) const noexcept;
  };

  Trust system_;
  std::unique_ptr<x509_store_st, Deleter> store_;
  std::mutex mutex_;
  bool is_wide_ = false;
};

}  // namespace http
