#include "registry/session.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "registry/places.hpp"
#include "registry/refusal.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

// For what is only nice to have.
constexpr std::chrono::seconds brief_limit{5};

// A body of this size travels for a while.
constexpr std::uint64_t small_body = 64ULL * 1024;

http::Url url_of(std::string_view scheme, const std::string& host, std::string_view path) {
  auto url = http::Url::parse(fmt::format("{}://{}{}", scheme, host_on_the_wire(host), path));
  if (!url) throw Error(ErrorKind::usage, {"reach", "registry " + host, "its name is not valid", ""});
  return *std::move(url);
}

// ECR Public answers 400, not 401, when a token has ended, with the code of any refusal: only its words tell.
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

Session::Host::Host(http::Client& client, HostOptions host_options, base::Log& log_of_all)
    : http(client),
      options(std::move(host_options)),
      log(log_of_all),
      authorizer(http, options, log),
      questions(static_cast<std::ptrdiff_t>(options.limits.questions)),
      transfers(static_cast<std::ptrdiff_t>(options.limits.transfers)) {}

Session::Session(http::Client& http, HostOptions options, base::Log& log)
    : host_(std::make_shared<Host>(http, std::move(options), log)) {}

Session Session::brief() const {
  Session result = *this;
  result.effort_ = Effort::brief;
  return result;
}

http::Origin Session::find_origin() {
  const auto& options = host_->options;
  const http::Url secure = url_of("https", options.host, "/v2/");
  const bool trusts_loopback = is_loopback_host(secure.origin.host) && options.ca_certificates.empty();
  if (options.scheme == HostOptions::Scheme::https && !trusts_loopback) return secure.origin;
  return speaks_plain_http() ? url_of("http", options.host, "/v2/").origin : secure.origin;
}

// A TLS server answers plain HTTP with 400 or not at all. The question carries no credentials, and is asked once: only
// where nobody is there at all (a restart) it says nothing of how the server will speak.
bool Session::speaks_plain_http() {
  http::Request question;
  question.url = url_of("http", host_->options.host, "/v2/");
  question.probe = true;
  try {
    const auto response = [&] {
      try {
        return host_->http.send(question);
      } catch (const http::Unreachable&) {
        question.probe = false;
        return host_->http.send(question);
      }
    }();
    if (response.url.origin.scheme == "https") return false;
    if (response.status == 401) host_->authorizer.learn(response);
    return response.status != 400;
  } catch (const http::Unreachable& error) {
    throw http::Unreachable({"reach", "registry " + host_->options.host, error.report().cause, error.report().remedy},
                            error.reason());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::transient) throw;
    host_->log.debug(
        fmt::format("registry {} does not speak plain HTTP: {}", host_->options.host, error.report().cause));
  }
  return false;
}

http::Origin Session::origin() {
  return host_->origin.get(
      host_->options.host, [](const http::Origin& /*known*/) { return true; }, [&] { return find_origin(); });
}

http::Url Session::url(const std::string& path) { return url_of(origin().scheme, host_->options.host, "/v2/" + path); }

http::Url Session::follow(const http::Url& from, const std::string& location) {
  auto target = from.resolve(location);
  const http::Origin own = origin();
  if (!target) {
    throw Error(ErrorKind::protocol, {"follow", fmt::format("an answer of registry {}", host_->options.host),
                                      "its Location or Link is not an http(s) URL", ""});
  }
  // A registry behind a proxy that ends TLS often believes that it is spoken to in plain HTTP.
  if (own.scheme == "https" && target->origin.scheme == "http") {
    if (target->origin.host != own.host) {
      throw Error(ErrorKind::protocol, {"follow", fmt::format("an answer of registry {}", host_->options.host),
                                        fmt::format("it leads to {}, which is not encrypted", target->shown()), ""});
    }
    target->origin = own;
  }
  target->credentials.reset();
  require_public(*target, own);
  return *std::move(target);
}

http::Response Session::send_bounded(const http::Request& request) {
  const bool carries_blob = request.sink || (request.body && request.body->size() > small_body);
  const Slot slot(carries_blob ? host_->transfers : host_->questions);
  return host_->http.send(request);
}

void Session::foresee_writing(const Repository& repository, const std::vector<Repository>& mounted_from) {
  Scopes scopes{push_scope(repository)};
  for (const auto& other : mounted_from) {
    if (other.host == repository.host && !(other == repository)) scopes.push_back(pull_scope(other));
  }
  const std::lock_guard lock(host_->mutex);
  host_->foreseen[resource_of(scopes.front())] = std::move(scopes);
}

std::optional<Scopes> Session::foreseen(const Scopes& scopes) {
  if (scopes.empty()) return std::nullopt;
  const std::lock_guard lock(host_->mutex);
  const auto found = host_->foreseen.find(resource_of(scopes.front()));
  if (found == host_->foreseen.end() || !covers(found->second, scopes)) return std::nullopt;
  return found->second;
}

http::Response Session::send(http::Request request, const Scopes& scopes) {
  if (const auto more = foreseen(scopes)) {
    try {
      return send_for(request, *more);
    } catch (const Error& error) {
      // Some token servers refuse the whole where others give a part.
      if (error.kind() != ErrorKind::denied) throw;
      const std::lock_guard lock(host_->mutex);
      host_->foreseen.erase(resource_of(scopes.front()));
    }
  }
  return send_for(std::move(request), scopes);
}

http::Response Session::send_for(http::Request request, const Scopes& scopes) {
  const http::Origin own = origin();
  const bool ours = request.url.origin == own;
  if (effort_ == Effort::brief) {
    request.probe = true;
    request.limit = brief_limit;
  }
  request.judge_redirect = [&](const http::Url& target) { require_public(target, own); };
  if (!ours) return send_bounded(request);
  const Purpose purpose{own, scopes, request.cancellation.get()};
  const std::string used = host_->authorizer.header(purpose);
  if (!used.empty()) request.headers.set("Authorization", used);
  http::Response response = send_bounded(request);
  // An answer from where a redirect led to is not a challenge of this registry.
  if (!asks_for_credentials(response) || response.url.origin != own) return response;
  const auto other = host_->authorizer.answer(response, purpose, used);
  if (!other) return response;
  request.headers.set("Authorization", *other);
  return send_bounded(request);
}

base::Error Session::refusal(const std::string& action, const std::string& object,
                             const http::Response& response) const {
  return refusal_error(host_->options, action, object, response);
}

}  // namespace registry
