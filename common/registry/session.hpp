// The authenticated conversation with one registry host: it finds out whether a loopback or `insecure` host speaks
// plain HTTP, adds what the authorizer gives, and bounds what is under way at a time. Threads share it, and none waits
// for a request that is not its own.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "http/client.hpp"
#include "registry/authorizer.hpp"
#include "registry/host_options.hpp"
#include "registry/once.hpp"
#include "registry/reference.hpp"

namespace registry {

[[nodiscard]] std::string pull_scope(const Repository& repository);
[[nodiscard]] std::string push_scope(const Repository& repository);
[[nodiscard]] std::string delete_scope(const Repository& repository);

class Session {
 public:
  Session(http::Client& http, HostOptions options, base::Log& log);
  // The same conversation for what is only nice to have: a request is sent once and gets a few seconds.
  [[nodiscard]] Session brief() const;

  // A URL below /v2/ of this host; `path` is "acme/app/manifests/latest".
  [[nodiscard]] http::Url url(const std::string& path);
  // What a Location or Link header of this registry points to. Error{protocol}.
  [[nodiscard]] http::Url follow(const http::Url& from, const std::string& location);

  // Sends with the authorization that the host asks for. A 401 is answered once. No redirect is followed to a private
  // host that is not the registry's own.
  [[nodiscard]] http::Response send(http::Request request, const Scopes& scopes);

  // From here on whatever is sent for the repository asks for all of these rights at once.
  void foresee_writing(const Repository& repository, const std::vector<Repository>& mounted_from);

  // Whether the registry lists referrers itself, as far as is known: one that does not is asked once.
  [[nodiscard]] bool lists_referrers() const { return host_->lists_referrers; }
  void note_no_referrers() { host_->lists_referrers = false; }

  // An error for a refused request, with what the registry says and which field holds the credentials.
  [[nodiscard]] base::Error refusal(const std::string& action, const std::string& object,
                                    const http::Response& response) const;

 private:
  struct Host {
    Host(http::Client& http, HostOptions options, base::Log& log);
    http::Client& http;
    HostOptions options;
    base::Log& log;
    Authorizer authorizer;
    Once<std::string, http::Origin> origin;
    std::atomic<bool> lists_referrers = true;
    std::counting_semaphore<> questions;
    std::counting_semaphore<> transfers;
    std::mutex mutex;                        // guards what follows
    std::map<std::string, Scopes> foreseen;  // by the repository's part of a scope
  };

  [[nodiscard]] http::Origin origin();
  [[nodiscard]] http::Origin find_origin();
  [[nodiscard]] bool speaks_plain_http();
  [[nodiscard]] std::optional<Scopes> foreseen(const Scopes& scopes);
  [[nodiscard]] http::Response send_for(http::Request request, const Scopes& scopes);
  [[nodiscard]] http::Response send_bounded(const http::Request& request);

  std::shared_ptr<Host> host_;
  enum class Effort { full, brief } effort_ = Effort::full;
};

}  // namespace registry
