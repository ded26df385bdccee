#include "http/authenticating.hpp"

#include <openssl/evp.h>

namespace http {
namespace {

// Whether what belongs to `own` may go to `other`: to itself, and to the same host by https instead of http, which is
// where hosts redirect to (RFC 6797).
bool is_served_by(const Origin& own, const Origin& other) {
  constexpr std::uint16_t http_port = 80;
  constexpr std::uint16_t https_port = 443;
  if (own == other) return true;
  return own.host == other.host && own.scheme == "http" && own.port == http_port && other.scheme == "https" &&
         other.port == https_port;
}

class BasicClient final : public Client {
 public:
  BasicClient(std::unique_ptr<Client> inner, Origin origin, Credentials credentials)
      : inner_(std::move(inner)), origin_(std::move(origin)), credentials_(std::move(credentials)) {}

  Response send(const Request& request) override {
    if (!is_served_by(origin_, request.url.origin) || request.headers.get("Authorization")) {
      return inner_->send(request);
    }
    Request authorized = request;
    authorized.headers.set("Authorization", basic_authorization(credentials_));
    return inner_->send(authorized);
  }

 private:
  std::unique_ptr<Client> inner_;
  Origin origin_;
  Credentials credentials_;
};

class BearerClient final : public Client {
 public:
  BearerClient(std::unique_ptr<Client> inner, Origin origin, std::shared_ptr<TokenSource> source)
      : inner_(std::move(inner)), origin_(std::move(origin)), source_(std::move(source)) {}

  Response send(const Request& request) override {
    if (!is_served_by(origin_, request.url.origin) || request.headers.get("Authorization")) {
      return inner_->send(request);
    }
    const auto token = source_->token();
    Response response = send_with(request, token);
    if (response.status != 401 || token.empty()) return response;
    source_->rejected(token);
    const auto other = source_->token();
    if (other.empty() || other == token) return response;
    return send_with(request, other);
  }

 private:
  Response send_with(const Request& request, const base::Secret& token) {
    Request authorized = request;
    if (!token.empty()) authorized.headers.set("Authorization", bearer_authorization(token));
    return inner_->send(authorized);
  }

  std::unique_ptr<Client> inner_;
  Origin origin_;
  std::shared_ptr<TokenSource> source_;
};

class HeaderAddingClient final : public Client {
 public:
  HeaderAddingClient(std::unique_ptr<Client> inner, Origin origin,
                     std::vector<std::pair<std::string, std::string>> headers)
      : inner_(std::move(inner)), origin_(std::move(origin)), headers_(std::move(headers)) {}

  Response send(const Request& request) override {
    if (!is_served_by(origin_, request.url.origin)) return inner_->send(request);
    Request extended = request;
    for (const auto& [name, value] : headers_) extended.headers.add(name, value);
    return inner_->send(extended);
  }

 private:
  std::unique_ptr<Client> inner_;
  Origin origin_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace

std::unique_ptr<Client> make_header_adding(std::unique_ptr<Client> inner, Origin origin,
                                           std::vector<std::pair<std::string, std::string>> headers) {
  return std::make_unique<HeaderAddingClient>(std::move(inner), std::move(origin), std::move(headers));
}

std::string basic_authorization(const Credentials& credentials) {
  std::string plain = credentials.username + ":";
  plain += credentials.password.reveal();
  std::vector<unsigned char> encoded((plain.size() + 2) / 3 * 4 + 1);
  const int length = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(plain.data()),
                                     static_cast<int>(plain.size()));
  return "Basic " + std::string(encoded.begin(), encoded.begin() + length);
}

std::string bearer_authorization(const base::Secret& token) { return "Bearer " + std::string(token.reveal()); }

std::unique_ptr<Client> make_bearer_authenticating(std::unique_ptr<Client> inner, Origin origin,
                                                   std::shared_ptr<TokenSource> source) {
  return std::make_unique<BearerClient>(std::move(inner), std::move(origin), std::move(source));
}

std::unique_ptr<Client> make_basic_authenticating(std::unique_ptr<Client> inner, Origin origin,
                                                  Credentials credentials) {
  return std::make_unique<BasicClient>(std::move(inner), std::move(origin), std::move(credentials));
}

}  // namespace http
