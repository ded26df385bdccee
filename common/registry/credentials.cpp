#include "registry/credentials.hpp"

namespace registry {
namespace {

constexpr std::string_view identity_token_user = "<token>";

class StaticCredentials final : public CredentialSource {
 public:
  explicit StaticCredentials(http::Credentials credentials)
      : credential_{
            credentials.username == identity_token_user ? Credential::Kind::identity_token : Credential::Kind::password,
            std::move(credentials.username), std::move(credentials.password)} {}

  std::optional<Credential> credential() override { return credential_; }
  bool renew(const Credential& /*refused*/) override { return false; }
  [[nodiscard]] std::string name() const override { return credential_.username; }
  [[nodiscard]] std::vector<base::Secret> secrets() const override { return {credential_.secret}; }

 private:
  Credential credential_;
};

}  // namespace

std::shared_ptr<CredentialSource> static_credentials(http::Credentials credentials) {
  return std::make_shared<StaticCredentials>(std::move(credentials));
}

}  // namespace registry
