#include "registry/cloud_credentials.hpp"

#include <atomic>
#include <utility>

#include "registry/once.hpp"

namespace registry {
namespace {

// What a registry refuses is fetched anew, and what has just been fetched for that reason is not: it would go on.
constexpr std::chrono::seconds shortest_use{30};

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

class FetchedCredentials final : public CloudCredentials {
 public:
  FetchedCredentials(CloudLogin login, CloudClients clients, base::Environment environment, base::Log& log)
      : login_(std::move(login)), clients_(std::move(clients)), environment_(std::move(environment)), log_(log) {}

  std::optional<Credential> credential() override { return current().credential; }
  std::string registry() override { return current().registry; }

  bool renew(const Credential& refused) override {
    const auto now = log_.clock().steady_now();
    bool may_differ = true;
    fetched_.drop([&](const Fetched& fetched) {
      if (fetched.credential != refused) return false;
      may_differ = !fetched.is_renewed || now - fetched.since >= shortest_use;
      if (may_differ) is_renewing_ = true;
      return may_differ;
    });
    return may_differ;
  }

  [[nodiscard]] std::string name() const override { return describe(login_); }

  [[nodiscard]] std::vector<base::Secret> secrets() const override {
    return std::visit(
        Overloaded{[this](const clouds::EcrLogin& login) -> std::vector<base::Secret> {
                     if (login.keys) return {login.keys->secret, login.keys->session_token};
                     // Those that count where the source has none.
                     return {base::Secret(environment_.get_or("AWS_SECRET_ACCESS_KEY", "")),
                             base::Secret(environment_.get_or("AWS_SESSION_TOKEN", ""))};
                   },
                   [](const clouds::AcrLogin& login) -> std::vector<base::Secret> { return {login.client_secret}; },
                   [](const clouds::GoogleLogin& login) -> std::vector<base::Secret> {
                     return {login.password, login.key.private_key};
                   }},
        login_);
  }

 private:
  struct Fetched {
    Credential credential;
    std::string registry;
    base::SteadyTime since;
    base::SteadyTime renew_at;
    bool is_renewed = false;  // since the one before was refused
  };

  Fetched current() {
    const auto is_good = [&](const Fetched& fetched) { return log_.clock().steady_now() < fetched.renew_at; };
    return fetched_.get(0, is_good, [&] { return fetch(); });
  }

  Fetched fetch() {
    const clouds::Access access{*clients_.api, *clients_.registry, *clients_.metadata, environment_, log_.clock()};
    auto kind = Credential::Kind::password;
    auto login =
        std::visit(Overloaded{[&](const clouds::EcrLogin& ecr) { return clouds::log_in(ecr, access); },
                              [&](const clouds::AcrLogin& acr) {
                                kind = Credential::Kind::identity_token;
                                return clouds::log_in(acr, access);
                              },
                              [&](const clouds::GoogleLogin& google) { return clouds::log_in(google, access, log_); }},
                   login_);
    log_.redact(login.password);
    const auto now = log_.clock().steady_now();
    return {{kind, std::move(login.username), std::move(login.password)},
            std::move(login.registry),
            now,
            now + login.lifetime * 9 / 10,
            is_renewing_.exchange(false)};
  }

  CloudLogin login_;
  CloudClients clients_;
  base::Environment environment_;
  base::Log& log_;
  Once<int, Fetched> fetched_;
  std::atomic<bool> is_renewing_ = false;
};

}  // namespace

std::shared_ptr<CloudCredentials> make_cloud_credentials(CloudLogin login, CloudClients clients,
                                                         base::Environment environment, base::Log& log) {
  return std::make_shared<FetchedCredentials>(std::move(login), std::move(clients), std::move(environment), log);
}

std::string describe(const CloudLogin& login) {
  return std::visit([](const auto& one) { return clouds::describe(one); }, login);
}

std::vector<std::string> contacts(const CloudLogin& login) {
  return std::visit([](const auto& one) { return clouds::contacts(one); }, login);
}

}  // namespace registry
