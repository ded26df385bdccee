#include <fcntl.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"
#include "registry/client.hpp"
#include "registry/storage.hpp"

namespace registry {
namespace {

// A body that keeps the directory of its file.
class FetchedBody final : public http::Body {
 public:
  FetchedBody(base::TemporaryDirectory directory, const std::filesystem::path& file, std::uint64_t size)
      : directory_(std::move(directory)), file_(http::file_body(file, 0, size)) {}
  [[nodiscard]] std::uint64_t size() const override { return file_->size(); }
  void rewind(std::uint64_t offset) override { file_->rewind(offset); }
  [[nodiscard]] std::size_t read(char* buffer, std::size_t capacity) override { return file_->read(buffer, capacity); }

 private:
  base::TemporaryDirectory directory_;
  std::shared_ptr<http::Body> file_;
};

class RepositoryBlob final : public Blob {
 public:
  RepositoryBlob(Client& client, Repository repository, Descriptor blob)
      : client_(client), repository_(std::move(repository)), blob_(std::move(blob)) {}

  void stream(const ByteSink& sink) override { client_.stream_blob(repository_, blob_, sink); }

  std::shared_ptr<http::Body> body() override {
    base::TemporaryDirectory directory("blob");
    const auto path = directory.path() / "blob";
    const base::FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw base::system_error("create", path.string(), errno);
    stream([&](std::string_view bytes) { base::write_all(file.get(), bytes, path); });
    return std::make_shared<FetchedBody>(std::move(directory), path, blob_.size);
  }

 private:
  Client& client_;
  Repository repository_;
  Descriptor blob_;
};

class RepositoryStorage final : public Storage {
 public:
  RepositoryStorage(Client& client, Repository repository) : client_(client), repository_(std::move(repository)) {}

  [[nodiscard]] std::string name() const override { return repository_.text(); }

  std::optional<RawManifest> find_manifest(const ManifestName& name) override {
    return client_.find_manifest(reference(name));
  }

  std::vector<Descriptor> referrers(const Digest& subject, std::string_view artifact_type) override {
    return client_.referrers(repository_, subject, artifact_type);
  }

  std::unique_ptr<Blob> open_blob(const Descriptor& blob) override {
    return std::make_unique<RepositoryBlob>(client_, repository_, blob);
  }

  bool has_blob(const Descriptor& blob) override { return client_.has_blob(repository_, blob.digest); }

  void put_blob(const Descriptor& blob, Blob& bytes) override {
    static_cast<void>(client_.put_blob(repository_, blob, bytes.body()));
  }

  bool mount_blob(const Descriptor& blob, const Storage& from) override {
    const auto* other = dynamic_cast<const RepositoryStorage*>(&from);
    // Only what the same client reaches as the same host: two clients may mean two servers by one name.
    const bool near = other != nullptr && &other->client_ == &client_ && other->repository_.host == repository_.host;
    return near && client_.mount_blob(repository_, blob.digest, other->repository_);
  }

  void put_manifest(const RawManifest& manifest, const std::optional<std::string>& tag, Role /*role*/) override {
    client_.put_manifest({repository_, tag, tag ? std::nullopt : std::optional(manifest.digest)}, manifest);
  }

 private:
  [[nodiscard]] Reference reference(const ManifestName& name) const {
    if (!name.tag && !name.digest) return {repository_, "latest", std::nullopt};
    return {repository_, name.tag, name.digest};
  }

  Client& client_;
  Repository repository_;
};

}  // namespace

std::unique_ptr<Storage> repository_storage(Client& client, Repository repository) {
  return std::make_unique<RepositoryStorage>(client, std::move(repository));
}

}  // namespace registry
