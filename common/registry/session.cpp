#include "registry/session.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "http/authenticating.hpp"
#include "http/status.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::ptrdiff_t most_connections = 8;

// Docker Hub's registry has another name than its images.
std::string host_on_the_wire(const std::string& host) { return host == "docker.io" ? "registry-1.docker.io" : host; }

http::Url url_of(std::string_view scheme, const std::string& host, std::string_view path) {
  auto url = http::Url::parse(fmt::format("{}://{}{}", scheme, host_on_the_wire(host), path));
  if (!url) throw Error(ErrorKind::usage, {"reach", "registry " + host, "its name is not valid", ""});
  return *std::move(url);
}

// ECR Public answers 400, not 401, when a token has ended.
bool asks_for_credentials(const http::Response& response) {
  if (response.status == 401) return true;
  return response.status == 400 && response.body.find("authorization token has expired") != std::string::npos;
}

class Slot {
 public:
  explicit Slot(std::counting_semaphore<>& slots) : slots_(slots) { slots_.acquire(); }
  ~Slot() { slots_.release(); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::counting_semaphore<>& slots_;
};

}  // namespace

std::string pull_scope(const Repository& repository) { return "repository:" + repository.path + ":pull"; }
std::string push_scope(const Repository& repository) { return "repository:" + repository.path + ":pull,push"; }
std::string delete_scope(const Repository& repository) { return "repository:" + repository.path + ":pull,delete"; }

Session::Session(http::Client& http, HostOptions options, base::Log& log)
    : http_(http), options_(std::move(options)), log_(log), slots_(most_connections) {
  if (options_.credentials) log_.redact(options_.credentials->password);
}

http::Origin Session::find_origin() {
  const http::Url secure = url_of("https", options_.host, "/v2/");
  const bool trusts_loopback = is_loopback_host(secure.origin.host) && options_.ca_certificates.empty();
  if (options_.scheme == HostOptions::Scheme::https && !trusts_loopback) return secure.origin;
  // A TLS server answers plain HTTP with 400 or not at all. The question carries no credentials.
  http::Request question;
  question.url = url_of("http", options_.host, "/v2/");
  question.probe = true;
  try {
    const http::Response response = http_.send(question);
    if (response.url.origin.scheme == "https") return secure.origin;
    if (response.status == 401) challenge_ = find_challenge(response.headers);
    if (response.status != 400) return question.url.origin;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::transient) throw;
    log_.debug(fmt::format("registry {} does not speak plain HTTP: {}", options_.host, error.report().cause));
  }
  return secure.origin;
}

const http::Origin& Session::origin() {
  const std::lock_guard lock(mutex_);
  if (!origin_) origin_ = find_origin();
  return *origin_;
}

http::Url Session::url(const std::string& path) { return url_of(origin().scheme, options_.host, "/v2/" + path); }

http::Url Session::follow(const http::Url& from, const std::string& location) {
  auto target = from.resolve(location);
  const http::Origin& own = origin();
  if (!target) {
    throw Error(ErrorKind::protocol, {"follow", fmt::format("an answer of registry {}", options_.host),
                                      "its Location or Link is no http(s) URL", ""});
  }
  // A registry behind a proxy that ends TLS often believes that it is spoken to in plain HTTP.
  if (own.scheme == "https" && target->origin.scheme == "http") {
    if (target->origin.host != own.host) {
      throw Error(ErrorKind::protocol, {"follow", fmt::format("an answer of registry {}", options_.host),
                                        fmt::format("it leads to {}, which is not encrypted", target->shown()), ""});
    }
    target->origin = own;
  }
  target->credentials.reset();
  return *std::move(target);
}

http::Response Session::send_bounded(const http::Request& request) {
  const Slot slot(slots_);
  return http_.send(request);
}

http::Response Session::send(http::Request request, const std::vector<std::string>& scopes) {
  const bool ours = request.url.origin == origin();
  std::string used;
  if (ours) {
    used = authorization(scopes);
    if (!used.empty()) request.headers.set("Authorization", used);
  }
  http::Response response = send_bounded(request);
  // An answer from where a redirect led to is no challenge of this registry.
  if (!ours || !asks_for_credentials(response) || response.url.origin != request.url.origin) return response;
  if (!answer(response, scopes, used)) return response;
  request.headers.set("Authorization", authorization(scopes));
  return send_bounded(request);
}

std::string Session::authorization(const std::vector<std::string>& scopes) {
  const std::lock_guard lock(mutex_);
  if (!challenge_) return "";
  if (challenge_->scheme == Challenge::Scheme::basic) {
    return options_.credentials ? http::basic_authorization(*options_.credentials) : "";
  }
  return fmt::format("Bearer {}", token(scopes).value.reveal());
}

bool Session::answer(const http::Response& response, const std::vector<std::string>& scopes, const std::string& used) {
  const std::lock_guard lock(mutex_);
  auto challenge = find_challenge(response.headers);
  if (challenge) challenge_ = std::move(challenge);
  if (!challenge_) return false;
  if (challenge_->scheme == Challenge::Scheme::basic) return options_.credentials && used.empty();
  // Another thread may have renewed the token meanwhile: then that one is tried.
  const auto known = tokens_.find(scopes);
  if (known != tokens_.end() && fmt::format("Bearer {}", known->second.value.reveal()) == used) tokens_.erase(known);
  return true;
}

// Called with the mutex held: threads that need the same token wait for the one that fetches it.
const Session::CachedToken& Session::token(const std::vector<std::string>& scopes) {
  const auto now = log_.clock().steady_now();
  const auto known = tokens_.find(scopes);
  if (known != tokens_.end() && now < known->second.renew_at) return known->second;
  Token fresh = fetch_token(scopes);
  challenge_->scope.clear();  // it was of the request that was challenged, not of those to come
  log_.redact(fresh.value);
  return tokens_[scopes] = {std::move(fresh.value), now + useful_life(fresh.lifetime)};
}

Token Session::fetch_token(const std::vector<std::string>& needed) {
  const http::Url realm = check_realm(challenge_->realm, *origin_);
  const auto scopes = merge_scopes(challenge_->scope, needed);
  const auto& credentials = options_.credentials;
  http::Response response;
  response.status = 404;
  if (credentials && credentials->username == identity_token_user) {
    response = http_.send(identity_token_request(realm, challenge_->service, scopes, credentials->password));
  }
  // Token servers that know no OAuth2 answer 404 to the POST.
  if (response.status == 404) response = http_.send(token_request(realm, challenge_->service, scopes, credentials));
  if (!response.ok()) throw refusal("log in to", "registry " + options_.host, response);
  return parse_token(response.body, realm.shown());
}

base::Error Session::refusal(const std::string& action, const std::string& object,
                             const http::Response& response) const {
  std::string remedy;
  if (response.status == 401 || response.status == 403) {
    remedy = options_.credentials
                 ? fmt::format("check username and password in {} and what they may do", options_.named_by)
                 : fmt::format("give username and password in {}", options_.named_by);
  }
  return http::status_error(action, object, response, error_detail(response.body), std::move(remedy))
      .answered(response.status, error_code(response.body));
}

}  // namespace registry
