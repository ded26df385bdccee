#include "support/tls_server.hpp"

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace test {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;

void require(bool succeeded) {
  if (!succeeded) throw std::runtime_error("OpenSSL refuses");
}

std::string text_of(BIO* memory) {
  char* start = nullptr;
  const auto length = BIO_get_mem_data(memory, &start);
  return {start, static_cast<std::size_t>(length)};
}

Memory reading(const std::string& text) { return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Certificate read_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
}

std::string common_name(X509* certificate) {
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), name.size());
  return name.data();
}

Context make_context(const Identity& own, const Identity& client) {
  Context context(SSL_CTX_new(TLS_server_method()));
  const Key key(PEM_read_bio_PrivateKey(reading(own.key).get(), nullptr, nullptr, nullptr));
  require(SSL_CTX_use_certificate(context.get(), read_certificate(own.certificate).get()) == 1);
  require(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  if (client.certificate.empty()) return context;
  require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), read_certificate(client.certificate).get()) == 1);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

std::string host_of(const std::string& request) {
  const auto at = request.find("Host: ");
  return at == std::string::npos ? "-" : request.substr(at + 6, request.find('\r', at) - at - 6);
}

}  // namespace

Identity make_identity(const std::string& name) {
  std::string curve = "P-256";
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.data()));
  const Certificate certificate(X509_new());
  constexpr long day = 24L * 60 * 60;
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), day);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, bytes, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> names(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str()));
  X509_add_ext(certificate.get(), names.get(), -1);
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  const Memory key_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

TlsServer::TlsServer(Identity own, Identity client)
    : own_(std::move(own)),
      client_(std::move(client)),
      listener_([this](const base::FileDescriptor& connection) { answer(connection.get()); }) {}

std::string TlsServer::authority() const { return fmt::format("127.0.0.1:{}", listener_.port()); }
std::string TlsServer::url() const { return fmt::format("https://{}/", authority()); }

void TlsServer::answer(int connection) const {
  const auto context = make_context(own_, client_);
  const Session session(SSL_new(context.get()));
  SSL_set_fd(session.get(), connection);
  if (SSL_accept(session.get()) != 1) return;
  std::string request;
  std::array<char, 4096> buffer{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    const int count = SSL_read(session.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) return;
    request.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const char* asked = SSL_get_servername(session.get(), TLSEXT_NAMETYPE_host_name);
  const Certificate peer(SSL_get1_peer_certificate(session.get()));
  const auto line =
      fmt::format("{} {} {}", asked == nullptr ? "-" : asked, host_of(request), peer ? common_name(peer.get()) : "-");
  const auto text =
      fmt::format("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", line.size(), line);
  SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
  SSL_shutdown(session.get());
}

}  // namespace test
