#include "http/trust_store.hpp"

#include <cstdint>
#include <filesystem>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <system_error>

#include "base/error.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;

template <auto function>
struct Free {
  template <class T>
  void operator()(T* pointer) const noexcept {
    function(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

// All certificates of one text, which may be a whole chain.
void add_pem(X509_STORE* store, const std::string& pem, const std::string& field) {
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::size_t count = 0;
  while (const Certificate certificate{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, certificate.get()) == 1) ++count;
  }
  ERR_clear_error();  // the end of the text is an error, too
  if (count > 0) return;
  throw Error(ErrorKind::usage, {"read", field, "it holds what is not a certificate in PEM form",
                                 "a certificate begins with -----BEGIN CERTIFICATE-----"});
}

}  // namespace

void TrustStore::Deleter::operator()(x509_store_st* store) const noexcept { X509_STORE_free(store); }

TrustStore::TrustStore(Trust system, const std::vector<std::string>& certificates, const std::string& field)
    : system_(std::move(system)), store_(X509_STORE_new()) {
  if (!store_) throw Error(ErrorKind::internal, {"read", "the trusted certificates", "out of memory", ""});
  // As curl has it: an authority may be trusted without the one above it, and what is trusted ends a chain.
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  for (const auto& pem : certificates) add_pem(store_.get(), pem, field);
  if (!system_.directory.empty()) {
    X509_STORE_load_path(store_.get(), system_.directory.c_str());
  } else {
    static_cast<void>(widen());
  }
  ERR_clear_error();
}

void TrustStore::attach(ssl_ctx_st* context) const { SSL_CTX_set1_cert_store(context, store_.get()); }

bool TrustStore::widen() {
  const std::lock_guard lock(mutex_);
  if (is_wide_ || (system_.bundle.empty() && system_.folders.empty())) return false;
  is_wide_ = true;
  // A certificate in it that cannot be read is not a reason to trust no other.
  if (!system_.bundle.empty()) X509_STORE_load_file(store_.get(), system_.bundle.c_str());
  for (const auto& folder : system_.folders) {
    for (const auto& file : certificate_files(folder)) X509_STORE_load_file(store_.get(), file.c_str());
  }
  ERR_clear_error();
  return true;
}

}  // namespace http
