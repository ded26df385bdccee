#include "registry/client.hpp"

#include <map>
#include <mutex>

#include "registry/listing.hpp"
#include "registry/pull.hpp"
#include "registry/push.hpp"
#include "registry/session.hpp"

namespace registry {
namespace {

class HttpClient final : public Client {
 public:
  HttpClient(http::Client& http, std::vector<HostOptions> hosts, base::Log& log)
      : http_(http), hosts_(std::move(hosts)), log_(log) {}

  std::optional<Descriptor> resolve(const Reference& reference) override {
    return registry::resolve(session(reference.repository), reference);
  }
  std::optional<RawManifest> find_manifest(const Reference& reference) override {
    return registry::find_manifest(session(reference.repository), reference);
  }
  std::optional<Image> find_image(const Reference& reference, const Platform& platform) override {
    return registry::find_image(session(reference.repository), reference, platform);
  }
  std::vector<std::string> tags(const Repository& repository) override {
    return registry::tags(session(repository), repository);
  }
  std::string blob(const Repository& repository, const Descriptor& descriptor, std::uint64_t limit) override {
    return registry::blob(session(repository), repository, descriptor, limit);
  }
  void stream_blob(const Repository& repository, const Descriptor& descriptor, const ByteSink& sink) override {
    registry::stream_blob(session(repository), repository, descriptor, sink);
  }
  bool has_blob(const Repository& repository, const Digest& digest) override {
    return registry::has_blob(session(repository), repository, digest);
  }
  bool mount_blob(const Repository& repository, const Digest& digest, const Repository& from) override {
    return registry::mount_blob(session(repository), repository, digest, from);
  }
  Upload put_blob(const Repository& repository, const Descriptor& descriptor,
                  std::shared_ptr<http::Body> body) override {
    return registry::put_blob(session(repository), repository, descriptor, body);
  }
  void put_new_blob(const Repository& repository, const Descriptor& descriptor,
                    std::shared_ptr<http::Body> body) override {
    registry::put_new_blob(session(repository), repository, descriptor, body);
  }
  void require_write_access(const Repository& repository) override {
    registry::require_write_access(session(repository), repository);
  }
  void put_manifest(const Reference& reference, const RawManifest& manifest) override {
    registry::put_manifest(session(reference.repository), reference, manifest);
  }
  void delete_manifest(const Repository& repository, const Digest& digest) override {
    registry::delete_manifest(session(repository), repository, digest);
  }
  std::vector<Descriptor> referrers(const Repository& repository, const Digest& subject,
                                    std::string_view artifact_type) override {
    return registry::referrers(session(repository), repository, subject, artifact_type);
  }

 private:
  Session& session(const Repository& repository) {
    const std::lock_guard lock(mutex_);
    auto& session = sessions_[repository.host];
    if (!session) {
      auto options = options_for(repository.host);
      auto& http = options.http ? *options.http : http_;
      session = std::make_unique<Session>(http, std::move(options), log_);
    }
    return *session;
  }

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
  std::map<std::string, std::unique_ptr<Session>> sessions_;
};

}  // namespace

std::unique_ptr<Client> make_client(http::Client& http, std::vector<HostOptions> hosts, base::Log& log) {
  return std::make_unique<HttpClient>(http, std::move(hosts), log);
}

}  // namespace registry
