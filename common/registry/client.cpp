#include "registry/client.hpp"

#include <map>
#include <mutex>

#include "registry/listing.hpp"
#include "registry/pull.hpp"
#include "registry/push.hpp"
#include "registry/session.hpp"

namespace registry {
namespace {

// The conversations with all hosts, begun when they are needed.
class Sessions {
 public:
  Sessions(http::Client& http, std::vector<HostOptions> hosts, base::Log& log)
      : http_(http), hosts_(std::move(hosts)), log_(log) {}

  Session with(const std::string& host) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(host);
    if (found != sessions_.end()) return found->second;
    auto options = options_for(host);
    auto& http = options.http ? *options.http : http_;
    return sessions_.emplace(host, Session(http, std::move(options), log_)).first->second;
  }

 private:
  [[nodiscard]] HostOptions options_for(const std::string& host) const {
    for (const auto& options : hosts_) {
      if (options.host == host) return options;
    }
    HostOptions anonymous;
    anonymous.host = host;
    return anonymous;
  }

  http::Client& http_;
  std::vector<HostOptions> hosts_;
  base::Log& log_;
  std::mutex mutex_;
  std::map<std::string, Session> sessions_;
};

class HttpClient final : public Client {
 public:
  enum class Effort { full, brief };
  HttpClient(std::shared_ptr<Sessions> sessions, Effort effort) : sessions_(std::move(sessions)), effort_(effort) {
    if (effort == Effort::full) brief_ = std::make_unique<HttpClient>(sessions_, Effort::brief);
  }

  Client& brief() override { return brief_ ? *brief_ : *this; }

  std::optional<Descriptor> resolve(const Reference& reference) override {
    auto with = session(reference.repository);
    return registry::resolve(with, reference);
  }
  std::optional<base::WallTime> pushed_at(const Reference& reference) override {
    auto with = session(reference.repository);
    return registry::pushed_at(with, reference);
  }
  std::optional<RawManifest> find_manifest(const Reference& reference) override {
    auto with = session(reference.repository);
    return registry::find_manifest(with, reference);
  }
  std::optional<Image> find_image(const Reference& reference, const Platform& platform) override {
    auto with = session(reference.repository);
    return registry::find_image(with, reference, platform);
  }
  std::vector<std::string> tags(const Repository& repository) override {
    auto with = session(repository);
    return registry::tags(with, repository);
  }
  std::string blob(const Repository& repository, const Descriptor& descriptor, std::uint64_t limit) override {
    auto with = session(repository);
    return registry::blob(with, repository, descriptor, limit);
  }
  void stream_blob(const Repository& repository, const Descriptor& descriptor, const ByteSink& sink) override {
    auto with = session(repository);
    registry::stream_blob(with, repository, descriptor, sink);
  }
  bool has_blob(const Repository& repository, const Digest& digest) override {
    auto with = session(repository);
    return registry::has_blob(with, repository, digest);
  }
  bool mount_blob(const Repository& repository, const Digest& digest, const Repository& from) override {
    auto with = session(repository);
    return registry::mount_blob(with, repository, digest, from);
  }
  Upload put_blob(const Repository& repository, const Descriptor& descriptor,
                  std::shared_ptr<http::Body> body) override {
    auto with = session(repository);
    return registry::put_blob(with, repository, descriptor, body);
  }
  void put_new_blob(const Repository& repository, const Descriptor& descriptor,
                    std::shared_ptr<http::Body> body) override {
    auto with = session(repository);
    registry::put_new_blob(with, repository, descriptor, body);
  }
  void require_write_access(const Repository& repository) override {
    auto with = session(repository);
    registry::require_write_access(with, repository);
  }
  void put_manifest(const Reference& reference, const RawManifest& manifest) override {
    auto with = session(reference.repository);
    registry::put_manifest(with, reference, manifest);
  }
  TagMove move_tag(const Reference& watched, const Digest& seen, const Reference& tag,
                   const RawManifest& manifest) override {
    auto with = session(tag.repository);
    return registry::move_tag(with, watched, seen, tag, manifest);
  }
  void foresee_writing(const Repository& repository, const std::vector<Repository>& mounted_from) override {
    session(repository).foresee_writing(repository, mounted_from);
  }
  void delete_manifest(const Repository& repository, const Digest& digest) override {
    auto with = session(repository);
    registry::delete_manifest(with, repository, digest);
  }
  std::vector<Descriptor> referrers(const Repository& repository, const Digest& subject,
                                    std::string_view artifact_type) override {
    auto with = session(repository);
    return registry::referrers(with, repository, subject, artifact_type);
  }

 private:
  [[nodiscard]] Session session(const Repository& repository) {
    auto session = sessions_->with(repository.host);
    return effort_ == Effort::brief ? session.brief() : session;
  }

  std::shared_ptr<Sessions> sessions_;
  Effort effort_;
  std::unique_ptr<HttpClient> brief_;
};

}  // namespace

Client::TagMove Client::move_tag(const Reference& watched, const Digest& seen, const Reference& tag,
                                 const RawManifest& manifest) {
  const auto standing = resolve(watched);
  if (!standing) return {};
  if (standing->digest != seen) return {watched == tag && standing->digest == manifest.digest, standing->digest};
  put_manifest(tag, manifest);
  return {true, standing->digest};
}

std::unique_ptr<Client> make_client(http::Client& http, std::vector<HostOptions> hosts, base::Log& log) {
  return std::make_unique<HttpClient>(std::make_shared<Sessions>(http, std::move(hosts), log),
                                      HttpClient::Effort::full);
}

}  // namespace registry
